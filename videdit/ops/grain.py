"""How much film grain a picture has."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask

_FLAT_SHARE = 0.3
_LEAST_PX = 64
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


def grain_of(rgb: NDArray[np.float32], where: Mask) -> float:
    """Estimate the standard deviation of the grain on the flattest part of `where`, in the units of `rgb`.

    rgb:   (h, w, 3) float32, of any range
    where: (h, w) bool; with fewer than 64 pixels there is nothing to go by, and the answer is 0

    Source: J. Immerkaer, "Fast Noise Variance Estimation", 1996, with the median in place of the mean.
    """
    if np.count_nonzero(where) < _LEAST_PX:
        return 0.0
    grey = np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3)))
    response = np.abs(cv2.filter2D(grey, -1, _KERNEL))
    smooth = cv2.GaussianBlur(grey, (0, 0), 2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    flat = where & (slope <= np.quantile(slope[where], _FLAT_SHARE))
    return float(1.4826 * np.median(response[flat]))
