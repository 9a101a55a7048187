"""One owner for each pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from videdit_plugins.builtin.tracker.channels import NAMES, Channels
from videdit_plugins.builtin.tracker.combine import log_odds_by_looks
from videdit_plugins.builtin.tracker.rivals import share_out

maps = arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32))
NO_FRIENDS = {1: set(), 2: set(), 3: set()}


@settings(max_examples=60, deadline=None)
@given(maps, maps, maps)
def test_no_pixel_has_two_owners_and_the_likeliest_keeps_it(one, two, three):
    given_maps = {1: one, 2: two, 3: three}
    shared = share_out(given_maps, NO_FRIENDS)
    owned = np.stack([shared[key] > 0.5 for key in given_maps])
    assert (owned.sum(axis=0) <= 1).all()
    for key, before in given_maps.items():
        assert (shared[key] <= before).all()
    # Somebody keeps every pixel that was clearly somebody's.
    assert (owned.any(axis=0) | (np.max([one, two, three], axis=0) < 0.51)).all()


def test_equals_go_to_the_lower_id():
    same = np.full((3, 3), 0.999, np.float32)
    shared = share_out({2: same, 1: same.copy()}, NO_FRIENDS)
    assert (shared[1] > 0.5).all()
    assert not (shared[2] > 0.5).any()


def test_objects_apart_and_friends_are_left_as_they_are():
    left, right = np.zeros((4, 9), np.float32), np.zeros((4, 9), np.float32)
    left[:, :4], right[:, 5:] = 0.9, 0.9
    shared = share_out({1: left, 2: right}, NO_FRIENDS)
    assert shared[1] is left
    assert shared[2] is right
    friends = share_out({1: left, 2: left}, {1: {2}, 2: {1}})
    assert friends[1] is left
    assert friends[2] is left


def test_what_a_rival_took_while_an_object_was_lost_goes_back_to_it():
    """A rival that swallowed the object holds its pixels by having held them, not by looking like the rival."""
    found, rival = np.full((3, 4), 0.7, np.float32), np.full((3, 4), 0.9, np.float32)
    looks = {1: found, 2: np.full((3, 4), 0.9, np.float32)}
    looks[2][:, :2] = 0.2
    shared = share_out({1: found, 2: rival}, NO_FRIENDS, looks, {1})
    np.testing.assert_array_equal(shared[1] > 0.5, looks[2] < 0.5)
    np.testing.assert_array_equal(shared[2] > 0.5, looks[2] > 0.5)
    assert not (share_out({1: found, 2: rival}, NO_FRIENDS, looks)[1] > 0.5).any()


def test_looks_leave_out_place_and_motion():
    evidence = np.zeros((len(NAMES), 2, 2), np.float32)
    nothing = log_odds_by_looks(Channels(evidence, *evidence[:3]))
    evidence[[NAMES.index("prior"), NAMES.index("motion")]] = 1
    np.testing.assert_array_equal(log_odds_by_looks(Channels(evidence, *evidence[:3])), nothing)
    evidence[NAMES.index("classifier")] = 1
    assert (log_odds_by_looks(Channels(evidence, *evidence[:3])) > nothing).all()
