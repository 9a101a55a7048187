"""Drop specks and parts that cannot belong to the object."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from videdit_plugins.builtin.tracker.planes import FloatMap

SPECK = 0.002
SMALL = 0.02
SUPPORT = 0.3
NEW = 0.3
LEAST_GAP = 0.2
FADED = 0.02


def clean(probability: FloatMap, warped: FloatMap, found: FloatMap, gap: float) -> FloatMap:
    """Return `probability` (h, w) without implausible parts and without small holes.

    warped: (h, w) float32, the last probability moved along the flow
    found:  (h, w) float32, the match with the frames a person gave
    gap:    largest distance between parts of the object where it was given, in square roots of its area
    """
    mask = (probability > 0.5).view(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    result = probability.copy()
    if count > 2:
        dropped = _implausible(parts, stats, mask, warped, found, gap)
        result[dropped[parts]] *= FADED
    _fill_holes(result, warped)
    return result


def _implausible(
    parts: NDArray[np.int32],
    stats: NDArray[np.int32],
    mask: NDArray[np.uint8],
    warped: FloatMap,
    found: FloatMap,
    gap: float,
) -> NDArray[np.bool_]:
    """Return one bool for each part; that of the ground, 0, is False."""
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    total = areas[1:].sum()
    flat = parts.ravel()
    support = np.bincount(flat, warped.ravel(), len(areas)) / areas
    matched = np.bincount(flat, found.ravel(), len(areas))
    dropped = areas < SPECK * total
    dropped |= (areas < SMALL * total) & (support < SUPPORT)
    dropped |= (areas < NEW * total) & (support < 0.05)
    best = 1 + int(np.argmax((matched + 0.05 * areas)[1:]))
    limit = max(LEAST_GAP, 1.3 * gap) * total**0.5
    away = cv2.distanceTransform((parts != best).astype(np.uint8), cv2.DIST_L2, 3)
    dropped |= _nearest(away, parts, len(areas)) > limit
    kept: NDArray[np.bool_] = ~dropped
    kept[[0, best]] = True
    return ~kept


def _fill_holes(probability: FloatMap, warped: FloatMap) -> None:
    mask = probability > 0.5
    count, parts, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    if count <= 2:
        return
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    total = float(mask.sum())
    support = np.bincount(parts.ravel(), warped.ravel(), count) / areas
    holes = (areas < SPECK * total) | ((areas < SMALL * total) & (support > 1 - SUPPORT))
    holes[0] = False
    filled = holes[parts]
    probability[filled] = np.maximum(probability[filled], 1 - FADED)


def largest_gap(mask: NDArray[np.bool_]) -> float:
    """Return how far the farthest part of `mask` (h, w) lies from the largest, in square roots of the area."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count <= 2:
        return 0.0
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = 1 + int(np.argmax(areas))
    away = cv2.distanceTransform((parts != largest).astype(np.uint8), cv2.DIST_L2, 3)
    gaps = _nearest(away, parts, count)[1:][areas > SPECK * areas.sum()]
    return float(gaps.max()) / math.sqrt(float(areas.sum()))


def _nearest(away: FloatMap, parts: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return (count,) float64: the least of `away` (h, w) in each part."""
    return np.asarray(ndimage.minimum(away, parts, np.arange(count)), np.float64)
