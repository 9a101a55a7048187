"""When an object is said to be away: what is left of it, and what was taken for it, no longer stands out as it did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videdit_plugins.builtin.tracker.follow import SLIVER_AREA, sliver
from videdit_plugins.builtin.tracker.score import UNLIKE, unlike
from videdit_plugins.builtin.tracker.target import Target


def target(**known: float) -> Target:
    return Target(np.zeros((40, 50), np.float32), **known)


@given(usual=st.floats(0.1, 2), now=st.floats(-2, 2))
def test_what_stands_out_far_less_than_of_late_is_unlike(usual, now):
    assert unlike(target(usual_contrast=usual), now) == (now < UNLIKE * usual)


@given(st.floats(0, 2))
def test_nothing_is_unlike_before_anything_is_known(now):
    assert not unlike(target(), now)


def test_a_sliver_is_no_object():
    known = target(usual_area=500.0)
    left = np.zeros((40, 50), np.float32)
    assert sliver(known, left)
    left[0, : round(SLIVER_AREA * 500)] = 1
    assert sliver(known, left)
    left[1] = 1
    assert not sliver(known, left)
