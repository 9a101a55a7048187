"""Which of the boxes that were expected is which of those that were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from videdit.detections.sightings import Boxes

_NEVER = 1e6
_MOST_SIZE_RATIO = 2.2


def overlaps(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Return the intersection over union of every pair of boxes: (N, M) in [0, 1]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def link(expected: Boxes, found: Boxes, reach: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pair expected boxes with found ones so that all pairs together fit best.

    reach: (N,) how far the centre of each may be from where it is expected, in its own size; grows with time

    Returns (number in `expected`, number in `found`) of each pair. A pair too far apart, or of too different size, is
    none. Source: H. W. Kuhn, "The Hungarian Method for the assignment problem", 1955; R. Jonker, A. Volgenant, "A
    Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", 1987, as scipy has it.
    """
    if len(expected) == 0 or len(found) == 0:
        return []
    size, other = (np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)) for boxes in (expected, found))
    middles = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (expected, found)]
    apart = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=2) / np.maximum(size, 1e-6)[:, None]
    ratio = np.maximum(size[:, None], 1e-6) / np.maximum(other[None], 1e-6)
    ratio = np.maximum(ratio, 1 / ratio)
    cost = (1 - overlaps(expected, found)) + np.minimum(apart / reach[:, None], 1) + 0.5 * np.log2(ratio)
    cost[(apart > reach[:, None]) | (ratio > _MOST_SIZE_RATIO)] = _NEVER
    # A weight of 0 would be no pair at all. `scipy.optimize` has the same, but takes a quarter of a second to import.
    rows, columns = min_weight_full_bipartite_matching(csr_array(cost + 1))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < _NEVER]
