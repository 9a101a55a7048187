"""Hard cuts: nothing of the frames before is found in the frames after, though both hold together in themselves."""

from __future__ import annotations

from dataclasses import dataclass

from videdit_plugins.builtin.shots.window import Window

LOOKAHEAD_FRAMES = 4
SMALLEST_STEP = 3.0
"""In codes: two frames that differ less on the mean have no cut between them."""
LEAST_RISE = 1.25
"""In proportion to the differences around it; what rises less is not worth the search for likeness."""
MOST_ALIKE = 0.75
"""Frames more alike than this belong to one shot."""
LEAST_DROP = 0.24
"""Across a cut the likeness drops at least so far below that of the pairs around it."""
REACH_FRAMES = 5
RETURNED = 0.15
"""After a flash the former picture comes back: some pair across is so much more alike than the pair at the cut."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A frame that is unlike the one before.

    score: in [0, 1], how surely it is the first of a new shot; 0 if it is not
    flash: it begins or ends a flash
    """

    score: float
    flash: bool = False


def jump_at(window: Window, number: int, reach_frames: int = REACH_FRAMES) -> Jump | None:
    """Return what happens at frame `number`, None if nothing does.

    reach_frames: the longest flash, plus two
    """
    if not window.holds(number - 1) or not _is_peak(window, number):
        return None
    across = window.alike(number - 1, number)
    if across > MOST_ALIKE:
        return None
    if _returns(window, number, across, reach_frames):
        return Jump(0.0, flash=True)
    around = [
        window.alike(later - 1, later)
        for later in (number - 2, number - 1, number + 1, number + 2)
        if window.holds(later - 1) and window.holds(later)
    ]
    # A film of two frames has no pairs around; they are taken to be as alike as frames of one shot are.
    drop = (sum(around) / len(around) if around else 1.0) - across
    return Jump(min(1.0, 0.5 + drop)) if drop >= LEAST_DROP else None


def _is_peak(window: Window, number: int) -> bool:
    step = window.step(number)
    near = [window.step(other) for other in range(number - 2, number + 3) if window.holds(other) and other != number]
    return step >= SMALLEST_STEP and all(step >= other for other in near) and step * len(near) >= LEAST_RISE * sum(near)


def _returns(window: Window, number: int, across: float, reach_frames: int) -> bool:
    for back in range(1, reach_frames):
        for ahead in range(reach_frames - back):
            first, second = number - back, number + ahead
            adjacent = back == 1 and ahead == 0
            if adjacent or not window.holds(first) or not window.holds(second):
                continue
            if window.alike(first, second) > across + RETURNED:
                return True
    return False
