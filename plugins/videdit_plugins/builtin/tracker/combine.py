"""From evidence to a probability for each pixel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.channels import NAMES, Channels
from videdit_plugins.builtin.tracker.planes import FloatMap

# Fitted by logistic regression on the pixels of ten tracked sequences, with a ridge; evidence that did not lower the
# loss of a sequence left out of the fit has no weight; a learned combination may use it.
WEIGHTS: Mapping[str, float] = {
    "prior": 1.94,
    "colour_given": 0.8,
    "colour_recent": 0.0,
    "classifier": 2.16,
    "classifier_given": 0.0,
    "match_given": 0.38,
    "motion": 1.02,
    "ground": 0.0,
    "photometric": 0.0,
}
BIAS = -0.56
LARGEST = 8.0
INERTIA = ("prior", "motion")
"""Evidence that an object has of what it held on the frame before, rightly or not."""


def log_odds(evidence: Channels) -> FloatMap:
    """Return (h, w) float32: log odds that each pixel of the window belongs to the object."""
    weights = np.array([WEIGHTS[name] for name in NAMES], np.float32)
    total: NDArray[np.float32] = np.tensordot(weights, evidence.maps, axes=1) + np.float32(BIAS)
    return np.clip(total, -LARGEST, LARGEST)


def log_odds_by_looks(evidence: Channels) -> FloatMap:
    """Return the same of what the pixels look like alone, not of where the object was nor of how it moves."""
    weights = np.array([0.0 if name in INERTIA else WEIGHTS[name] for name in NAMES], np.float32)
    total: NDArray[np.float32] = np.tensordot(weights, evidence.maps, axes=1) + np.float32(BIAS)
    return total


def sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of log odds, float32."""
    return (1 / (1 + np.exp(-values))).astype(np.float32)
