"""Film grain: averaging frames takes it out of a fill, so it is put back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane

_LEAST_CODES = 0.6
_MOST_CODES = 8.0
_FLAT_SHARE = 0.3
_SOURCE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


def grain_of(rgb: Plane, where: Mask) -> float:
    """Estimate the standard deviation of the grain, in codes, on the flattest part of `where`.

    rgb:   (h, w, 3) float32 in codes
    where: (h, w) bool

    Source: J. Immerkaer, "Fast Noise Variance Estimation", 1996, with the median in place of the mean.
    """
    if np.count_nonzero(where) < 64:
        return 0.0
    grey = np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3)))
    response = np.abs(cv2.filter2D(grey, -1, _SOURCE_KERNEL))
    smooth = cv2.GaussianBlur(grey, (0, 0), 2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    flat = where & (slope <= np.quantile(slope[where], _FLAT_SHARE))
    return float(1.4826 * np.median(response[flat]))


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
