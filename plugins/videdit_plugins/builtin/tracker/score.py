"""Figures that tell how far a result can be trusted, and the one score made of them."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.channels import NAMES, Channels, Look
from videdit_plugins.builtin.tracker.colours import histograms
from videdit_plugins.builtin.tracker.planes import FloatMap
from videdit_plugins.builtin.tracker.target import Target

RING = 9


def figures(target: Target, seen: Look, evidence: Channels, inside: FloatMap) -> dict[str, float]:
    """Return the named figures of one result.

    inside: (h, w) float32, the final probability on the window's grid

    match        share of the object where something of the given frames was found, in [0, 1]
    coverage     share of what was found that lies in the mask, in [0, 1]
    colour       likeness of the mask's colours to the given frames', in [0, 1]
    sure         mean certainty inside the mask, in [0, 1]
    flow         trust in the flow inside the object, in [0, 1]
    steady       overlap with the last mask moved along the flow, in [0, 1]
    classifier   overlap with what the classifier alone says, in [0, 1]
    contrast     classifier inside less that in a ring outside, in [-1, 1]
    growth       log of the area against the usual area
    """
    area = float(np.count_nonzero(target.probability > 0.5))
    mass = float(inside.sum()) + 1e-6
    said = evidence.maps[NAMES.index("classifier")]
    mask = inside > 0.5
    disc = np.ones((RING, RING), np.uint8)
    ring = (cv2.dilate(mask.view(np.uint8), disc) > 0) & ~mask
    shares = histograms(seen.bins, inside)[0]
    given = shares if target.given_colours is None else target.given_colours[0]
    return {
        "match": float((inside * evidence.found).sum()) / mass,
        "coverage": float((inside * evidence.found).sum() / (evidence.found.sum() + 1e-6)),
        "colour": float(np.sqrt(shares * given).sum()),
        "sure": 2 * _mean(inside, mask) - 1,
        "flow": float((inside * evidence.agreement).sum()) / mass,
        "steady": _overlap(mask, evidence.warped > 0.5),
        "classifier": _overlap(mask, said > 0),
        "contrast": _mean(said, mask) - _mean(said, ring),
        "growth": float(np.clip(np.log((area + 1) / (target.usual_area + 1)), -3, 3)),
    }


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _mean(values: FloatMap, where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0


WEIGHTS: Mapping[str, float] = {"match": 2.0, "colour": 2.0, "classifier": 2.0}
BIAS = -2.0


def score(named: Mapping[str, float]) -> float:
    """Return the estimate of the IoU with the truth that `figures` lead to, in [0, 1]."""
    total = BIAS + sum(weight * named[name] for name, weight in WEIGHTS.items())
    return float(1 / (1 + np.exp(-total)))
