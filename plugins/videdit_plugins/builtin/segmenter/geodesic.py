"""Geodesic distances on a pixel grid: the cheapest way from a set of pixels, where crossing an edge is dear.

Sweeping in raster order, after Toivanen, "New geodesic distance transforms for gray-scale images" (1996), repeated
until nothing changes, which makes the distances exact.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.maxflow import compiled

FAR = np.float32(1e9)


def geodesic_distance(start: NDArray[np.bool_], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Measure the cheapest way from `start` to each pixel over the 8-neighbour grid.

    start:    (H, W) bool, where the distance is zero
    features: (H, W, C) float32; a step of length s across a difference d of features costs s * 1 + d

    Returns (H, W) float32; all FAR where `start` is empty.
    """
    distance = np.where(start, np.float32(0), FAR).astype(np.float32)
    if start.any():
        _sweep_until_still(distance, np.ascontiguousarray(features))
    return distance


@compiled
def _sweep_until_still(distance, features):  # type: ignore[no-untyped-def]
    height, width, channels = features.shape
    # Costs of the steps to the pixel left, above left, above, above right.
    costs = np.empty((height, width, 4), np.float32)
    steps = ((0, -1), (-1, -1), (-1, 0), (-1, 1))
    for y in range(height):
        for x in range(width):
            for k in range(4):
                v, u = y + steps[k][0], x + steps[k][1]
                if v < 0 or u < 0 or u >= width:
                    costs[y, x, k] = np.float32(1e9)
                    continue
                squares = np.float32(0)
                for c in range(channels):
                    difference = features[y, x, c] - features[v, u, c]
                    squares += difference * difference
                costs[y, x, k] = np.float32(math.sqrt(squares)) + np.float32(1.0 if k % 2 == 0 else 1.41421356)
    changed = True
    while changed:
        changed = False
        for y in range(height):
            for x in range(width):
                best = distance[y, x]
                for k in range(4):
                    v, u = y + steps[k][0], x + steps[k][1]
                    if v >= 0 and 0 <= u < width:
                        best = min(best, distance[v, u] + costs[y, x, k])
                if best < distance[y, x]:
                    distance[y, x] = best
                    changed = True
        for y in range(height - 1, -1, -1):
            for x in range(width - 1, -1, -1):
                best = distance[y, x]
                for k in range(4):
                    v, u = y - steps[k][0], x - steps[k][1]
                    if v < height and 0 <= u < width:
                        best = min(best, distance[v, u] + costs[v, u, k])
                if best < distance[y, x]:
                    distance[y, x] = best
                    changed = True
