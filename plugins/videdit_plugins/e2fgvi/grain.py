"""Film grain: a network paints smooth, so the grain of the surroundings is put on what it painted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.ops import grain_of

Plane = NDArray[np.float32]
_LEAST = 0.5 / 255
_MOST = 8 / 255
# Measured on noise of the given kind: what the estimate finds of it, against its standard deviation.
_FINE_ON_COARSE = 0.5
_COARSE_ON_COARSE = 0.35
"""Noise at half the size, made large: much of it is lost between the pixels."""
_COARSE_ON_FINE = 0.18
"""Against what is found of the same noise on the coarse picture."""


def missing_grain(rgb: Plane, hole: NDArray[np.bool_], seed: int) -> Plane:
    """Return grain for a fill that has less than its surroundings, at two sizes; (h, w) float32, 0 outside the hole.

    rgb:  (h, w, 3) float32 in [0, 1], the fill in its surroundings
    hole: (h, w) bool, the fill
    seed: the frame's number; the same frame always gets the same grain
    """
    height, width = hole.shape
    half = max(1, width // 2), max(1, height // 2)
    small = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA))
    covered = np.asarray(cv2.resize(hole.astype(np.float32), half, interpolation=cv2.INTER_AREA))
    fine = _lacking(grain_of(rgb, ~hole), grain_of(rgb, hole))
    coarse = _lacking(grain_of(small, covered == 0), grain_of(small, covered == 1))
    # Fine grain shows on the small picture too, so only what it does not explain is coarse; and the other way.
    coarse = float(np.sqrt(max(0.0, coarse**2 - (_FINE_ON_COARSE * fine) ** 2)))
    fine = float(np.sqrt(max(0.0, fine**2 - (_COARSE_ON_FINE * coarse) ** 2)))
    draw = np.random.default_rng(seed)
    grain = np.zeros(hole.shape, np.float32)
    if fine >= _LEAST:
        grain += draw.normal(0, fine, hole.shape).astype(np.float32)
    if coarse >= _LEAST:
        large = draw.normal(0, coarse / _COARSE_ON_COARSE, half[::-1]).astype(np.float32)
        grain += np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_LINEAR))
    return np.where(hole, grain, np.float32(0))


def _lacking(wanted: float, present: float) -> float:
    return min(_MOST, float(np.sqrt(max(0.0, wanted**2 - present**2))))
