"""SMPTE timecode: hours, minutes, seconds and frames, counted with and without drop-frame."""

from __future__ import annotations

import re
from fractions import Fraction

from videdit.errors import OptionError

_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")
_MINUTES_A_DAY = 24 * 60


def nominal_rate(rate: Fraction) -> int:
    """Return the frames that timecode counts to a second: 30 for 29.97.

    Raises OptionError for a rate that timecode cannot count.
    """
    nominal = round(rate)
    if nominal < 1 or rate not in (Fraction(nominal), Fraction(nominal * 1000, 1001)):
        raise OptionError(
            f"timecode cannot count {float(rate):.3f} frames a second",
            next_step="write a JSON, CSV or OTIO file",
        )
    return nominal


def drops(rate: Fraction) -> bool:
    """Return whether drop-frame counting exists for the rate: 29.97 and 59.94."""
    return rate in (Fraction(30000, 1001), Fraction(60000, 1001))


def is_drop_frame(timecode: str) -> bool:
    """Return whether the timecode is written as drop-frame, 00:00:00;00."""
    return ";" in timecode or "," in timecode


def frame_of(timecode: str, rate: Fraction, *, drop: bool) -> int:
    """Return the number of the frame that `timecode` names, 0 for 00:00:00:00.

    Raises OptionError if it is no timecode, or names a frame that is not counted.
    """
    parts = _TIMECODE.fullmatch(timecode.strip())
    if parts is None:
        raise OptionError(f"{timecode!r} is no timecode", next_step="write it as 01:00:00:00")
    nominal = nominal_rate(rate)
    hours, minutes, seconds, frames = (int(parts[group]) for group in (1, 2, 3, 5))
    if minutes > 59 or seconds > 59 or frames >= nominal:
        raise OptionError(f"{timecode!r} is no timecode at {float(rate):.2f} frames a second")
    minute = 60 * hours + minutes
    number = (60 * minute + seconds) * nominal + frames
    if not (drop and drops(rate)):
        return number
    dropped = nominal // 15
    if seconds == 0 and frames < dropped and minute % 10 != 0:
        raise OptionError(f"{timecode!r} is a number that drop-frame counting leaves out")
    return number - dropped * (minute - minute // 10)


def timecode_of(frame: int, rate: Fraction, *, drop: bool) -> str:
    """Return the timecode of a frame. Raises OptionError from 24 hours on."""
    nominal = nominal_rate(rate)
    separator = ":"
    if drop and drops(rate):
        separator = ";"
        dropped = nominal // 15
        minute_frames = 60 * nominal - dropped
        ten_minutes, rest = divmod(frame, 10 * minute_frames + dropped)
        # The first minute of ten keeps its first numbers, the nine others lose them.
        minutes_dropped = max(0, (rest - dropped) // minute_frames) if rest >= dropped else 0
        frame += dropped * (9 * ten_minutes + minutes_dropped)
    seconds, frames = divmod(frame, nominal)
    minutes, seconds = divmod(seconds, 60)
    if frame < 0 or minutes >= _MINUTES_A_DAY:
        raise OptionError("timecode counts from 0 to 24 hours, and the film lies outside")
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{separator}{frames:02d}"
