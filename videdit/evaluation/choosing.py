"""Which frame a person who sees the truth would correct next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

REACH_FRAMES = 10
"""A correction is taken to help frames nearer than this, the less the farther."""
APART_FRAMES = 5
"""Frames nearer than this to a corrected one come last: what can be gained there was tried."""


def to_gain(j: Sequence[float | None]) -> list[float]:
    """Return for each frame what is wrong on it and around it: what a correction there can put right.

    j: of each frame, None where there is no truth

    The errors 1 - J of the frames around are added, with weights that fall from 1 on the frame itself to 0 at
    REACH_FRAMES. So of a stretch that is wrong the middle has the most to gain, and a single bad frame has little.
    """
    wrong = np.array([0.0 if value is None else 1 - value for value in j])
    weights = 1 - np.abs(np.arange(1 - REACH_FRAMES, REACH_FRAMES)) / REACH_FRAMES
    padded = np.pad(wrong, REACH_FRAMES - 1)
    return [float(value) for value in np.convolve(padded, weights, mode="valid")]
