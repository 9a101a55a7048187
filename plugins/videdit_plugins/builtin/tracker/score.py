"""Figures that tell how far a result can be trusted, and the one score made of them."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.channels import NAMES, Channels
from videdit_plugins.builtin.tracker.planes import FloatMap
from videdit_plugins.builtin.tracker.target import Target

RING = 9
UNLIKE = 0.5
"""What stands out less than this share of what the object did is doubted: an object that leaves is soon taken for
something else beside it, and that something has other colours, or none of its own."""
GROWN = 1.7
"""What is more than so many times as large as usual has come near, not left."""
LEFT = 0.8
HIDDEN = 0.4
"""An object that vanished at the border has left; one that vanished elsewhere may be hidden or missed."""


def figures(target: Target, evidence: Channels, inside: FloatMap) -> dict[str, float]:
    """Return the named figures of one result.

    inside: (h, w) float32, the final probability on the window's grid

    match      share of the object where something of the given frames was found, in [0, 1]
    kept       the same less its value on the first tracked frame
    familiar   overlap with what the classifier of the given frames says by itself, in [0, 1]
    contrast   that classifier's mean inside less its mean in a ring outside, in [-2, 2]
    sure       mean certainty inside the mask, in [0, 1]
    flow       trust in the flow inside the object, in [0, 1]
    steady     overlap with the last mask moved along the flow, in [0, 1]
    growth     log of the area against the usual area
    """
    area = float(np.count_nonzero(target.probability > 0.5))
    mask = inside > 0.5
    said = evidence.maps[NAMES.index("classifier_given")]
    mass = float(inside.sum()) + 1e-6
    match = float((inside * evidence.found).sum()) / mass
    return {
        "match": match,
        "kept": match - (target.first_match or match),
        "familiar": _overlap(mask, said > 0),
        "contrast": contrast(evidence, mask),
        "sure": 2 * _mean(inside, mask) - 1,
        "flow": float((inside * evidence.agreement).sum()) / mass,
        "steady": _overlap(mask, evidence.warped > 0.5),
        "growth": float(np.clip(np.log((area + 1) / (target.usual_area + 1)), -3, 3)),
    }


def contrast(evidence: Channels, mask: NDArray[np.bool_]) -> float:
    """Return how much likelier the object is inside `mask` (h, w) than in a ring outside, -2..2.

    The classifier of the given frames says so, which no frame that was tracked has taught anything.
    """
    said = evidence.maps[NAMES.index("classifier_given")]
    ring = (cv2.dilate(mask.view(np.uint8), np.ones((RING, RING), np.uint8)) > 0) & ~mask
    return _mean(said, mask) - _mean(said, ring)


def unlike(target: Target, named: Mapping[str, float]) -> bool:
    """Return whether something with those `figures` stands out far less than `target` did of late.

    What has grown looks coarser than where it was given, and its ring may lie outside the frame: that is no sign.
    """
    return named["contrast"] < UNLIKE * target.usual_contrast and named["growth"] < np.log(GROWN)


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _mean(values: FloatMap, where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0


# Fitted by logistic regression of the IoU on the frames of ten tracked sequences.
WEIGHTS: Mapping[str, float] = {"familiar": 1.18, "sure": 0.88, "kept": 2.46, "swell": 0.56, "contrast": 1.47}
BIAS = -1.4


def score(named: Mapping[str, float]) -> float:
    """Return the estimate of the IoU with the truth that `figures` lead to, in [0, 1]."""
    values = {**named, "swell": max(0.0, named["growth"])}
    total = BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items())
    return float(1 / (1 + np.exp(-total)))


def score_of_absence(target: Target) -> float:
    """Return the estimate of the IoU, 1 or 0 then, where `target` is said not to be in the frame."""
    if not target.known:
        return 1.0
    return LEFT if target.left else HIDDEN
