"""Whether what is followed may be something else than the object."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from videdit_plugins.builtin.tracker.follow import Proposal
from videdit_plugins.builtin.tracker.score import score, unlike
from videdit_plugins.builtin.tracker.target import Target

DOUBTED = 0.3
"""A score below this is a doubt whether it is the object at all."""
AS_APART, STEADY = 0.8, 0.8
"""What keeps so much of its distance from the ground, and overlaps so far with where it was, is followed rightly."""
REST = 0.5
"""Beside another object, a rest of less than this share of the usual area is asked for its score."""


def doubtful(target: Target, one: Proposal, named: Mapping[str, float]) -> bool:
    """Return whether `one`, with the figures `named`, is hardly like `target` any more.

    Beside another tracked object, which may look alike, it need not stand out: that one holds its own pixels, so the
    mask does not slip to it unseen. Only a small rest is asked for its score there.
    """
    if stands_by_itself(target, one, named):
        return False
    if target.reach is not None:
        return named["growth"] < np.log(REST) and score(named) < DOUBTED
    return score(named) < DOUBTED or unlike(target, named)


def stands_by_itself(target: Target, one: Proposal, named: Mapping[str, float]) -> bool:
    """Return whether `one`, with the figures `named`, is followed without a break and as far from the ground as ever.

    Something like that is no ground that an object slipped to, even if it hardly looks like the object any more.
    """
    if one.apart is None or one.again:
        return False
    return one.apart > AS_APART * target.usual_apart and named["steady"] > STEADY
