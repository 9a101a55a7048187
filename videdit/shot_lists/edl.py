"""Shots as an edit decision list, CMX 3600: for editing programs, which speak timecode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from videdit.errors import OptionError, ProjectError
from videdit.shot_lists.timecode import frame_of, is_drop_frame, timecode_of
from videdit.shot_lists.timing import Timing
from videdit.shots import Shot

_EVENT = re.compile(r"\d{3,}\s")
_FIELDS = re.compile(
    r"\d{3,}\s+(?P<reel>\S+)\s+(?P<track>\S+)\s+(?:C|D|W\d+|K\s*B?|KO)(?:\s+\d+)?"
    r"\s+(?P<start>\S+)\s+(?P<stop>\S+)\s+\S+\s+\S+"
)


def text_of(shots: Sequence[Shot], timing: Timing, source: str) -> str:
    """Return the file's text. Raises OptionError where the rate varies: timecode would name other frames."""
    if timing.varies:
        raise OptionError(
            "the film's rate varies, and an EDL has no way to say so", next_step="write a JSON, CSV or OTIO file"
        )
    name = PurePath(source).name or "untitled"
    lines = [
        f"TITLE: {' '.join(PurePath(name).stem.split())}",
        f"FCM: {'DROP FRAME' if timing.drop else 'NON-DROP FRAME'}",
    ]
    for number, shot in enumerate(shots, 1):
        begin, end = (
            timecode_of(timing.first_frame + frame, timing.rate, drop=timing.drop) for frame in (shot.start, shot.stop)
        )
        lines += ["", f"{number:03d}  AX       V     C        {begin} {end} {begin} {end}", f"* FROM CLIP NAME: {name}"]
    return "\n".join(lines) + "\n"


def ranges_in(text: str, timing: Timing) -> list[Shot]:
    """Return the ranges of the source that the picture events use, in the order of the events.

    Raises ProjectError that names the line.
    """
    if timing.varies:
        raise OptionError("the film's rate varies, and the timecode of an EDL does not name its frames")
    drop = timing.drop
    ranges: list[Shot] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"line {number}"
        if line.startswith("FCM:"):
            drop = "NON" not in line.upper()
        elif _EVENT.match(line):
            fields = _FIELDS.match(line)
            if fields is None:
                raise ProjectError("the event has no source in and out", where=where)
            if "V" not in fields["track"].upper() and fields["track"].upper() != "B":
                continue
            begin, end = (_frame(fields[name], timing, drop, where) for name in ("start", "stop"))
            # A dissolve begins with an event of no length at all, which stands for the shot it leaves.
            if begin == end:
                continue
            if begin > end:
                raise ProjectError("the event ends before it begins", where=where)
            ranges.append(Shot(begin, end, "start" if begin == 0 else "cut"))
    if not ranges:
        raise ProjectError("the file holds no picture events")
    return ranges


def _frame(timecode: str, timing: Timing, drop: bool, where: str) -> int:
    try:
        number = frame_of(timecode, timing.rate, drop=drop or is_drop_frame(timecode)) - timing.first_frame
    except OptionError as error:
        raise ProjectError(error.what, where=where, next_step=error.next_step) from error
    if number < 0:
        raise ProjectError(
            f"{timecode} lies before the film begins, at {timing.timecode or '00:00:00:00'}", where=where
        )
    return number
