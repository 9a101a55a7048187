"""Where the pixels of a box lie in another frame, and fetching them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit_plugins.builtin.filler.scale import Matrix

Points = tuple[NDArray[np.float32], NDArray[np.float32]]
"""x and y, each (h, w) float32, in pixels of the frame looked at."""
_ROW = 512
HIDDEN_OVER = 3
"""Of 255: a sample with more of the hole in it than this is not used."""


@lru_cache(maxsize=8)
def grid(box: Region) -> Points:
    """Return the coordinates of the pixels of `box`: not to be written to, the next who asks gets the same."""
    x, y = np.meshgrid(np.arange(box.x0, box.x1, dtype=np.float32), np.arange(box.y0, box.y1, dtype=np.float32))
    return x, y


def folded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N,) values as rows, which whole-array functions take; the rest of the last row repeats the last value."""
    rows = -(-len(values) // _ROW)
    result = np.empty((rows, _ROW), np.float32)
    result.reshape(-1)[: len(values)] = values
    result.reshape(-1)[len(values) :] = values[-1:]
    return result


def project(homography: Matrix, points: Points) -> Points:
    """Return where a homography takes `points`; far outside any frame for what lies behind the camera."""
    x, y = (np.ascontiguousarray(axis) for axis in points)
    to_x, to_y = np.empty_like(x), np.empty_like(y)
    _project(homography.astype(np.float32), x.ravel(), y.ravel(), to_x.reshape(-1), to_y.reshape(-1))
    return to_x, to_y


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _project(h, x, y, to_x, to_y):  # type: ignore[no-untyped-def]
    least, far = np.float32(1e-6), np.float32(1e5)
    for i in range(x.size):
        depth = max(h[2, 0] * x[i] + h[2, 1] * y[i] + h[2, 2], least)
        to_x[i] = min(max((h[0, 0] * x[i] + h[0, 1] * y[i] + h[0, 2]) / depth, -far), far)
        to_y[i] = min(max((h[1, 0] * x[i] + h[1, 1] * y[i] + h[1, 2]) / depth, -far), far)


def fetch(image: NDArray[Any], points: Points, interpolation: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Sample `image` (H, W[, C]) at `points`; the border pixel outside."""
    return np.asarray(cv2.remap(image, *points, interpolation, borderMode=cv2.BORDER_REPLICATE))


def within(points: Points, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return (h, w) bool: whether the points lie inside a frame of `size` (height, width)."""
    x, y = (np.ascontiguousarray(axis) for axis in points)
    inside = np.empty(x.shape, np.bool_)
    _within(x.ravel(), y.ravel(), np.float32(size[1] - 1), np.float32(size[0] - 1), inside.reshape(-1))
    return inside


@numba.njit(cache=True, nogil=True)
def _within(x, y, right, below, inside):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        inside[i] = (x[i] >= 0) & (y[i] >= 0) & (x[i] <= right) & (y[i] <= below)


def visible(hole: NDArray[np.bool_], points: Points) -> NDArray[np.bool_]:
    """Return (h, w) bool: inside the frame, and no part of the hole in the sample."""
    return within(points, hole.shape) & free(fetch(hole.view(np.uint8) * np.uint8(255), points))


def free(hidden: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where a sample of a mask, 255 in the hole, holds none of it."""
    return np.asarray(hidden < HIDDEN_OVER)


def grey_of(rgb: NDArray[Any]) -> NDArray[np.float32]:
    """Return the mean of the channels of (h, w, 3), float32."""
    result = np.empty(rgb.shape[:2], np.float32)
    _mean_of_channels(rgb, result)
    return result


@numba.njit(cache=True, nogil=True)
def _mean_of_channels(rgb, result):  # type: ignore[no-untyped-def]
    for y in range(result.shape[0]):
        for x in range(result.shape[1]):
            total = np.float32(rgb[y, x, 0]) + np.float32(rgb[y, x, 1]) + np.float32(rgb[y, x, 2])
            result[y, x] = total * np.float32(1 / 3)
