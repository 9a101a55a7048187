"""Pictures of the frames that went worst, and contact sheets of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.evaluation.contours import boundary
from videdit.frames import Mask
from videdit.masks import object_colour

Picture = NDArray[np.uint8]
TILE_WIDTH_PX = 480
_CAPTION_PX = 22
_WHITE = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def marked(rgb: Picture, result: NDArray[np.integer], truth: NDArray[np.integer] | None) -> Picture:
    """Draw a result and the truth over a frame: the result in colour, the rest dark, the truth as white outlines.

    rgb:           (H, W, 3) uint8
    result, truth: (H, W) object ids, 0 for none
    """
    canvas = rgb // 3
    for object_id in np.unique(result[result > 0]):
        mask: Mask = np.asarray(result == object_id)
        tint = np.asarray(object_colour(int(object_id)), np.uint16)
        canvas[mask] = (3 * rgb[mask].astype(np.uint16) + tint) // 4
        canvas[boundary(mask)] = tint
    for object_id in np.unique(truth[truth > 0]) if truth is not None else ():
        line: Mask = boundary(np.asarray(truth == object_id))
        canvas[cv2.dilate(line.view(np.uint8), np.ones((2, 2), np.uint8)) > 0] = _WHITE
    return canvas


def beside(*pictures: Picture) -> Picture:
    """Lay pictures of one height side by side."""
    return np.concatenate(pictures, axis=1)


def captioned(picture: Picture, caption: str, width_px: int = TILE_WIDTH_PX) -> Picture:
    """Return the picture scaled to a width, with a line of text above it."""
    height = max(1, round(picture.shape[0] * width_px / picture.shape[1]))
    small = np.asarray(cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA))
    head = np.full((_CAPTION_PX, width_px, 3), 24, np.uint8)
    text = caption.encode("ascii", "replace").decode()
    cv2.putText(head, text, (6, 15), _FONT, 0.42, _WHITE, 1, cv2.LINE_AA)
    return np.concatenate([head, small.astype(np.uint8)], axis=0)


def contact_sheet(
    tiles: Sequence[tuple[Path, str]], *, columns: int = 3, width_px: int = TILE_WIDTH_PX
) -> Picture | None:
    """Lay picture files out in rows, each with its caption; None if there are none or none can be read.

    width_px: of each picture

    Returns (h, w, 3) uint8 RGB.
    """
    made: list[Picture] = []
    for path, caption in tiles:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is not None:
            made.append(captioned(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)), caption, width_px))
    if not made:
        return None
    rows = [made[start : start + columns] for start in range(0, len(made), columns)]
    return np.concatenate([_row(row, width_px * min(columns, len(made))) for row in rows], axis=0)


def _row(tiles: Sequence[Picture], width_px: int) -> Picture:
    row = np.zeros((max(tile.shape[0] for tile in tiles), width_px, 3), np.uint8)
    left = 0
    for tile in tiles:
        row[: tile.shape[0], left : left + tile.shape[1]] = tile
        left += tile.shape[1]
    return row


def worst_apart(values: Sequence[float | None], count: int) -> list[int]:
    """Return where the lowest of `values` are, lowest first; no two closer than a tenth of the sequence.

    Neighbouring frames look alike: one of each bad stretch tells more.
    """
    order = sorted((value, index) for index, value in enumerate(values) if value is not None)
    apart = max(1, len(values) // 10)
    kept: list[int] = []
    for _, index in order:
        if len(kept) == count:
            break
        if all(abs(index - other) >= apart for other in kept):
            kept.append(index)
    return kept
