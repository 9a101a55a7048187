"""Lay one picture over another."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.errors import ShapeError
from videdit.frames import Alpha, Region, Rgb


def composite(frame: Rgb, fill: Rgb, alpha: Alpha) -> Rgb:
    """Lay `fill` over `frame` where `alpha` is high.

    frame: (H, W, 3) uint8 or uint16 RGB
    fill:  (H, W, 3) RGB, dtype of `frame`
    alpha: (H, W)    float32 in [0, 1], 1 shows `fill`

    Returns (H, W, 3) of the same dtype, rounded to nearest. Pixels with alpha 0 are byte-identical to `frame`,
    those with alpha 1 to `fill`.
    Raises ShapeError when the sizes or dtypes do not fit together.
    """
    if frame.shape != fill.shape or frame.shape[:2] != alpha.shape or frame.shape[2:] != (3,):
        raise ShapeError(f"frame {frame.shape}, fill {fill.shape} and alpha {alpha.shape} differ in size")
    if frame.dtype != fill.dtype or frame.dtype not in (np.uint8, np.uint16):
        raise ShapeError(f"frame and fill are both uint8 or both uint16, not {frame.dtype} and {fill.dtype}")
    result = frame.copy()
    region = Region.of(alpha)
    if not region.empty:
        result[region.slices] = _blend(frame[region.slices], fill[region.slices], alpha[region.slices])
    return result


def _blend(frame: Rgb, fill: Rgb, alpha: Alpha) -> Rgb:
    # frame + alpha * (fill - frame) gives both ends exactly: every difference of 16-bit values fits a float32.
    weight = cv2.merge([np.ascontiguousarray(alpha, dtype=np.float32)] * 3)
    change = cv2.multiply(cv2.subtract(fill, frame, dtype=cv2.CV_32F), weight)
    depth = cv2.CV_8U if frame.dtype == np.uint8 else cv2.CV_16U
    return np.asarray(cv2.add(frame, change, dtype=depth))
