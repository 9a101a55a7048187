"""Linking, carrying and filling: what is covered between the detector's looks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import videdit
from tests.unit.detections.conftest import CUT, SIZE, Teller, Told, drawn, place
from videdit.detections.carrying import Carrier
from videdit.detections.follower import Follower
from videdit.detections.linking import link, overlaps
from videdit.detections.sightings import Sighting, Tracklet, as_boxes
from videdit.detections.smoothing import smoothed
from videdit.detections.steps import FollowOptions

STOP = CUT  # one shot


def follow(told: Told, *, discs: tuple[int, ...] = (0, 1), stop: int = STOP, **options: object) -> list[Tracklet]:
    following = FollowOptions.model_validate({"every": 4, "look_px": 160, "hold": 12, "extend": 3, **options})
    follower = Follower(following, SIZE, 0)
    teller = Teller(told)
    for index in range(stop):
        rgb = drawn(index, discs)
        found = None
        if index % following.every == 0 or index + 1 == stop:
            frame = videdit.ArrayFrames([rgb], first_index=index)[index]
            found = teller.detect(frame)
        follower.step(index, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), found)
    return follower.finish()


def overlap(one: Sighting, number: int) -> float:
    return float(overlaps(as_boxes([one.box]), as_boxes([place(number, one.index)]))[0, 0])


def test_between_two_looks_the_flow_carries_on() -> None:
    tracklets = follow(lambda index: [(0, 0.9), (1, 0.8)])
    assert [len(one.sightings) for one in tracklets] == [STOP, STOP]
    for number, one in enumerate(tracklets):
        assert [s.index for s in one.sightings] == list(range(STOP))
        assert min(overlap(s, number) for s in one.sightings) > 0.8
        assert {s.source for s in one.sightings if s.index % 4} == {"filled", "detected"}  # the last frame is looked at
        assert not any(s.doubt for s in one.sightings)


def test_a_gap_is_filled_and_is_doubtful() -> None:
    (one,) = follow(lambda index: [] if 4 <= index < 14 else [(0, 0.9)])
    assert [s.index for s in one.sightings] == list(range(STOP))
    assert min(overlap(s, 0) for s in one.sightings) > 0.7
    assert [s.index for s in one.sightings if s.doubt == "gap"] == list(range(1, 16))


def test_a_gap_longer_than_hold_is_not_filled() -> None:
    tracklets = follow(lambda index: [(0, 0.9)] if index in (0, 4, 16, 19) else [], hold=6)
    assert len(tracklets) == 2
    covered = {s.index for one in tracklets for s in one.sightings}
    assert 10 < len(covered) < STOP
    assert {s.doubt for s in tracklets[0].sightings if s.index > 4} == {"lost"}
    assert {s.doubt for s in tracklets[1].sightings if s.index < 16} == {"late"}


def test_a_faint_find_continues_but_does_not_begin() -> None:
    continued = follow(lambda index: [(0, 0.9 if index == 0 else 0.2)])
    assert [len(one.sightings) for one in continued] == [STOP]
    assert follow(lambda index: [(0, 0.2)]) == []


def test_what_is_found_once_and_faintly_is_dropped() -> None:
    assert follow(lambda index: [(0, 0.4)] if index == 8 else []) == []
    (one,) = follow(lambda index: [(0, 0.8)] if index == 8 else [], extend=3)
    assert {8 - 4, 8, 8 + 3} <= {s.index for s in one.sightings}


def test_a_shot_of_one_frame() -> None:
    tracklets = follow(lambda index: [(0, 0.4), (1, 0.8)], stop=1)
    assert [len(one.sightings) for one in tracklets] == [1, 1]


def test_it_ends_where_it_leaves_the_picture() -> None:
    options = FollowOptions.model_validate({"every": 2, "extend": 6, "hold": 6})
    follower = Follower(options, SIZE, 0)
    ground = np.random.default_rng(0).integers(0, 255, (SIZE[0] // 4, SIZE[1] // 4), np.uint8)
    still = cv2.resize(ground, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    for index in range(20):
        x0 = 100.0 + 6 * index
        found = [videdit.Detection(x0, 40, min(160.0, x0 + 24), 70, 0.9, "disc")] if x0 < 140 else []
        follower.step(index, np.roll(still, 6 * index, axis=1), found if index % 2 == 0 else None)
    (one,) = follower.finish()
    assert not any(s.doubt for s in one.sightings)
    assert one.sightings[-1].index < 14


def test_carrying_forth_and_back() -> None:
    carrier = Carrier(3)
    for index in (0, 1):
        carrier.push(index, cv2.cvtColor(drawn(index), cv2.COLOR_RGB2GRAY))
    start = as_boxes([place(0, 0), place(1, 0)])
    there, trust = carrier.carry(start, 0, 1)
    assert np.abs(there - as_boxes([place(0, 1), place(1, 1)])).max() < 0.5
    assert trust.min() > 0.6
    back, _ = carrier.carry(there, 1, 0)
    assert np.abs(back - start).max() < 0.5


def test_nothing_is_believed_of_a_flat_picture() -> None:
    carrier = Carrier(2)
    carrier.push(0, np.full(SIZE, 80, np.uint8))
    carrier.push(1, np.random.default_rng(1).integers(0, 255, SIZE, np.uint8))
    box = as_boxes([place(0, 0)])
    there, trust = carrier.carry(box, 0, 1)
    assert trust[0] < 0.5
    assert there.shape == (1, 4)


def test_old_pictures_are_let_go() -> None:
    carrier = Carrier(2)
    for index in range(5):
        carrier.push(index, np.zeros((4, 4), np.uint8))
    assert [carrier.has(index) for index in range(5)] == [False, False, False, True, True]


BOX = st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(2, 30), st.integers(2, 30)).map(
    lambda row: (float(row[0]), float(row[1]), float(row[0] + row[2]), float(row[1] + row[3]))
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BOX, max_size=4), st.lists(BOX, max_size=4))
def test_links_are_one_to_one_and_within_reach(
    expected: list[tuple[float, ...]], found: list[tuple[float, ...]]
) -> None:
    pairs = link(as_boxes(expected), as_boxes(found), np.full(len(expected), 0.7))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    for i, j in pairs:
        first, second = np.array(expected[i]), np.array(found[j])
        apart = np.linalg.norm((first[:2] + first[2:] - second[:2] - second[2:]) / 2)
        assert apart <= 0.7 * np.sqrt(np.prod(first[2:] - first[:2])) + 1e-6


def test_all_pairs_together_fit_best() -> None:
    # The nearest pair first would leave the other one out of reach.
    expected = as_boxes([(0, 0, 10, 10), (8, 0, 18, 10)])
    found = as_boxes([(6, 0, 16, 10), (14, 0, 24, 10)])
    assert sorted(link(expected, found, np.array([0.7, 0.7]))) == [(0, 0), (1, 1)]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BOX, min_size=1, max_size=8))
def test_smoothing_lays_nothing_open(boxes: list[tuple[float, float, float, float]]) -> None:
    row = [Sighting(index, box, 0.9, "detected") for index, box in enumerate(boxes)]
    for before, after in zip(row, smoothed(row), strict=True):
        assert after.index == before.index
        assert all(new <= old + 1e-6 for new, old in zip(after.box[:2], before.box[:2], strict=True))
        assert all(new >= old - 1e-6 for new, old in zip(after.box[2:], before.box[2:], strict=True))


def test_still_boxes_stay() -> None:
    row = [Sighting(index, (4.0, 5.0, 14.0, 25.0), 0.9, "detected") for index in range(6)]
    assert [one.box for one in smoothed(row)] == [pytest.approx((4, 5, 14, 25))] * 6
