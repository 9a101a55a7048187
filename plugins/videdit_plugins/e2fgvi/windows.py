"""Which frames the network sees together."""

from __future__ import annotations

from dataclasses import dataclass

from videdit import Shot

REACH = 5
"""Neighbours on each side of a window's middle, and the step from one middle to the next; as it was trained."""


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """Neighbours and references around one frame.

    local:      indices of neighbouring frames, ascending
    references: indices of distant frames, ascending; none of them local
    """

    middle: int
    local: range
    references: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The windows of a shot.

    every: distance of references from one another
    most:  how many of them a window has at most
    """

    shot: Shot
    every: int
    most: int

    def middles(self, index: int) -> list[int]:
        """Return the middles of the windows that hold frame `index`, ascending."""
        start = self.shot.start
        first = start + max(0, -(-(index - start - REACH) // REACH)) * REACH
        return [middle for middle in range(first, index + REACH + 1, REACH) if middle < self.shot.stop]

    def local(self, middle: int) -> range:
        """Return the neighbours in the window around that frame, itself included."""
        return range(max(self.shot.start, middle - REACH), min(self.shot.stop, middle + REACH + 1))

    def window(self, middle: int) -> FrameWindow:
        """Return the window around that frame; its references are the nearest ones."""
        local = self.local(middle)
        distant = [index for index in range(self.shot.start, self.shot.stop, self.every) if index not in local]
        nearest = sorted(distant, key=lambda index: abs(index - middle))[: self.most]
        return FrameWindow(middle, local, tuple(sorted(nearest)))


def weight(middle: int, index: int) -> int:
    """Return how much the window around `middle` counts on frame `index`: a triangle, the same on both sides."""
    return REACH + 1 - abs(middle - index)
