"""Where the pixels of a box lie in another frame, and fetching them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit_plugins.builtin.filler.scale import Matrix

Points = tuple[NDArray[np.float32], NDArray[np.float32]]
"""x and y, each (h, w) float32, in pixels of the frame looked at."""
_HIDDEN_OVER = 3
"""Of 255: a sample with more of the hole in it than this is not used."""


def grid(box: Region) -> Points:
    """Return the coordinates of the pixels of `box`."""
    x, y = np.meshgrid(np.arange(box.x0, box.x1, dtype=np.float32), np.arange(box.y0, box.y1, dtype=np.float32))
    return x, y


def project(homography: Matrix, points: Points) -> Points:
    """Return where a homography takes `points`; far outside any frame for what lies behind the camera."""
    x, y = points
    h = homography.astype(np.float32)
    depth = h[2, 0] * x + h[2, 1] * y + h[2, 2]
    depth = np.where(depth > 1e-6, depth, np.float32(1e-6))
    far = np.float32(1e5)
    return (
        np.clip((h[0, 0] * x + h[0, 1] * y + h[0, 2]) / depth, -far, far),
        np.clip((h[1, 0] * x + h[1, 1] * y + h[1, 2]) / depth, -far, far),
    )


def fetch(image: NDArray[Any], points: Points, interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Sample `image` (H, W[, C]) at `points`; the border pixel outside."""
    return np.asarray(cv2.remap(image, *points, interpolation, borderMode=cv2.BORDER_REPLICATE))


def within(points: Points, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return (h, w) bool: whether the points lie inside a frame of `size` (height, width)."""
    x, y = points
    return np.asarray((x >= 0) & (y >= 0) & (x <= size[1] - 1) & (y <= size[0] - 1))


def visible(hole: NDArray[np.bool_], points: Points) -> NDArray[np.bool_]:
    """Return (h, w) bool: inside the frame, and no part of the hole in the sample."""
    x, y = points
    hidden = cv2.remap(hole.view(np.uint8) * np.uint8(255), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(within(points, hole.shape) & (np.asarray(hidden) < _HIDDEN_OVER))
