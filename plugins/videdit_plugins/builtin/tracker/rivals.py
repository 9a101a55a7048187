"""One decision for each pixel where the windows of several objects overlap."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit_plugins.builtin.tracker.planes import FloatMap

LEAST = 1e-6
TIE = 1.001
CLAIM = 0.02
"""Objects whose boxes of pixels claimed this much lie apart leave each other alone, to the last bit."""


def share_out(
    probabilities: Mapping[int, FloatMap],
    friends: Mapping[int, Set[int]],
    looks: Mapping[int, FloatMap] = MappingProxyType({}),
    again: Set[int] = frozenset(),
) -> dict[int, FloatMap]:
    """Give each pixel to one object at most.

    probabilities: object id -> (h, w) float32 in [0, 1], as if the object were alone
    friends:       object id -> the ids it may share pixels with
    looks:         object id -> (h, w) float32, the same by its looks alone
    again:         objects that were lost and are found by their looks; a rival may have taken their pixels meanwhile,
                   so what it holds against them is no more than its own looks say

    Returns the probabilities given that no two rivals hold the same pixel: of two the likelier one keeps the pixel,
    the other falls below one half. Of equals the one with the lower id keeps it.
    """
    shared = {}

    def against(object_id: int, other: int) -> FloatMap:
        mine = probabilities[object_id]
        return np.minimum(mine, looks[object_id]) if other in again and object_id not in again else mine

    claims = {object_id: Region.of(mine > CLAIM) for object_id, mine in probabilities.items()}
    for object_id, mine in probabilities.items():
        strongest: NDArray[np.float32] | None = None
        for other in probabilities:
            if other == object_id or other in friends[object_id] or not claims[object_id].meets(claims[other]):
                continue
            tie = np.float32(TIE if other < object_id else 1 / TIE)
            odds = _odds(against(other, object_id)) * tie / _odds(against(object_id, other))
            strongest = odds if strongest is None else np.maximum(strongest, odds)
        shared[object_id] = mine if strongest is None else np.minimum(mine, 1 / (1 + strongest))
    return shared


def _odds(probability: FloatMap) -> NDArray[np.float32]:
    held = np.clip(probability, LEAST, 1 - LEAST)
    return held / (1 - held)
