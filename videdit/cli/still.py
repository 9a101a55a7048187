"""A still with a ruler along its edges and the masks over it, to point by."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.masks import PackedMask
from videdit.masks.overlay import draw_overlay
from videdit.project import Preview

_STEPS_PX = (10, 20, 25, 50, 100, 200, 250, 500, 1000)
_TICKS = 16


def draw(still: Preview) -> NDArray[np.uint8]:
    """Return (H + ruler, W + ruler, 3) uint8 RGB: the picture with its masks, coordinates along left and top."""
    masks = {number: PackedMask.pack(mask) for number, mask in enumerate(still.masks.values(), start=1)}
    return with_ruler(draw_overlay(still.rgb, masks, dict(enumerate(still.masks, start=1))))


def with_ruler(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with a ruler along its left and upper edge, in the picture's own pixels."""
    height, width = rgb.shape[:2]
    size = max(0.35, min(height, width) / 1200)
    margin = round(60 * size) + 14
    framed: NDArray[np.uint8] = np.full((height + margin, width + margin, 3), 24, np.uint8)
    framed[margin:, margin:] = rgb
    step = next((one for one in _STEPS_PX if max(width, height) / one <= _TICKS), _STEPS_PX[-1])
    light = (220, 220, 220)
    for x in range(0, width, step):
        cv2.line(framed, (x + margin, margin - 8), (x + margin, margin - 1), light, 1)
        cv2.putText(
            framed, str(x), (x + margin + 2, margin - 10), cv2.FONT_HERSHEY_SIMPLEX, size, light, 1, cv2.LINE_AA
        )
    for y in range(0, height, step):
        cv2.line(framed, (margin - 8, y + margin), (margin - 1, y + margin), light, 1)
        cv2.putText(framed, str(y), (2, y + margin + 4), cv2.FONT_HERSHEY_SIMPLEX, size, light, 1, cv2.LINE_AA)
    return framed
