"""Barrier distances on a pixel grid: how much the picture changes on the way from a set of pixels, however long it is.

The minimum barrier distance of Strand, Ciesielski, Malmberg and Saha (2013), in the raster sweeps of Zhang, Sclaroff,
Lin, Shen, Price and Mech, "Minimum Barrier Salient Object Detection at 80 FPS" (2015), here with several channels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.maxflow import compiled

FAR = np.float32(1e9)
_SWEEPS = 6


def barrier_distance(start: NDArray[np.bool_], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Measure the smallest change of `features` on a way from `start` to each pixel over the 8-neighbour grid.

    start:    (H, W) bool, where the distance is zero
    features: (H, W, C) float32; a way costs the diagonal of the box that its features span

    Unlike a sum of differences, this does not grow with the length of the way nor with texture: ground that shows
    between the legs of a horse is near to the ground around it. Sweeps are few, so ways with many turns cost too much.

    Returns (H, W) float32; all FAR where `start` is empty.
    """
    distance = np.where(start, np.float32(0), FAR).astype(np.float32)
    if start.any():
        features = np.ascontiguousarray(features)
        _sweep(distance, features, features.copy(), features.copy(), _SWEEPS)
    return distance


@compiled
def _sweep(distance, features, highest, lowest, sweeps):  # type: ignore[no-untyped-def]
    """Lower `distance`, in turn from the top left and from the bottom right.

    highest, lowest: (H, W, C), what lies on the best way so far; changed
    """
    height, width, channels = features.shape
    for sweep in range(sweeps):
        back = sweep % 2 == 1
        side = 1 if back else -1
        steps = ((0, side), (side, side), (side, 0), (side, -side))
        for row in range(height):
            for column in range(width):
                y = height - 1 - row if back else row
                x = width - 1 - column if back else column
                for k in range(4):
                    v, u = y + steps[k][0], x + steps[k][1]
                    if v < 0 or u < 0 or v >= height or u >= width or distance[v, u] >= distance[y, x]:
                        continue
                    squares = 0.0
                    for c in range(channels):
                        span = max(highest[v, u, c], features[y, x, c]) - min(lowest[v, u, c], features[y, x, c])
                        squares += span * span
                    cost = math.sqrt(squares)
                    if cost < distance[y, x]:
                        distance[y, x] = cost
                        for c in range(channels):
                            highest[y, x, c] = max(highest[v, u, c], features[y, x, c])
                            lowest[y, x, c] = min(lowest[v, u, c], features[y, x, c])
