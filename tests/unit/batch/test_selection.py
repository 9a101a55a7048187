"""Which frames are chosen, and how shots are cut for it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.batch.selection import Selection, numbers, pieces_of, together
from videdit.errors import OptionError, OutsideFrame
from videdit.media import VideoReader, open_video
from videdit.shots import Shot, shots_from_cuts

COUNT = 60
SHOTS = [Shot(0, 12, "start"), Shot(12, 30), Shot(30, 40)]
ranges = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(1, 20)).map(
        lambda pair: Shot(pair[0], min(COUNT, pair[0] + pair[1]))
    ),
    max_size=6,
)
cuts = st.sets(st.integers(1, COUNT - 1), max_size=8)


@given(ranges)
def test_the_union_holds_the_same_frames_and_nothing_touches(some: list[Shot]) -> None:
    union = together(some)
    assert {index for one in union for index in one} == {index for one in some for index in one}
    assert all(one.stop < other.start for one, other in itertools.pairwise(union))


@given(ranges, cuts)
def test_pieces_are_the_film_and_none_crosses_a_cut_or_the_choice(some: list[Shot], at: set[int]) -> None:
    shots = shots_from_cuts(at, COUNT)
    pieces = pieces_of(shots, together(some))
    assert [index for piece in pieces for index in piece.frames] == list(range(COUNT))
    chosen = {index for one in some for index in one}
    for piece in pieces:
        shot = shots[piece.number - 1]
        assert shot.start <= piece.frames.start
        assert piece.frames.stop <= shot.stop
        assert {index in chosen for index in piece.frames} == {piece.chosen}


@given(ranges, cuts, st.sets(st.integers(1, 9)))
def test_only_named_shots_are_chosen(some: list[Shot], at: set[int], only: set[int]) -> None:
    shots = shots_from_cuts(at, COUNT)
    pieces = pieces_of(shots, together(some), only)
    assert [index for piece in pieces for index in piece.frames] == list(range(COUNT))
    assert {piece.number for piece in pieces if piece.chosen} <= only


@given(st.sets(st.integers(1, 40), min_size=1))
def test_numbers_are_read_as_they_are_written(wanted: set[int]) -> None:
    assert numbers(",".join(map(str, sorted(wanted))), 40) == sorted(wanted)


def test_numbers_in_ranges() -> None:
    assert numbers("3-5, 9,11-", 12) == [3, 4, 5, 9, 11, 12]


@pytest.mark.parametrize("text", ["", "a", "1--2", "1,", "-3", "2.5"])
def test_what_is_no_list_of_numbers_is_said(text: str) -> None:
    with pytest.raises(OptionError, match="not understood"):
        numbers(text, 9)


@pytest.mark.parametrize("text", ["0", "10", "4-2", "3-10", "12-"])
def test_shots_that_are_not_there_are_said(text: str) -> None:
    with pytest.raises(OptionError, match="there is no shot"):
        numbers(text, 9)


@pytest.fixture
def reader(film: Path) -> VideoReader:
    return open_video(film)


def frames(selection: Selection, reader: VideoReader) -> list[tuple[int, int]]:
    with reader:
        return [(one.start, one.stop) for one in selection.frames(SHOTS, reader)]


def test_nothing_chosen_is_everything(reader: VideoReader) -> None:
    assert frames(Selection(), reader) == [(0, 40)]


def test_numbers_times_and_lists_add_up(reader: VideoReader, tmp_path: Path) -> None:
    listed = tmp_path / "ranges.edl"
    listed.write_text("TITLE: x\n001  AX       V     C        00:00:01:10 00:00:01:13 00:00:00:00 00:00:00:03\n")
    selection = Selection("1", ("14..16", "0.8s..00:00:00.88"), (listed,))
    assert frames(selection, reader) == [(0, 12), (14, 16), (20, 22), (35, 38)]


def test_a_range_may_end_with_the_film(reader: VideoReader) -> None:
    assert frames(Selection(ranges=("38..",)), reader) == frames(Selection(ranges=("38..40",)), reader) == [(38, 40)]


def test_wrong_ranges_are_said(reader: VideoReader) -> None:
    with pytest.raises(OptionError, match="not understood"):
        frames(Selection(ranges=("12",)), reader)
    with pytest.raises(OptionError, match="is empty"):
        frames(Selection(ranges=("12..12",)), reader)
    with pytest.raises(OutsideFrame):
        frames(Selection(ranges=("12..41",)), reader)
