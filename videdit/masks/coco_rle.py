"""Run lengths as pycocotools writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools import mask as coco

from videdit.errors import ProjectError
from videdit.masks.packed import PackedMask


def to_segmentation(packed: PackedMask) -> dict[str, Any]:
    """Return a mask as a COCO `segmentation`: size and compressed counts."""
    height, width = packed.size
    # COCO counts down the columns, so this order saves pycocotools a copy.
    pixels = np.zeros((height, width), dtype=np.uint8, order="F")
    if not packed.empty:
        pixels[packed.region.slices] = packed.crop()
    counts = coco.encode(pixels)["counts"]
    return {"size": [height, width], "counts": counts.decode("ascii")}


def from_segmentation(segmentation: Any, size: tuple[int, int], where: str) -> PackedMask:
    """Return the mask of a COCO `segmentation`: compressed counts, plain counts, or polygons.

    Raises ProjectError if it is of another size, or its counts do not fill the picture.
    """
    height, width = size
    if isinstance(segmentation, list):
        if not segmentation:
            return PackedMask.absent(size)
        rle = coco.merge(coco.frPyObjects(segmentation, height, width))
        return _painted(_counts(rle["counts"]), size)
    found = [int(one) for one in segmentation["size"]]
    if found != [height, width]:
        raise ProjectError(f"the mask is {found[1]}x{found[0]}, but it should be {width}x{height}", where=where)
    told = segmentation["counts"]
    counts = [int(one) for one in told] if isinstance(told, list) else _counts(told.encode("ascii"))
    if sum(counts) != height * width or min(counts) < 0:
        raise ProjectError("the run lengths of a mask do not fill the picture", where=where)
    return _painted(counts, size)


def _painted(counts: list[int], size: tuple[int, int]) -> PackedMask:
    # Not by pycocotools.decode: it leaves memory that it never wrote where counts end early, and warns under NumPy 2.
    values = np.arange(len(counts)) % 2 == 1
    columns = np.repeat(values, counts).reshape(size[1], size[0])
    return PackedMask.pack(columns.T)


def _counts(text: bytes) -> list[int]:
    """Return the run lengths in COCO's compressed form: 5 bits a character, from the fourth on as differences.

    Source: `rleFrString` in COCO's maskApi.c.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        piece = character - 48
        if not 0 <= piece < 64:
            raise ValueError(f"the character {chr(character)!r} is not in run lengths")
        value |= (piece & 0x1F) << shift
        shift += 5
        if piece & 0x20:
            continue
        if piece & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("run lengths end in the middle of a number")
    return counts
