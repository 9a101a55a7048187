"""Which frames are looked at for a hole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videdit import Shot
from videdit_plugins.builtin.filler.candidates import Wanted, most_telling, sources

SHOT = Shot(100, 400)
INDICES = st.integers(100, 399)
REACHES = st.integers(1, 200)


@given(INDICES, REACHES)
def test_sources_lie_in_the_shot_and_in_reach_nearest_first(index: int, reach: int) -> None:
    found = list(sources(index, SHOT, reach))
    distances = [abs(other - index) for other in found]
    assert all(other in SHOT for other in found)
    assert distances == sorted(distances)
    assert all(0 < distance <= reach for distance in distances)
    assert len(found) == len(set(found))


@given(st.integers(150, 349))
def test_neighbours_ask_mostly_for_the_same_frames(index: int) -> None:
    mine, theirs = (set(sources(one, SHOT, 40)) for one in (index, index + 1))
    assert len(mine & theirs) >= 0.5 * min(len(mine), len(theirs))


@given(INDICES)
def test_the_frames_beside_are_always_looked_at(index: int) -> None:
    beside = {other for other in (index - 1, index + 1) if other in SHOT}
    assert beside <= set(sources(index, SHOT, 40))


def test_slivers_of_near_frames_do_not_use_up_the_places_of_far_ones() -> None:
    slivers = [np.arange(100) // 5 == number for number in range(12)]
    whole = [np.ones(100, np.bool_)] * 3
    distances = np.array([*range(1, 13), 40, 48, 48])
    assert {12, 13, 14} <= set(most_telling(distances, slivers + whole, Wanted(per_pixel=5, most=6)))


def test_of_frames_that_show_the_same_the_nearest_are_chosen() -> None:
    shows = [np.ones(10, np.bool_)] * 8
    assert most_telling(np.arange(1, 9), shows, Wanted(per_pixel=9, most=3)) == [0, 1, 2]
    assert most_telling(np.arange(1, 9), shows, Wanted(per_pixel=2, most=9)) == [0, 1]


def test_where_no_frame_shows_anything_none_is_chosen() -> None:
    assert most_telling(np.zeros(0, np.int64), [], Wanted(per_pixel=2, most=9)) == []


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 6), st.integers(1, 12), st.sampled_from([0.02, 0.3])
)
def test_frames_are_chosen_until_every_pixel_has_enough(
    seed: int, count: int, enough: int, most: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    shows = [rng.random(50) < rng.random() for _ in range(count)]
    chosen = most_telling(np.sort(rng.integers(1, 80, count)), shows, Wanted(enough, most, share))
    assert len(chosen) == len(set(chosen)) <= most
    seen = np.zeros(50)
    for one in chosen:
        assert np.count_nonzero(shows[one] & (seen < enough)) >= share * 50
        seen += shows[one]
    left = [shown for number, shown in enumerate(shows) if number not in chosen]
    if len(chosen) < most:
        assert all(np.count_nonzero(shown & (seen < enough)) < share * 50 for shown in left)
