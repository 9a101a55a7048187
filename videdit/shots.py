"""A shot: the frames between two cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from videdit.errors import OptionError

Transition: TypeAlias = Literal["start", "cut", "dissolve", "fade"]
"""How a shot begins. "start" is the beginning of the film."""


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """The half-open range of frames [start, stop).

    transition:        how it begins
    transition_frames: length of that transition in frames; 0 for a cut. A dissolve's middle is `start`.
    """

    start: int
    stop: int
    transition: Transition = "cut"
    transition_frames: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise OptionError(f"a shot begins at 0 or later and ends after it begins, not [{self.start}, {self.stop})")

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and self.start <= index < self.stop

    def __iter__(self) -> Iterator[int]:
        """Iterate over the indices of the frames."""
        return iter(range(self.start, self.stop))


def shot_inside(shot: Shot, span: Shot | None) -> Shot | None:
    """Return the part of a shot that lies inside `span`, None if nothing does; all of it if there is no span."""
    if span is None:
        return shot
    start, stop = max(shot.start, span.start), min(shot.stop, span.stop)
    return replace(shot, start=start, stop=stop) if start < stop else None


def check_shots(shots: Sequence[Shot], frame_count: int) -> None:
    """Raise OptionError unless `shots` follow one another without gap or overlap from 0 to `frame_count`."""
    expected = 0
    for number, shot in enumerate(shots):
        if shot.start != expected:
            raise OptionError(f"shot {number} begins at frame {shot.start}, but the one before ends at {expected}")
        expected = shot.stop
    if expected != frame_count:
        raise OptionError(f"the shots end at frame {expected}, but the film has {frame_count} frames")


def shots_from_cuts(cuts: Iterable[int], frame_count: int) -> list[Shot]:
    """Make shots of the first frames of each: {40, 90} of 120 frames gives [0, 40), [40, 90), [90, 120)."""
    starts = [0, *sorted({cut for cut in cuts if 0 < cut < frame_count})]
    stops = [*starts[1:], frame_count]
    return [Shot(start, stop, "start" if start == 0 else "cut") for start, stop in zip(starts, stops, strict=True)]


def shots_covering(ranges: Iterable[Shot], frame_count: int) -> list[Shot]:
    """Return shots that cover a film: the given ones, and what lies between them. Raises OptionError on overlap."""
    covering: list[Shot] = []
    at = 0
    for one in sorted(ranges):
        if one.start < at:
            raise OptionError(f"the shot [{one.start}, {one.stop}) overlaps the one before, which ends at {at}")
        if one.start > at:
            covering.append(Shot(at, one.start, "start" if at == 0 else "cut"))
        covering.append(one)
        at = one.stop
    if at < frame_count:
        covering.append(Shot(at, frame_count, "start" if at == 0 else "cut"))
    return covering


def shot_at(shots: Sequence[Shot], index: int) -> Shot:
    """Return the shot that holds frame `index`. Raises IndexError if none does."""
    for shot in shots:
        if index in shot:
            return shot
    raise IndexError(f"frame {index} lies in no shot")
