"""Objects laid over pictures, and taken out of their own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def lay(ground: NDArray[np.uint8], thing: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return `thing` over `ground`, both (h, w, 3) uint8, as far as `alpha` (h, w) in [0, 1] says."""
    share = alpha[..., None]
    mixed = ground + share * (thing.astype(np.float32) - ground)
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def without(rgb: NDArray[np.uint8], mask: NDArray[np.bool_], smaller: int = 4) -> NDArray[np.uint8]:
    """Return `rgb` (h, w, 3) uint8 with the pixels of `mask` filled from around them, smoothly.

    smaller: the fill is made in a picture this many times smaller
    """
    height, width = mask.shape
    small = (max(8, width // smaller), max(8, height // smaller))
    hole = cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8))
    coarse_hole = (cv2.resize(hole.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    coarse = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(coarse, coarse_hole, 3, cv2.INPAINT_TELEA)
    fill = np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    soft = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 1.5)
    return lay(rgb, fill, np.maximum(soft, hole).astype(np.float32))
