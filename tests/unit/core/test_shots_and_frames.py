"""Shots cover a film without gap; regions are half-open; frames know their time; a shot's frames end at its cuts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from videdit.errors import OptionError, ShapeError
from videdit.frames import ArrayFrames, Frame, FrameSequence, Region, to_uint8
from videdit.shots import Shot, check_shots, shot_at, shots_from_cuts

SIZE = (24, 32)
SIDES = st.integers(0, 32)
REGIONS = st.builds(Region, SIDES, SIDES, SIDES, SIDES)


def painted(region: Region) -> np.ndarray:
    mask = np.zeros((64, 64), dtype=bool)
    mask[region.slices] = True
    return mask


# -- shots -------------------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(-5, 130)), st.integers(1, 120))
def test_shots_from_cuts_cover_the_film(cuts: set[int], frame_count: int) -> None:
    shots = shots_from_cuts(cuts, frame_count)
    check_shots(shots, frame_count)
    assert [index for shot in shots for index in shot] == list(range(frame_count))
    assert {shot.start for shot in shots} == {0} | {cut for cut in cuts if 0 < cut < frame_count}
    assert [shot.transition for shot in shots] == ["start"] + ["cut"] * (len(shots) - 1)
    for index in (0, frame_count // 2, frame_count - 1):
        assert index in shot_at(shots, index)


@pytest.mark.parametrize("ends", [(5, 5), (6, 5), (-1, 5)])
def test_a_shot_is_not_empty(ends: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="a shot begins at 0 or later and ends after it begins"):
        Shot(*ends)


def test_a_shot_is_half_open() -> None:
    shot = Shot(3, 6)
    assert (len(shot), list(shot)) == (3, [3, 4, 5])
    assert [index in shot for index in (2, 3, 5, 6)] == [False, True, True, False]
    assert "3" not in shot


@pytest.mark.parametrize(
    ("shots", "told"),
    [
        ([Shot(0, 5), Shot(6, 10)], "shot 1 begins at frame 6, but the one before ends at 5"),
        ([Shot(0, 5), Shot(4, 10)], "shot 1 begins at frame 4, but the one before ends at 5"),
        ([Shot(1, 10)], "shot 0 begins at frame 1"),
        ([Shot(0, 9)], "the shots end at frame 9, but the film has 10 frames"),
        ([], "the shots end at frame 0"),
    ],
)
def test_gaps_and_overlaps_are_named(shots: list[Shot], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        check_shots(shots, 10)


def test_no_shot_holds_it() -> None:
    with pytest.raises(IndexError, match="frame 9 lies in no shot"):
        shot_at([Shot(0, 9)], 9)


# -- regions -----------------------------------------------------------------------------------------------------------


@given(arrays.arrays(np.bool_, SIZE))
def test_a_masks_region_is_the_smallest_that_holds_it(mask: np.ndarray) -> None:
    region = Region.of(mask)
    assert mask.sum() == mask[region.slices].sum()
    assert region.empty == (not mask.any())
    if not region.empty:
        inside = mask[region.slices]
        assert inside.shape == (region.height, region.width)
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


@given(REGIONS, REGIONS)
def test_a_union_holds_both_and_is_symmetric(one: Region, other: Region) -> None:
    both = one.union(other)
    assert (painted(both) >= (painted(one) | painted(other))).all()
    assert painted(both).tolist() == painted(other.union(one)).tolist()
    if one.empty and not other.empty:
        assert both == other


@given(st.tuples(st.integers(0, 31), st.integers(0, 31)), st.integers(1, 32), st.integers(1, 32), st.integers(0, 80))
def test_growing_stays_inside_the_frame(corner: tuple[int, int], x1: int, y1: int, by_px: int) -> None:
    region = Region(min(corner[0], x1 - 1), min(corner[1], y1 - 1), x1, y1)
    grown = region.grown(by_px, (32, 32))
    assert grown.union(Region.whole((32, 32))) == Region.whole((32, 32))
    assert grown.union(region) == grown
    assert region.grown(0, (32, 32)) == region


def test_a_whole_frame() -> None:
    whole = Region.whole(SIZE)
    assert (whole.width, whole.height, whole.empty) == (32, 24, False)
    assert Region(5, 5, 3, 9).width == 0


# -- frames ------------------------------------------------------------------------------------------------------------


def test_a_frame_knows_its_time_exactly() -> None:
    frame = Frame(np.zeros((4, 6, 3), np.uint8), 7, 7007, Fraction(1, 30000))
    assert frame.time_seconds == Fraction(7007, 30000)
    assert frame.size == (4, 6)
    assert repr(frame) == "Frame(index=7, 6x4 uint8, 0.234 s)"


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3), np.float32)]
)
def test_what_is_no_frame(pixels: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"a frame is \(H, W, 3\) uint8 or uint16, not"):
        Frame(pixels, 0, 0, Fraction(1, 25))


@given(st.integers(0, 65535))
def test_deep_pixels_round_to_the_nearest(value: int) -> None:
    eight = int(to_uint8(np.full((1, 1, 3), value, np.uint16))[0, 0, 0])
    assert abs(eight * 257 - value) <= 128


def test_8_bits_come_through_16_unchanged() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    assert np.array_equal(to_uint8(every.astype(np.uint16) * 257), every)
    assert to_uint8(every) is every


def test_frames_in_memory_end_at_their_shot() -> None:
    frames = ArrayFrames(np.zeros((3, 4, 6, 3), np.uint8), first_index=10, frames_per_second=Fraction(50))
    assert isinstance(frames, FrameSequence)
    assert [frame.index for frame in frames] == [10, 11, 12]
    assert (len(frames), frames.size, frames.shot) == (3, (4, 6), Shot(10, 13))
    assert frames[11].time_seconds == Fraction(11, 50)
    for outside in (9, 13, -1, 0):
        with pytest.raises(IndexError, match=r"outside the shot \[10, 13\)"):
            frames[outside]
    with pytest.raises(ShapeError, match="at least one frame"):
        ArrayFrames([])
