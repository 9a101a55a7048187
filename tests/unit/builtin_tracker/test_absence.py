"""When an object is said to be away: what is left of it, and what was taken for it, no longer stands out as it did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videdit_plugins.builtin.tracker import follow
from videdit_plugins.builtin.tracker.effort import EFFORTS
from videdit_plugins.builtin.tracker.follow import SLIVER_AREA, sliver
from videdit_plugins.builtin.tracker.planes import Plane
from videdit_plugins.builtin.tracker.score import GROWN, UNLIKE, unlike
from videdit_plugins.builtin.tracker.search import Place
from videdit_plugins.builtin.tracker.target import Target


def target(**known: object) -> Target:
    return Target(np.zeros((40, 50), np.float32), **known)


@given(usual=st.floats(0.1, 2), now=st.floats(-2, 2))
def test_what_stands_out_far_less_than_of_late_is_unlike(usual, now):
    assert unlike(target(usual_contrast=usual), {"contrast": now, "growth": 0.0}) == (now < UNLIKE * usual)


@given(st.floats(0, 2))
def test_nothing_is_unlike_before_anything_is_known(now):
    assert not unlike(target(), {"contrast": now, "growth": 0.0})


@given(contrast=st.floats(-2, 2), growth=st.floats(1.001, 20))
def test_what_has_come_near_is_not_unlike(contrast, growth):
    """A car that fills the frame has hardly any ring to stand out from."""
    assert not unlike(target(usual_contrast=2.0), {"contrast": contrast, "growth": float(np.log(growth * GROWN))})


def test_of_the_places_looked_at_in_vain_the_likeliest_gets_another_look(monkeypatch):
    """The object comes out from behind something: half of it is no match yet, all of it on the next frame is."""
    size = (40, 50)
    likely = np.ones(size, np.float32)
    likeness = {8.0: 0.1, 16.0: 0.5, 24.0: 0.3}
    monkeypatch.setattr(follow, "find_again", lambda *_: [Place(likely * x, (x, 20.0)) for x in likeness])
    monkeypatch.setattr(follow, "_at", lambda target, *_: float(target.probability[0, 0]))
    monkeypatch.setattr(follow, "_likeness", lambda _, place: likeness[place])
    monkeypatch.setattr(follow, "_fits", lambda *_: False)
    colours = np.zeros((*size, 3), np.uint8)
    lost = target(refused=[(40.0, 20.0, 6), (32.0, 20.0, 1)])
    now = Plane(7, colours, colours[..., 0], colours, colours[::2, ::2, 0])
    assert follow._found(lost, now, EFFORTS["standard"]) is None
    assert sorted(lost.refused) == [(8.0, 20.0, 7), (24.0, 20.0, 7), (40.0, 20.0, 6)]


def test_a_sliver_is_no_object():
    known = target(usual_area=500.0)
    left = np.zeros((40, 50), np.float32)
    assert sliver(known, left)
    left[0, : round(SLIVER_AREA * 500)] = 1
    assert sliver(known, left)
    left[1] = 1
    assert not sliver(known, left)
