"""The shots of a film as rows for a person or a program."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from videdit.shot_lists import Timing
from videdit.shots import Shot


def shot_rows(shots: Sequence[Shot], timing: Timing) -> list[dict[str, Any]]:
    """Return a row for each shot: frames (stop not included), times and how it begins."""
    return [
        {
            "number": number,
            "start": shot.start,
            "stop": shot.stop,
            "start_seconds": float(timing.seconds(shot.start)),
            "stop_seconds": float(timing.seconds(shot.stop)),
            "transition": shot.transition,
            "transition_frames": shot.transition_frames,
        }
        for number, shot in enumerate(shots, start=1)
    ]


def clock(seconds: float | Fraction) -> str:
    """Return a time as 00:01:02.500."""
    milliseconds = round(float(seconds) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def shot_line(row: dict[str, Any]) -> str:
    """Return a row as a line of text."""
    times = f"{clock(row['start_seconds'])} .. {clock(row['stop_seconds'])}"
    length = f" of {row['transition_frames']} frames" if row["transition_frames"] else ""
    return f"{row['number']:4d}  frames {row['start']}..{row['stop'] - 1}  {times}  {row['transition']}{length}"
