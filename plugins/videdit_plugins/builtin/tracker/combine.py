"""From evidence to a probability for each pixel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.channels import NAMES, Channels
from videdit_plugins.builtin.tracker.planes import FloatMap

WEIGHTS: Mapping[str, float] = {
    "prior": 0.5,
    "trusted_prior": 0.5,
    "distance": 3.0,
    "colour_given": 1.5,
    "colour_recent": 0.5,
    "classifier": 1.5,
    "match_given": 1.5,
    "match_recent": 1.5,
    "motion": 1.0,
    "ground": 0.0,
    "photometric": 0.0,
}
BIAS = 0.0
LARGEST = 8.0


def log_odds(evidence: Channels) -> FloatMap:
    """Return (h, w) float32: log odds that each pixel of the window belongs to the object."""
    weights = np.array([WEIGHTS[name] for name in NAMES], np.float32)
    total: NDArray[np.float32] = np.tensordot(weights, evidence.maps, axes=1) + np.float32(BIAS)
    return np.clip(total, -LARGEST, LARGEST)


def sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of log odds, float32."""
    return (1 / (1 + np.exp(-values))).astype(np.float32)
