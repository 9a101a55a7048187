"""Blur that keeps to a mask."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Rgb

_LEAST_WEIGHT = 1e-6


def blur_within(rgb: Rgb, mask: Mask, sigma_px: float) -> Rgb:
    """Blur by a Gaussian that sees only the pixels of `mask`.

    rgb:      (H, W, 3) uint8 or uint16
    mask:     (H, W) bool, the pixels to average over
    sigma_px: of the Gaussian

    Returns (H, W, 3) of the same dtype: at each pixel the mean of the masked pixels around it, so no colour crosses
    the mask's edge. Beyond the mask that mean goes on outwards; where not one masked pixel is near, `rgb` itself
    (to the resolution of the blur).
    Source: H. Knutsson, C.-F. Westin, "Normalized and Differential Convolution", 1993, section 2.
    """
    height, width = rgb.shape[:2]
    # A wide Gaussian removes what a smaller picture cannot hold, so it may as well be computed on that.
    shrink = max(1, int(sigma_px // 4))
    below, right = -height % shrink, -width % shrink
    weight = np.ascontiguousarray(mask).view(np.uint8)
    hidden = cv2.copyTo(rgb, weight, np.zeros_like(rgb))
    sums, weights, plain = (
        _shrunk(cv2.copyMakeBorder(plane, 0, below, 0, right, edge), shrink)
        for plane, edge in ((hidden, cv2.BORDER_CONSTANT), (weight, cv2.BORDER_CONSTANT), (rgb, cv2.BORDER_REPLICATE))
    )
    sums, weights = (
        cv2.GaussianBlur(plane, (0, 0), max(sigma_px / shrink, 1e-3), borderType=cv2.BORDER_CONSTANT)
        for plane in (sums, weights)
    )
    near = (weights > _LEAST_WEIGHT).view(np.uint8)
    means = cv2.copyTo(cv2.divide(sums, cv2.merge([weights] * 3)), near, plain)
    wide = cv2.resize(means, (width + right, height + below), interpolation=cv2.INTER_LINEAR)[:height, :width]
    return np.asarray(cv2.add(wide, 0, dtype=cv2.CV_8U if rgb.dtype == np.uint8 else cv2.CV_16U))


def _shrunk(plane: NDArray[Any], shrink: int) -> NDArray[np.float32]:
    return np.asarray(
        cv2.resize(plane.astype(np.float32), None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    )
