"""When an object is said to be away: what is left of it, and what was taken for it, no longer stands out as it did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videdit.frames import Region
from videdit_plugins.builtin.tracker import search
from videdit_plugins.builtin.tracker.follow import SLIVER_AREA, sliver
from videdit_plugins.builtin.tracker.planes import Plane
from videdit_plugins.builtin.tracker.roi import Roi
from videdit_plugins.builtin.tracker.score import GROWN, UNLIKE, unlike
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


def seen_at(likely, refused):
    """Where an object of 16 x 16 pixels is looked for in a frame of 64 x 128."""
    lost = target(usual_box=(16.0, 16.0), usual_area=200.0)
    lost.probability = np.zeros((64, 128), np.float32)
    roi = Roi(Region.whole((64, 128)), (64, 128), (64.0, 32.0), 16.0)
    pixels = np.zeros((64, 128, 3), np.uint8)
    plane = Plane(7, pixels, pixels[..., 0], pixels[::2, ::2, 0])
    return [place.centre for place in search._places(likely, lost, roi, plane, refused)]


def test_a_place_looked_at_in_vain_gets_another_look_when_it_looks_better_than_then():
    """The object comes out from behind something: half of it was no match, all of it on the next frame is."""
    likely = np.zeros((16, 32), np.float32)
    likely[6:10, 6:10], likely[6:10, 22:26] = 0.9, 0.6
    places = seen_at(likely, [])
    assert len(places) == 2
    better, other = places
    assert seen_at(likely, [(*better, 5, 0.9)]) == [other]
    assert seen_at(likely, [(*better, 5, 0.5)]) == places
    assert seen_at(likely, [(*better, 1, 0.9)]) == places, "after some frames it gets its turn again anyway"


def test_a_sliver_is_no_object():
    known = target(usual_area=500.0)
    left = np.zeros((40, 50), np.float32)
    assert sliver(known, left)
    left[0, : round(SLIVER_AREA * 500)] = 1
    assert sliver(known, left)
    left[1] = 1
    assert not sliver(known, left)
