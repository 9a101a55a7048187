"""Blur that keeps to a mask."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.frames import Mask, Rgb

_LEAST_WEIGHT = 1e-6


def blur_within(rgb: Rgb, mask: Mask, sigma_px: float) -> Rgb:
    """Blur by a Gaussian that sees only the pixels of `mask`.

    rgb:      (H, W, 3) uint8 or uint16
    mask:     (H, W) bool, the pixels to average over
    sigma_px: of the Gaussian

    Returns (H, W, 3) of the same dtype: at each pixel the mean of the masked pixels around it, so no colour crosses
    the mask's edge. Beyond the mask that mean goes on outwards; where not one masked pixel is near, `rgb` itself.
    Source: H. Knutsson, C.-F. Westin, "Normalized and Differential Convolution", 1993, section 2.
    """
    height, width = rgb.shape[:2]
    # A wide Gaussian removes what a smaller picture cannot hold, so it may as well be computed on that.
    shrink = max(1, int(sigma_px // 4))
    weighted = np.zeros((-(-height // shrink) * shrink, -(-width // shrink) * shrink, 4), np.float32)
    np.multiply(rgb, mask[..., None], out=weighted[:height, :width, :3])
    weighted[:height, :width, 3] = mask
    small = cv2.resize(weighted, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma_px / shrink, 1e-3), borderType=cv2.BORDER_CONSTANT)
    sums = cv2.resize(small, (weighted.shape[1], weighted.shape[0]), interpolation=cv2.INTER_LINEAR)[:height, :width]
    weight = sums[..., 3:]
    mean = sums[..., :3] / np.maximum(weight, _LEAST_WEIGHT)
    blurred = np.clip(np.rint(mean), 0, np.iinfo(rgb.dtype).max).astype(rgb.dtype)
    return np.where(weight > _LEAST_WEIGHT, blurred, rgb)
