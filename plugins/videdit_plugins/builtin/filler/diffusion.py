"""Extend known values smoothly over unknown places: a coarse-to-fine membrane."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
_SWEEPS = 4
_TINY = 1e-6


def extend(values: Plane, trust: Plane, sweeps: int = _SWEEPS) -> Plane:
    """Keep `values` where `trust` is 1 and let them flow into where it is 0.

    values: (H, W) or (H, W, C) float32, C at most 4
    trust:  (H, W) float32 in [0, 1]
    sweeps: rounds of smoothing where trust is below 1

    Returns float32 of the values' shape; all zero where nothing is trusted.
    Source: S. Gortler et al., "The Lumigraph", 1996, section 3.5 (push and pull).
    """
    flat = values.ndim == 2
    values = values[..., None] if flat else values
    if not (trust > 0).any():
        zero = np.zeros_like(values)
        return zero[..., 0] if flat else zero
    result = _pull(values, trust, sweeps)
    return result[..., 0] if flat else result


def _pull(values: Plane, trust: Plane, sweeps: int = 0) -> Plane:
    height, width = trust.shape
    if trust.min() >= 1 or max(height, width) <= 1:
        return values.copy()
    weighted = _kept(cv2.pyrDown(values * trust[..., None]), values)
    weight = cv2.pyrDown(trust)
    coarse = weighted / np.maximum(weight, _TINY)[..., None]
    sure = np.minimum(1, 4 * weight)
    below = _pull(coarse, sure)
    for _ in range(sweeps):
        # One level down is fine enough: what is diffused is smooth, and this is a quarter of the work.
        below += (1 - sure)[..., None] * (_kept(cv2.blur(below, (3, 3)), below) - below)
    spread = _kept(cv2.pyrUp(below, dstsize=(width, height)), values)
    return spread + trust[..., None] * (values - spread)


def _kept(image: Plane, like: Plane) -> Plane:
    # OpenCV drops the last axis when it has length 1.
    return np.asarray(image).reshape(*image.shape[:2], like.shape[2])
