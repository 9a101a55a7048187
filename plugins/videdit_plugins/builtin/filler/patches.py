"""Nearest patches: for each place in a hole, the place outside whose surroundings look most alike."""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

RADIUS = 3
"""Patches are 7 x 7."""


@numba.njit(cache=True, nogil=True)
def patch_cost(image, trust, ty, tx, sy, sx, limit):  # type: ignore[no-untyped-def]
    """Return the mean squared difference of two patches, the target's pixels weighed by `trust`.

    Stops and returns something above `limit` as soon as it is exceeded. Target pixels beyond the border do not count.
    """
    height, width, channels = image.shape
    total = 0.0
    weight = 1e-6
    for dy in range(-RADIUS, RADIUS + 1):
        y = ty + dy
        if y < 0 or y >= height:
            continue
        for dx in range(-RADIUS, RADIUS + 1):
            x = tx + dx
            if x < 0 or x >= width:
                continue
            w = trust[y, x]
            d = 0.0
            for c in range(channels):
                difference = image[y, x, c] - image[sy + dy, sx + dx, c]
                d += difference * difference
            total += w * d
            weight += w
        # 49 is the most that `weight` can become.
        if total > limit * 49.0:
            return total / 49.0
    return total / weight


@numba.njit(cache=True, nogil=True)
def search(image, trust, usable, places, number, found, costs, seed, backwards):  # type: ignore[no-untyped-def]
    """Improve the nearest patches by one sweep of propagation and random search, in place.

    image:     (H, W, C) float32
    trust:     (H, W) float32 in [0, 1]
    usable:    (H, W) bool, centres of patches that may be copied from
    places:    (N, 2) int32, y and x of the targets in the order of rows
    number:    (H, W) int32, a target's number, -1 elsewhere
    found:     (N, 2) int32, y and x of the nearest patch so far
    costs:     (N,) float32
    seed:      of the random search
    backwards: sweep from the last target to the first
    Source: C. Barnes et al., "PatchMatch", 2009, section 3.
    """
    height, width, _ = image.shape
    count = places.shape[0]
    state = np.uint32(seed * 2654435761 + 12345)
    step = -1 if backwards else 1
    widest = max(height, width)
    for i in range(count):
        n = count - 1 - i if backwards else i
        y, x = places[n, 0], places[n, 1]
        for axis in range(2):
            ny = y - step if axis == 0 else y
            nx = x - step if axis == 1 else x
            if ny < 0 or nx < 0 or ny >= height or nx >= width or number[ny, nx] < 0:
                continue
            m = number[ny, nx]
            sy, sx = found[m, 0] + y - ny, found[m, 1] + x - nx
            if sy < 0 or sx < 0 or sy >= height or sx >= width or not usable[sy, sx]:
                continue
            cost = patch_cost(image, trust, y, x, sy, sx, costs[n])
            if cost < costs[n]:
                costs[n] = cost
                found[n, 0], found[n, 1] = sy, sx
        reach = widest
        while reach >= 1:
            state ^= np.uint32(state << np.uint32(13))
            state ^= np.uint32(state >> np.uint32(17))
            state ^= np.uint32(state << np.uint32(5))
            sy = found[n, 0] + np.int64(state % np.uint32(2 * reach + 1)) - reach
            state ^= np.uint32(state << np.uint32(13))
            state ^= np.uint32(state >> np.uint32(17))
            state ^= np.uint32(state << np.uint32(5))
            sx = found[n, 1] + np.int64(state % np.uint32(2 * reach + 1)) - reach
            if 0 <= sy < height and 0 <= sx < width and usable[sy, sx]:
                cost = patch_cost(image, trust, y, x, sy, sx, costs[n])
                if cost < costs[n]:
                    costs[n] = cost
                    found[n, 0], found[n, 1] = sy, sx
            reach //= 2


@numba.njit(cache=True, nogil=True)
def recost(image, trust, places, found, costs):  # type: ignore[no-untyped-def]
    """Compute the costs of the patches found so far anew, in place: the picture has changed."""
    for n in range(places.shape[0]):
        costs[n] = patch_cost(image, trust, places[n, 0], places[n, 1], found[n, 0], found[n, 1], 1e30)


@numba.njit(cache=True, nogil=True)
def vote(image, missing, number, found, costs, softness):  # type: ignore[no-untyped-def]
    """Colour each missing pixel with the weighted mean of what the patches over it show there, in place.

    softness: a patch weighs exp(-cost / softness); near 0 the best one alone decides
    """
    height, width, channels = image.shape
    result = image.copy()
    for y in range(height):
        for x in range(width):
            if not missing[y, x]:
                continue
            best = 1e30
            for dy in range(-RADIUS, RADIUS + 1):
                for dx in range(-RADIUS, RADIUS + 1):
                    ny, nx = y + dy, x + dx
                    if 0 <= ny < height and 0 <= nx < width and number[ny, nx] >= 0:
                        best = min(best, costs[number[ny, nx]])
            total = np.zeros(channels)
            weight = 0.0
            for dy in range(-RADIUS, RADIUS + 1):
                for dx in range(-RADIUS, RADIUS + 1):
                    ny, nx = y + dy, x + dx
                    if ny < 0 or nx < 0 or ny >= height or nx >= width or number[ny, nx] < 0:
                        continue
                    m = number[ny, nx]
                    w = np.exp(-(costs[m] - best) / softness)
                    for c in range(channels):
                        total[c] += w * image[found[m, 0] - dy, found[m, 1] - dx, c]
                    weight += w
            if weight > 0:
                for c in range(channels):
                    result[y, x, c] = total[c] / weight
    # A slice would compile for seconds.
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                image[y, x, c] = result[y, x, c]


def usable_centres(missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (H, W) bool: centres whose whole patch is known and inside the picture."""
    side = 2 * RADIUS + 1
    touched = cv2.dilate(missing.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    usable = ~np.asarray(touched)
    usable[:RADIUS] = usable[-RADIUS:] = False
    usable[:, :RADIUS] = usable[:, -RADIUS:] = False
    return usable
