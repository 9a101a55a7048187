from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.errors import OptionError
from videdit.shot_lists.timecode import frame_of, timecode_of

NTSC = Fraction(30000, 1001)
RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), Fraction(60000, 1001)]


@pytest.mark.parametrize(
    ("frame", "timecode"),
    [
        (0, "00:00:00;00"),
        (1799, "00:00:59;29"),
        (1800, "00:01:00;02"),
        (17981, "00:09:59;29"),
        (17982, "00:10:00;00"),
        (107892, "01:00:00;00"),
    ],
)
def test_drop_frame_at_the_minutes(frame: int, timecode: str) -> None:
    assert timecode_of(frame, NTSC, drop=True) == timecode
    assert frame_of(timecode, NTSC, drop=True) == frame


def test_sixty_drops_four() -> None:
    assert timecode_of(3600, Fraction(60000, 1001), drop=True) == "00:01:00;04"


@given(st.integers(0, 80_000 * 24), st.sampled_from(RATES), st.booleans())
def test_round_trip(frame: int, rate: Fraction, drop: bool) -> None:
    assert frame_of(timecode_of(frame, rate, drop=drop), rate, drop=drop) == frame


@given(st.integers(0, 2_000_000))
def test_drop_frame_keeps_with_the_clock(frame: int) -> None:
    hours, minutes, rest = timecode_of(frame, NTSC, drop=True).split(":")
    seconds, frames = rest.split(";")
    shown = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(frames) / 30
    assert abs(shown - float(frame / NTSC)) < 0.15


@pytest.mark.parametrize("wrong", ["", "1:2:3:4", "00:60:00:00", "00:00:61:00", "00:00:00:30", "00:01:00;01", "x"])
def test_what_is_no_timecode_is_refused(wrong: str) -> None:
    with pytest.raises(OptionError):
        frame_of(wrong, NTSC, drop=True)


def test_a_day_is_the_limit() -> None:
    with pytest.raises(OptionError, match="24 hours"):
        timecode_of(25 * 86400, Fraction(25), drop=False)


def test_odd_rates_have_no_timecode() -> None:
    with pytest.raises(OptionError, match="cannot count"):
        timecode_of(1, Fraction(1579, 100), drop=False)
