"""Moments and prompts: every form that is read, and every one that is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.errors import OptionError
from videdit.prompts import DEFAULT_OBJECT, FIRST, Box, Click, MaskPrompt, Moment, Phrase, Stroke


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12", Moment(frame=12)),
        ("@12", Moment(frame=12)),
        (" @0 ", FIRST),
        ("007", Moment(frame=7)),
        ("2.5s", Moment(seconds=Fraction(5, 2))),
        ("@2s", Moment(seconds=Fraction(2))),
        ("00:01:02.5", Moment(seconds=Fraction(125, 2))),
        ("01:02.5", Moment(seconds=Fraction(125, 2))),
        ("1:02", Moment(seconds=Fraction(62))),
        ("100:00:00", Moment(seconds=Fraction(360000))),
        ("00:00:00", Moment(seconds=Fraction(0))),
        ("1:02.1s", Moment(seconds=Fraction(621, 10))),
        ("0.1s", Moment(seconds=Fraction(1, 10))),
    ],
)
def test_forms_of_a_moment(text: str, moment: Moment) -> None:
    assert Moment.parse(text) == moment


@pytest.mark.parametrize("text", ["", "@", "2.5", "-1", "1:2:3:4", "one", "s", "1e3s", "12f", ":30", "١٢", "@@3", "1:"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(OptionError, match=r"is no moment; write a frame number \(12\) or a time"):
        Moment.parse(text)


@given(st.integers(0, 10**9))
def test_a_frame_is_written_as_it_is_read(frame: int) -> None:
    moment = Moment(frame=frame)
    assert Moment.parse(str(moment)) == moment


@given(st.integers(0, 10**11))
def test_a_time_is_written_as_it_is_read_to_the_microsecond(microseconds: int) -> None:
    moment = Moment(seconds=Fraction(microseconds, 10**6))
    assert Moment.parse(str(moment)) == moment


@pytest.mark.parametrize(
    "values", [{}, {"frame": 1, "seconds": Fraction(1)}, {"frame": -1}, {"seconds": Fraction(-1, 2)}]
)
def test_a_moment_is_one_of_two_and_not_negative(values: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="a moment is"):
        Moment(**values)  # type: ignore[arg-type]


def test_prompts_stand_on_the_first_frame_for_the_one_object() -> None:
    click = Click(3, 4)
    assert (click.at, click.object, click.positive) == (FIRST, DEFAULT_OBJECT, True)
    assert Phrase("faces", object="crowd").object == "crowd"


@pytest.mark.parametrize("corners", [(10, 10, 10, 20), (10, 10, 20, 10), (20, 10, 10, 20)])
def test_an_empty_box(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(OptionError, match=r"the box .* is empty; write left,top,right,bottom"):
        Box(*corners)


def test_a_box_need_not_be_whole_pixels() -> None:
    assert Box(0.5, 0.5, 0.75, 1).x1 == 0.75


@pytest.mark.parametrize("values", [{"points": ()}, {"points": ((1, 2),), "radius_px": 0}])
def test_a_stroke_needs_a_point_and_a_brush(values: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="at least one point and a radius above 0"):
        Stroke(**values)  # type: ignore[arg-type]


def test_a_mask_names_a_file_or_carries_pixels() -> None:
    with pytest.raises(OptionError, match="names a file or carries pixels"):
        MaskPrompt()
    assert MaskPrompt(path=Path("a.png")) == MaskPrompt(path=Path("a.png"), mask=np.ones((2, 2), bool))
