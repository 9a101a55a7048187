"""Suppress flicker: smooth a fill along the motion, with the frame before and the one after."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
_ALIKE = 10 / 255
_WINDOW_PX = 5


def steadied(picture: Plane, hole: NDArray[np.bool_], neighbours: Sequence[tuple[Plane, Plane]]) -> Plane:
    """Return the picture with its hole averaged over neighbouring frames, where these agree.

    picture:    (h, w, 3) float32 in [0, 1], the fill in its surroundings
    hole:       (h, w) bool
    neighbours: of each the picture, (h, w, 3), and the flow to it, (h, w, 2) float32 pixels, x first

    One pass; a neighbour counts exp(-(d / 10)^2), d its mean difference around the pixel in 1/255. So an error of the
    flow blurs nothing, and what truly changes stays.
    """
    height, width = hole.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    total, weights = picture.copy(), np.ones((height, width, 1), np.float32)
    for other, flow in neighbours:
        there_x, there_y = x + flow[..., 0], y + flow[..., 1]
        moved = np.asarray(cv2.remap(other, there_x, there_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
        apart = np.abs(moved - picture).mean(axis=2)
        weight = np.exp(-((cv2.blur(apart, (_WINDOW_PX, _WINDOW_PX)) / _ALIKE) ** 2))
        inside = (there_x >= 0) & (there_x <= width - 1) & (there_y >= 0) & (there_y <= height - 1)
        weight = (weight * inside)[..., None].astype(np.float32)
        total += weight * moved
        weights += weight
    return np.where(hole[..., None], np.clip(total / weights, 0, 1), picture).astype(np.float32)
