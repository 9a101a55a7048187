"""Coarse cells that move with an object.

Cells that stay on the object show nearly the same means in every frame. A grid fixed to the frame samples a moving
object at ever new places, from which finer detail can be put together, and it shimmers: on six clips the cells changed
1.0 to 2.1 times as much between frames, seen from the object.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.frames import Mask, Rgb

_LEAST_CELL_PX = 4
_NOISE_PERIOD_CELLS = 64


def cell_side_px(wanted_px: float) -> int:
    """Return a side of at least that length out of a ladder of factor sqrt(2).

    An object's size trembles from frame to frame; its cells, which would all shift with it, do not.
    """
    steps = max(0, int(np.ceil(2 * np.log2(max(wanted_px, 1) / _LEAST_CELL_PX) - 1e-9)))
    return round(_LEAST_CELL_PX * 2 ** (steps / 2))


def pixelate(
    rgb: Rgb, hidden: Mask, region: videdit.Region, side_px: int, origin_px: tuple[int, int]
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Return the mean colour of each cell that meets a region.

    rgb:       (h, w, 3) uint8 or uint16, the pixels of `region`
    hidden:    (h, w) bool, the pixels to take means of; no other colour comes in
    region:    where they lie in the frame
    origin_px: x and y in the frame where cells meet

    Returns the (rows, columns, 3) float32 means, and the row and column of the first of them, counted from the
    origin. A cell with few hidden pixels leans on its neighbours, or it would show a detail finer than itself.
    """
    column0, row0 = ((at - zero) // side_px for at, zero in zip((region.x0, region.y0), origin_px, strict=True))
    left = region.x0 - (origin_px[0] + column0 * side_px)
    above = region.y0 - (origin_px[1] + row0 * side_px)
    right = -(left + region.width) % side_px
    below = -(above + region.height) % side_px

    def cell_means(plane: NDArray[Any], edge: int) -> NDArray[np.float32]:
        padded = cv2.copyMakeBorder(plane, above, below, left, right, edge)
        size = (padded.shape[1] // side_px, padded.shape[0] // side_px)
        return np.asarray(cv2.resize(padded.astype(np.float32), size, interpolation=cv2.INTER_AREA))

    weight = np.ascontiguousarray(hidden).view(np.uint8)
    sums = cell_means(cv2.copyTo(rgb, weight, np.zeros_like(rgb)), cv2.BORDER_CONSTANT)
    share = cell_means(weight, cv2.BORDER_CONSTANT)[..., None]
    around_sums, around_share = (
        cv2.blur(plane, (3, 3), borderType=cv2.BORDER_CONSTANT).reshape(plane.shape) for plane in (sums, share)
    )
    around = around_sums / np.maximum(around_share, 1e-9)
    means = (sums + 0.25 * around) / (share + 0.25)
    if (around_share == 0).any():
        # A soft edge may reach cells that are wholly outside what is hidden: nothing there needs hiding.
        plain = cell_means(np.ascontiguousarray(rgb), cv2.BORDER_REPLICATE)
        means = np.where(around_share > 0, means, plain)
    return means.astype(np.float32), (row0, column0)


def with_noise(
    means: NDArray[np.float32], first_cell: tuple[int, int], object_id: int, amplitude: float
) -> NDArray[np.float32]:
    """Add noise of up to `amplitude` to the cells.

    The noise belongs to the object's cell and not to the frame: it stays while the film runs, so it does not sparkle,
    and no mean over time removes it.
    """
    rows, columns = (
        np.arange(first, first + count) % _NOISE_PERIOD_CELLS
        for first, count in zip(first_cell, means.shape[:2], strict=True)
    )
    return np.asarray(means + amplitude * _noise(object_id)[np.ix_(rows, columns)], np.float32)


@lru_cache(maxsize=64)
def _noise(object_id: int) -> NDArray[np.float32]:
    # Mostly grey: noise in colour looks like confetti.
    random = np.random.default_rng([20, object_id])
    grey = random.uniform(-1, 1, (_NOISE_PERIOD_CELLS, _NOISE_PERIOD_CELLS, 1))
    colour = random.uniform(-1, 1, (_NOISE_PERIOD_CELLS, _NOISE_PERIOD_CELLS, 3))
    return (0.75 * grey + 0.25 * colour).astype(np.float32)


def enlarged(
    cells: NDArray[np.float32], region: videdit.Region, side_px: int, origin_px: tuple[int, int], dtype: Any
) -> Rgb:
    """Paint cells over a region: (h, w, 3) of that dtype, each cell one flat colour."""
    column0, row0 = ((at - zero) // side_px for at, zero in zip((region.x0, region.y0), origin_px, strict=True))
    left = region.x0 - (origin_px[0] + column0 * side_px)
    above = region.y0 - (origin_px[1] + row0 * side_px)
    flat = np.clip(np.rint(cells), 0, np.iinfo(dtype).max).astype(dtype)
    painted = cv2.resize(flat, None, fx=side_px, fy=side_px, interpolation=cv2.INTER_NEAREST)
    return np.asarray(painted[above : above + region.height, left : left + region.width])
