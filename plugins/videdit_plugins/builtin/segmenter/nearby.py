"""Colours of the object and of the ground as they are nearby, not all over the picture."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter.evidence import Field, Picture
from videdit_plugins.builtin.threads import between_two

_CELL_PX = 14.0
_CELL_LAB = 9.0
_SIGMAS = (1.0, 1.0, 0.8, 0.8, 0.8)
_REACH_SIGMAS = 2.5
_AT_LEAST = 0.02
_LIMIT = 3.0


def nearby_colours(seen: Picture, mask: Mask, region: Region) -> Field:
    """Compare, for each pixel of `region`, its colour inside `mask` nearby with its colour outside of it nearby.

    Both sides are counted in a bilateral grid (Chen, Paris and Durand 2007) of place and colour, and blurred in it.

    Returns (H, W) float32 in -3..3, 0 outside `region` and where a colour is not seen nearby at all.
    """
    around = region.grown(int(2 * _CELL_PX), seen.size)
    ys, xs = np.mgrid[around.slices]
    place = np.stack([ys.astype(np.float32), xs.astype(np.float32)], axis=2) / _CELL_PX
    cells = np.concatenate([place, seen.lab[around.slices] / _CELL_LAB], axis=2).reshape(-1, 5)
    cells -= np.floor(cells.min(axis=0)) - 1
    shape = tuple(int(most) + 3 for most in cells.max(axis=0))
    numbers = np.ravel_multi_index(tuple(np.rint(cells).astype(np.int64).T), shape)
    parts = (mask[around.slices], ~mask[around.slices])
    inside, outside = between_two([partial(_counted, part, numbers, cells, shape) for part in parts])
    ratio = np.clip(np.log((inside + _AT_LEAST) / (outside + _AT_LEAST)), -_LIMIT, _LIMIT)
    found = np.zeros(seen.size, np.float32)
    found[around.slices] = ratio.reshape(around.height, around.width)
    kept = np.zeros(seen.size, np.float32)
    kept[region.slices] = found[region.slices]
    return kept


def _counted(
    part: Mask, numbers: NDArray[np.int64], cells: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    counts = np.bincount(numbers, part.ravel().astype(np.float64), int(np.prod(shape))).reshape(shape)
    blurred = gaussian_filter(counts, _SIGMAS, truncate=_REACH_SIGMAS)
    return cast(NDArray[np.float64], map_coordinates(blurred, cells.T, order=1))
