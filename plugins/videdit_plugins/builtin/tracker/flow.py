"""Optical flow between two windows, and the rough motion of an object between two frames.

Kroeger et al., "Fast Optical Flow using Dense Inverse Search" (2016), as in OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.lengths import squared_length
from videdit_plugins.builtin.tracker.planes import COARSE, FloatMap, Plane

LEAST_DIS_PX = 32
"""Dense inverse search needs room for its pyramid."""
DESCENTS = 16


@dataclass(frozen=True, slots=True)
class Flow:
    """Motion between two windows.

    back:      (h, w, 2) float32, from a pixel now to where it was
    agreement: (h, w) float32 in [0, 1], 1 where forth and back lead to the same place
    """

    back: NDArray[np.float32]
    agreement: FloatMap


def flow_between(before: NDArray[np.uint8], now: NDArray[np.uint8], fine: bool) -> Flow:
    """Return how `now` (h, w) uint8 moved from `before`, of the same shape."""
    height, width = now.shape
    if min(height, width) < LEAST_DIS_PX:
        return Flow(np.zeros((height, width, 2), np.float32), np.ones((height, width), np.float32))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    if fine:
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        # The presets end at half the size, where legs and spokes are a pixel wide.
        search.setFinestScale(0)
        search.setGradientDescentIterations(DESCENTS)
    back = search.calc(now, before, None)
    forth = search.calc(before, now, None)
    return Flow(back, agreement(back, forth))


def agreement(back: NDArray[np.float32], forth: NDArray[np.float32]) -> FloatMap:
    """Return (h, w) float32 in [0, 1] of flow from now to before and that from before to now; see `Flow`."""
    error, length = squared_length(back + warp(forth, back)), squared_length(back)
    return np.exp(-error / (2 * (1 + 0.05 * length))).astype(np.float32)


def warp(image: NDArray[np.float32], back: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `image` (h, w, ...) of before, sampled where each pixel of now came from."""
    height, width = back.shape[:2]
    xs = back[..., 0] + np.arange(width, dtype=np.float32)
    ys = back[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    moved: NDArray[np.float32] = cv2.remap(image, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved


def coarse_flow(before: Plane, now: Plane) -> NDArray[np.float32] | None:
    """Return (h / 2, w / 2, 2) float32, forward motion in work pixels, or None for frames too small to have any."""
    if min(now.coarse.shape) < LEAST_DIS_PX:
        return None
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    forward: NDArray[np.float32] = search.calc(before.coarse, now.coarse, None) * COARSE
    return forward


def median_shift(forward: NDArray[np.float32] | None, mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the median (x, y) motion inside `mask` (h, w) of work size, in whole work pixels."""
    if forward is None:
        return 0, 0
    small = cv2.resize(mask.view(np.uint8), forward.shape[1::-1], interpolation=cv2.INTER_AREA) > 0
    inside = forward[small]
    if len(inside) == 0:
        return 0, 0
    middle = np.median(inside, axis=0)
    return round(float(middle[0])), round(float(middle[1]))
