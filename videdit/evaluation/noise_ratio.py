"""Peak signal-to-noise ratio, over a frame or a part of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Mask


def psnr(result: NDArray[np.uint8] | NDArray[np.float64], truth: NDArray[np.uint8], where: Mask | None = None) -> float:
    """Return the ratio in dB over the three channels; infinite for equal pixels, NaN where there are none.

    result, truth: (H, W, 3) uint8 RGB, or float64 in 0..255
    where:         (H, W) bool, the pixels that count; None counts all

    Raises ShapeError when the sizes differ.
    """
    if result.shape != truth.shape or (where is not None and where.shape != truth.shape[:2]):
        raise ShapeError(f"pictures of one size can be compared, not {result.shape} and {truth.shape}")
    a, b = (result, truth) if where is None else (result[where], truth[where])
    if a.size == 0:
        return float("nan")
    error = float(np.mean(np.square(a.astype(np.float64) - b)))
    return 10 * math.log10(255**2 / error) if error else math.inf
