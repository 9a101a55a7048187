"""Numbered PNG files: writing them, finding them, reading them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videdit.errors import ProjectError
from videdit.masks.importing import Expected

_NUMBER = re.compile(r"(\d+)$", re.ASCII)
# Above this one the time doubles.
_PALETTE_LEVEL = 3


def file_name(index: int) -> str:
    """Return the name of a frame's file, as DAVIS names them."""
    return f"{index:05d}.png"


def write_png(path: Path, pixels: NDArray[Any], palette: bytes | None = None) -> None:
    """Write a picture.

    pixels:  (H, W) uint8 or uint16; uint8 with `palette` are indices into it
    palette: 768 bytes, RGB of 256 colours
    """
    if palette is not None:
        picture = Image.fromarray(np.ascontiguousarray(pixels))
        picture.putpalette(palette)
        picture.save(path, format="PNG", compress_level=_PALETTE_LEVEL)
        return
    # A third of Pillow's time for grey; run lengths without a filter suit large even areas best.
    encoded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE])[1]
    path.write_bytes(encoded.tobytes())


def numbered_pngs(folder: Path, expected: Expected) -> list[tuple[int, Path]]:
    """Return the PNG files of a folder with their frame numbers, the last digits of their names, ascending.

    Raises ProjectError if there are none, one has no number, two have the same, or the film has no such frame.
    """
    if not folder.is_dir():
        raise ProjectError("there is no such folder", where=str(folder))
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        # Names that begin with a dot are other systems' notes ("._00000.png"), not pictures.
        if path.suffix.lower() != ".png" or path.name.startswith("."):
            continue
        match = _NUMBER.search(path.stem)
        if match is None:
            raise ProjectError("there is no frame number at the end of its name", where=str(path))
        index = int(match[1])
        if index in found:
            raise ProjectError(f"frame {index} is in two files, {found[index].name} and {path.name}", where=str(folder))
        expected.check_frame(index, str(path))
        found[index] = path
    if not found:
        raise ProjectError("there are no PNG files in the folder", where=str(folder))
    return sorted(found.items())


def read_png(path: Path, index: int, expected: Expected) -> NDArray[Any]:
    """Read a picture as numbers: (H, W) uint8 or uint16, palette indices or grey values; (H, W, 3) if it is RGB.

    Raises ProjectError naming file and frame if it is no PNG, damaged, of another size or another kind.
    """
    where = f"{path}, frame {index}"
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            mode = picture.mode
            # Compared before the pixels are unpacked, so that a wrong file costs nothing.
            expected.check_size((picture.height, picture.width), where)
            pixels = np.asarray(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ProjectError("this is no PNG file, or it is damaged", where=where) from error
    if mode == "1":
        return pixels.astype(np.uint8)
    if mode in ("P", "L", "RGB"):
        return pixels
    if mode.startswith("I"):
        return pixels.astype(np.uint16)
    raise ProjectError(f"the picture is of kind {mode}, which holds no mask", where=where)


def size_of(path: Path, index: int) -> tuple[int, int]:
    """Return height and width of a picture. Raises ProjectError naming file and frame if it is no PNG."""
    pixels = read_png(path, index, Expected())
    return pixels.shape[0], pixels.shape[1]
