"""Shots as CSV, in PySceneDetect's columns and two more.

Frames count; a person who edits need not correct the times. As PySceneDetect has it, `Start Frame` is counted from 1
and `End Frame` is the number, counted from 1, of the last frame. Its own files are read, too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction

from videdit.errors import ProjectError
from videdit.shot_lists.entry import follow_on, shot_of
from videdit.shot_lists.timing import Timing
from videdit.shots import Shot

COLUMNS = (
    "Scene Number", "Start Frame", "Start Timecode", "Start Time (seconds)", "End Frame", "End Timecode",
    "End Time (seconds)", "Length (frames)", "Length (timecode)", "Length (seconds)", "Transition",
    "Transition Frames",
)  # fmt: skip


def text_of(shots: Sequence[Shot], timing: Timing, source: str) -> str:
    """Return the file's text. `source` has no place in it."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, shot in enumerate(shots, 1):
        start, stop = timing.seconds(shot.start), timing.seconds(shot.stop)
        writer.writerow(
            [number, shot.start + 1, _clock(start), f"{float(start):.3f}", shot.stop, _clock(stop),
             f"{float(stop):.3f}", len(shot), _clock(stop - start), f"{float(stop - start):.3f}",
             shot.transition, shot.transition_frames]
        )  # fmt: skip
    return sheet.getvalue()


def _clock(seconds: Fraction) -> str:
    thousandths = round(seconds * 1000)
    minutes, thousandths = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{thousandths // 1000:02d}.{thousandths % 1000:03d}"


def shots_in(text: str) -> list[Shot]:
    """Return the shots in a file's text. Raises ProjectError that names the line."""
    reader = csv.reader(io.StringIO(text))
    heads: list[str] | None = None
    shots: list[Shot] = []
    try:
        for row in reader:
            where = f"line {reader.line_num}"
            if heads is None:
                # PySceneDetect may put a line of cuts above the heads.
                if "Start Frame" in row:
                    heads = row
            elif any(cell.strip() for cell in row):
                follow_on(shots, _shot(dict(zip(heads, row, strict=False)), first=not shots, where=where), where)
    except csv.Error as error:
        raise ProjectError(f"the file is no CSV: {error}", where=f"line {reader.line_num}") from error
    if heads is None:
        raise ProjectError("the file has no column Start Frame", next_step=f"its heads are {', '.join(COLUMNS)}")
    return shots


def _shot(row: dict[str, str], *, first: bool, where: str) -> Shot:
    start = _whole(row, "Start Frame", where)
    if start < 1:
        raise ProjectError(f"Start Frame is counted from 1, it cannot be {start}", where=where)
    transition = row.get("Transition", "").strip() or ("start" if first else "cut")
    frames = _whole(row, "Transition Frames", where) if row.get("Transition Frames", "").strip() else 0
    return shot_of(start - 1, _whole(row, "End Frame", where), transition, frames, where)


def _whole(row: dict[str, str], column: str, where: str) -> int:
    text = row.get(column, "").strip()
    if not text.isascii() or not text.isdigit():
        raise ProjectError(f"{column} must be a whole number, not {text!r}", where=where)
    return int(text)
