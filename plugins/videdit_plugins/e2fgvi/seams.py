"""Make the network's picture meet what is known around it: the difference on the rim, extended inwards and added."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
_RIM_PX = 4
_LEAST_LIMIT = 24 / 255
_MEDIANS = 2.5
_MOST = 25 / 255
_LEAST_WEIGHT = 1e-6


def met(picture: Plane, known: Plane, hole: NDArray[np.bool_]) -> Plane:
    """Return `known` with `picture` in its hole, brought to continue what lies around.

    picture: (h, w, 3) float32 in [0, 1], the network's, of the whole frame
    known:   (h, w, 3) float32 in [0, 1], the frame; what stands in the hole is not looked at
    hole:    (h, w) bool

    It acts as Poisson blending with the gradients of `picture`. Rim pixels that differ much are other things, not other
    light, and do not count; what is added is bounded, so that they cannot leak in.
    """
    side = 2 * _RIM_PX + 1
    wide = np.asarray(cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8))) > 0
    rim = wide & ~hole
    if rim.any():
        difference = known - picture
        size = np.abs(difference).max(axis=2)
        limit = max(_LEAST_LIMIT, _MEDIANS * float(np.median(size[rim])))
        trust = (rim & (size < limit)).astype(np.float32)
        picture = picture + np.clip(extend(difference, trust), -_MOST, _MOST)
    return np.where(hole[..., None], np.clip(picture, 0, 1), known).astype(np.float32)


def extend(values: Plane, weights: Plane) -> Plane:
    """Return `values` where `weights` are high, smoothly continued elsewhere: a push-pull pyramid.

    values:  (h, w, C) float32
    weights: (h, w) float32 in [0, 1]

    Returns (h, w, C) float32; 0 where there is no weight at all.
    Source: S. Gortler et al., "The Lumigraph", 1996, section 3.4.2.
    """
    sums, totals = [values * weights[..., None]], [weights]
    while max(totals[-1].shape) > 1:
        sums.append(np.asarray(cv2.pyrDown(sums[-1])))
        totals.append(np.asarray(cv2.pyrDown(totals[-1])))
    result = sums[-1] / np.maximum(totals[-1], _LEAST_WEIGHT)[..., None]
    for weighted, total in zip(sums[-2::-1], totals[-2::-1], strict=True):
        coarse = np.asarray(cv2.pyrUp(result, dstsize=total.shape[::-1]))
        share = np.clip(total, 0, 1)[..., None]
        own = weighted / np.maximum(total, _LEAST_WEIGHT)[..., None]
        result = share * own + (1 - share) * coarse
    return np.asarray(result, np.float32)
