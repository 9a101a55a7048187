"""Extend known values smoothly over unknown places: a coarse-to-fine membrane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
    if not (trust > 0).any():
        return np.zeros_like(values)
    steps = _steps(trust)
    # Plane by plane: NumPy and OpenCV both take twice as long over interleaved channels.
    planes = [_pulled(plane, steps, sweeps) for plane in _planes(values)]
    return planes[0] if values.ndim == 2 else np.asarray(cv2.merge(planes)).reshape(values.shape)


def _planes(values: Plane) -> Sequence[Plane]:
    return [values] if values.ndim == 2 else [np.asarray(plane, np.float32) for plane in cv2.split(values)]


class _Step(NamedTuple):
    """From one level of the pyramid to the next one of half its size.

    trust:  (h, w) float32
    weight: of the level below, never 0
    doubt:  1 less the trust of the level below
    """

    trust: Plane
    weight: Plane
    doubt: Plane


def _steps(trust: Plane) -> list[_Step]:
    steps: list[_Step] = []
    while trust.min() < 1 and max(trust.shape) > 1:
        weight = np.asarray(cv2.pyrDown(trust), np.float32)
        sure = np.minimum(1, 4 * weight)
        steps.append(_Step(trust, np.maximum(weight, np.float32(_TINY)), 1 - sure))
        trust = sure
    return steps


def _pulled(plane: Plane, steps: Sequence[_Step], sweeps: int = 0) -> Plane:
    if not steps:
        return plane.copy()
    trust, weight, doubt = steps[0]
    below = _pulled(np.asarray(cv2.pyrDown(plane * trust), np.float32) / weight, steps[1:])
    for _ in range(sweeps):
        # One level down is fine enough: what is diffused is smooth, and this is a quarter of the work.
        below += doubt * (cv2.blur(below, (3, 3)) - below)
    spread = np.asarray(cv2.pyrUp(below, dstsize=plane.shape[::-1]), np.float32)
    return spread + trust * (plane - spread)
