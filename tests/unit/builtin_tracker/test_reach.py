"""Where a hidden object can be: behind what hides it, where it was, and what came from nowhere."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit_plugins.builtin.tracker.flow import coarse_flow
from videdit_plugins.builtin.tracker.planes import Plane
from videdit_plugins.builtin.tracker.reach import MARGIN_PX, back_flow, carried, carry_reaches, reach_after
from videdit_plugins.builtin.tracker.target import Target

SIZE = (60, 100)


def box(x0, y0, x1, y1):
    mask = np.zeros(SIZE, np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


NOTHING = box(0, 0, 0, 0)
THING, BESIDE, AWAY = box(20, 20, 40, 40), box(41, 20, 60, 40), box(80, 20, 95, 40)


def plane(index, pixels):
    gray = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    return Plane(index, np.repeat(gray[..., None], 3, axis=2), gray, pixels)


def picture(seed, across=0):
    wide = np.random.default_rng(seed).normal(0, 1, (SIZE[0], SIZE[1] + 40)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 2.0)
    grey = np.clip(128 + wide * (50 / wide.std()), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(grey[:, 20 - across : 20 - across + SIZE[1]])


def test_an_object_apart_from_the_others_can_be_anywhere():
    assert reach_after(None, THING, [AWAY]) is None
    assert reach_after(BESIDE, THING, [AWAY]) is None
    assert reach_after(None, NOTHING, [AWAY]) is None
    assert reach_after(None, THING, []) is None


def test_an_object_beside_another_can_be_where_it_is_and_behind_that_one():
    reach = reach_after(AWAY, THING, [BESIDE, AWAY])
    assert reach is not None
    assert (reach >= (THING | BESIDE)).all()
    assert not (reach & AWAY).any()
    near = cv2.dilate((THING | BESIDE).view(np.uint8), np.ones((2 * MARGIN_PX + 1, 2 * MARGIN_PX + 1), np.uint8)) > 0
    assert (reach <= near).all()


def test_an_object_out_of_sight_stays_behind_what_can_hide_it():
    reach = reach_after(THING, NOTHING, [BESIDE, AWAY])
    np.testing.assert_array_equal(reach, THING)
    moved_on = box(35, 20, 60, 40)
    np.testing.assert_array_equal(reach_after(THING, NOTHING, [moved_on, AWAY]), THING | moved_on)


@settings(max_examples=10, deadline=None)
@given(across=st.integers(-4, 4), seed=st.integers(0, 5))
def test_a_reach_moves_with_the_picture_and_what_was_in_sight_stays_out_of_it(across, seed):
    before, now = plane(0, picture(seed)), plane(1, picture(seed, across))
    forward = coarse_flow(before, now)
    assert forward is not None
    reach = carried(THING, back_flow(before, now, forward))
    moved = np.roll(THING, across, axis=1)
    assert (reach & moved).sum() > 0.9 * moved.sum()
    assert (reach & ~moved).sum() < 0.2 * moved.sum()


def test_what_comes_from_nowhere_beside_a_reach_is_in_it():
    pixels = picture(1)
    changed = pixels.copy()
    changed[20:40, 40:46] = 255 - changed[20:40, 40:46]
    changed[20:40, 80:86] = 255 - changed[20:40, 80:86]
    before, now = plane(0, pixels), plane(1, changed)
    reach = carried(THING, back_flow(before, now, coarse_flow(before, now)))
    assert reach[25:35, 41:45].mean() > 0.5
    assert not reach[:, 70:].any()


def test_frames_too_small_for_flow_leave_no_reach():
    target = Target(np.zeros((8, 8), np.float32), reach=np.ones((4, 4), np.bool_))
    small = Plane(0, np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint8))
    carry_reaches({1: target}, small, small, None)
    assert target.reach is None
