"""Outlines of masks over frames, and sheets of them, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask

GREEN, BLUE, RED, YELLOW = (0, 255, 0), (0, 0, 255), (255, 0, 0), (255, 255, 0)
MOST_TILES = 9
Picture = NDArray[np.uint8]


def outlined(rgb: Picture, masks: Sequence[tuple[Mask, tuple[int, int, int]]]) -> Picture:
    """Return a copy of a frame (H, W, 3) with the outlines of masks (H, W) bool in their colours."""
    tile = rgb.copy()
    for mask, colour in masks:
        lines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, lines, -1, colour, 1)
    return tile


def tiled(tiles: Sequence[Picture], columns: int = 3) -> Picture:
    """Return at most nine of the pictures, spread over all, as one."""
    some = list(tiles[:: max(1, len(tiles) // MOST_TILES)][:MOST_TILES])
    some += [np.zeros_like(some[0])] * (-len(some) % columns)
    return np.vstack([np.hstack(some[start : start + columns]) for start in range(0, len(some), columns)])
