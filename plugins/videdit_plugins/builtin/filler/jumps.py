"""How far below the object its shadow lies: one in the air leaves it on the ground."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.filler.beside import CELLS
from videdit_plugins.builtin.filler.diffusion import Plane

_DOWN = range(-6, CELLS + 1, 2)
_MOST_CHANGE = 2
"""From one frame to the next, in steps of `_DOWN`."""
_GAIN, _LEAST = 0.25, 0.05


def lowering(shape: Plane, seen: Mapping[int, Plane], index: int) -> int:
    """Return by how many cells the shadow of frame `index` lies lower than usual.

    Nothing jumps from one frame to the next: the heights of the frames around are a path, and the best one that leads
    through each height decides. So a shadow that is half hidden is found between those before and after.

    shape: float32 cells, where the stretch has the shadow and how surely, 0 elsewhere
    seen:  what frames around `index`, which is among them, show in the same cells for a shadow and against it
    """
    rows, columns = (slice(*np.flatnonzero((shape != 0).any(axis=axis))[[0, -1]] + [0, 1]) for axis in (1, 0))
    part = shape[rows, columns]
    room = -_DOWN[0], max(0, rows.stop + _DOWN[-1] - len(shape))
    fits = {}
    for one, cells in seen.items():
        below = np.pad(cells[:, columns], (room, (0, 0)))[rows.start : rows.stop + _DOWN[-1] - _DOWN[0]]
        steps = np.lib.stride_tricks.sliding_window_view(below, len(part), axis=0)[:: _DOWN.step]
        fits[one] = np.einsum("dcr,rc->d", steps, part).astype(np.float64)
    before = sorted(one for one in fits if one < index)
    after = sorted((one for one in fits if one > index), reverse=True)
    total = fits[index] + _best_paths(before, fits, index) + _best_paths(after, fits, index)
    best, usual = int(total.argmax()), _DOWN.index(0)
    least = _GAIN * max(fits[index][usual], 0) + _LEAST * float(shape.sum())
    return _DOWN[best] if total[best] > max(total[usual], 0) + least else 0


def _best_paths(frames: list[int], fits: Mapping[int, NDArray[np.float64]], index: int) -> NDArray[np.float64]:
    """Return for each height at `index` how well the best path through `frames`, the farthest first, fits."""
    total = np.zeros(len(_DOWN))
    for one, following in pairwise([*frames, index]):
        reach = _MOST_CHANGE * abs(following - one)
        own = np.pad(total + fits[one], reach, constant_values=-np.inf)
        total = np.lib.stride_tricks.sliding_window_view(own, 2 * reach + 1).max(axis=1)
    return total
