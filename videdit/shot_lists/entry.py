"""Make a shot of what stands in a file, and say what is wrong with it."""

from __future__ import annotations

from typing import get_args

from videdit.errors import OptionError, ProjectError
from videdit.shots import Shot, Transition

TRANSITIONS = get_args(Transition)


def shot_of(start: object, stop: object, transition: object, transition_frames: object, where: str) -> Shot:
    """Return the shot. Raises ProjectError, with `where` the line or entry, if a value is not what it must be."""
    numbers = {"start": start, "stop": stop, "transition_frames": transition_frames}
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ProjectError(f"{name} must be a whole number, 0 or more, not {value!r}", where=where)
    if transition not in TRANSITIONS:
        raise ProjectError(
            f"there is no transition {transition!r}", where=where, next_step=f"use one of {', '.join(TRANSITIONS)}"
        )
    try:
        return Shot(start, stop, transition, transition_frames)  # type: ignore[arg-type]
    except OptionError as error:
        raise ProjectError(error.what, where=where) from error


def follow_on(shots: list[Shot], shot: Shot, where: str) -> None:
    """Add a shot to those before it. Raises ProjectError unless it begins where they end."""
    expected = shots[-1].stop if shots else 0
    if shot.start != expected:
        found = f"the shot begins at frame {shot.start}"
        after = f"the one before ends at {expected}" if shots else "the first one must begin at 0"
        raise ProjectError(f"{found}, but {after}", where=where)
    shots.append(shot)
