"""Lab colour histograms of an object and of what surrounds it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.planes import FloatMap

BINS = 16
CLIP = 4.0


def colour_bins(lab: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return (h, w) int32, the histogram bin of each pixel of `lab` (h, w, 3) uint8."""
    # Chroma uses the middle half of its range in almost every picture, so its bins are half as wide.
    chroma = np.clip((lab[..., 1:].astype(np.int32) - 64) // 8, 0, BINS - 1)
    return (lab[..., 0].astype(np.int32) // 16 * BINS + chroma[..., 0]) * BINS + chroma[..., 1]


def histograms(bins: NDArray[np.int32], prior: FloatMap) -> NDArray[np.float32]:
    """Return (2, 16, 16, 16) float32: smoothed shares of the object's and of the ground's colours."""
    flat, inside = bins.ravel(), prior.ravel()
    counts = np.stack([np.bincount(flat, weight, BINS**3) for weight in (inside, 1 - inside)]).astype(np.float32)
    cube = counts.reshape(2, BINS, BINS, BINS)
    for axis in (1, 2, 3):
        cube = _blurred(cube, axis)
    shares: NDArray[np.float32] = cube / np.maximum(cube.sum(axis=(1, 2, 3), keepdims=True), 1e-6)
    return shares


def _blurred(cube: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    size = cube.shape[axis]
    before = cube.take(np.maximum(np.arange(size) - 1, 0), axis)
    after = cube.take(np.minimum(np.arange(size) + 1, size - 1), axis)
    smooth: NDArray[np.float32] = (before + 2 * cube + after) / 4
    return smooth


def log_ratio(shares: NDArray[np.float32] | None, bins: NDArray[np.int32]) -> FloatMap:
    """Return (h, w) float32 in [-1, 1]: how much more likely each pixel's colour is in the object than outside."""
    if shares is None:
        return np.zeros(bins.shape, np.float32)
    table = np.log((shares[0] + 2e-5) / (shares[1] + 2e-5)).ravel()
    table = np.clip(table, -CLIP, CLIP) / CLIP
    smooth: FloatMap = cv2.blur(table.astype(np.float32)[bins], (3, 3))
    return smooth
