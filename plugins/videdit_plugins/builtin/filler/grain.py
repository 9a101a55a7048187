"""Film grain: averaging frames takes it out of a fill, so it is put back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit.ops import grain_of
from videdit_plugins.builtin.filler.diffusion import Plane

_LEAST_CODES = 0.6
_MOST_CODES = 8.0


def missing_grain(rgb: Plane, hole: Mask, seed: int) -> NDArray[np.float32]:
    """Return grain for a fill that has less than its surroundings, (h, w) float32 in codes; 0 where it has enough.

    rgb:  (h, w, 3) float32 in codes, the fill in its surroundings
    hole: (h, w) bool, the fill
    seed: the frame's number; the same frame always gets the same grain
    """
    wanted, present = grain_of(rgb, ~hole), grain_of(rgb, hole)
    sigma = min(_MOST_CODES, float(np.sqrt(max(0.0, wanted**2 - present**2))))
    if sigma < _LEAST_CODES:
        return np.zeros(hole.shape, np.float32)
    return np.random.default_rng(seed).normal(0, sigma, hole.shape).astype(np.float32)
