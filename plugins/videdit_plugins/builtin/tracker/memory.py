"""Remembered frames of one object, and the match of a new frame with them, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHARPNESS = 14.0
CLIP = 3.0
CHUNK_CELLS = 256


@dataclass(frozen=True, slots=True)
class Places:
    """Remembered places of one frame.

    keys:   (N, K) float32, of each network 32 of length about 1
    inside: (N,) float32 in [0, 1], the share of the object
    """

    keys: NDArray[np.float32]
    inside: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One remembered frame.

    index:       number of the frame
    descriptors: (N, D) float32
    places:      (N, 2) float32, of each cell from the object's centre, in sides of the window
    inside:      (N,) float32 in [0, 1], the share of each cell that is the object
    learned:     the same frame as the network remembers it, None without one
    """

    index: int
    descriptors: NDArray[np.float32]
    places: NDArray[np.float32]
    inside: NDArray[np.float32]
    learned: Places | None = None


def match(
    descriptors: NDArray[np.float32], places: NDArray[np.float32], exemplar: Exemplar, place_weight: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compare cells with a remembered frame, softly with all of its cells at once.

    descriptors, places: (N, D) and (N, 2) float32 of the cells
    place_weight: how much a distance of one side of the window counts against the descriptors' distance

    Returns two (N,) float32: log odds of the object, in [-1, 1], and the mass of what was found of the object,
    in [0, 1].
    """
    queries = np.concatenate([descriptors, place_weight * places], axis=1)
    keys = np.concatenate([exemplar.descriptors, place_weight * exemplar.places], axis=1)
    # The distance as one product: of 2 q, -1, -|q|^2 with k, |k|^2, 1.
    asked = np.column_stack([2 * queries, np.full(len(queries), -1, np.float32), -np.square(queries).sum(axis=1)])
    shown = np.column_stack([keys, np.square(keys).sum(axis=1), np.ones(len(keys), np.float32)]) * SHARPNESS
    sides = np.stack([exemplar.inside, 1 - exemplar.inside], axis=1)
    masses = np.empty((len(queries), 2), np.float32)
    for start in range(0, len(queries), CHUNK_CELLS):
        near = asked[start : start + CHUNK_CELLS] @ shown.T
        # NumPy's exponential takes five times as long.
        cv2.exp(np.minimum(near, 0, out=near), near)
        masses[start : start + CHUNK_CELLS] = near @ sides
    odds = np.log((masses[:, 0] + 3e-5) / (masses[:, 1] + 3e-5))
    return (np.clip(odds, -CLIP, CLIP) / CLIP).astype(np.float32), masses[:, 0] / (masses[:, 0] + 0.1)


def places(keys: NDArray[np.float32], inside: NDArray[np.float32]) -> Places:
    """Return what to remember of a window with `keys` (K, h / 4, w / 4) where the object was `inside` (h, w)."""
    height, width = keys.shape[1:]
    four = keys[:, ::2, ::2] + keys[:, ::2, 1::2] + keys[:, 1::2, ::2] + keys[:, 1::2, 1::2]
    pooled = (four / 4).reshape(len(keys), -1).T
    share = inside.reshape(height // 2, 8, width // 2, 8).mean(axis=(1, 3)).ravel()
    return Places(np.ascontiguousarray(pooled), share.astype(np.float32))
