"""From boxes to exact shapes: boxes prompt the segmenter here and there, and the mask tracker carries its masks on.

What hides somebody must not fail where a mask does. So the middle of each box is covered whatever the mask says,
nothing far outside of the box ever is, and where the tracker is in doubt all that an ellipse would cover is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from videdit.detections.people import Person
from videdit.detections.shapes import ellipse_in
from videdit.detections.sightings import Sighting
from videdit.detections.steps import FollowOptions
from videdit.errors import NothingSelected, faults_of
from videdit.frames import FrameSequence, Mask
from videdit.prompts import Box, Moment
from videdit.segmenter import Segmenter
from videdit.shots import Shot
from videdit.tracker import Tracker
from videdit.tracking.prompting import select

PROMPT_EVERY = 20
"""Frames after which a box prompts anew, at the surest find."""
CORE = 1.2
"""The ellipse in so many times the box is covered whatever the mask says."""
ROOM = 1.3
"""Nothing is covered outside the ellipse in so many times what `size` covers."""
SURE = 0.5
"""Score of the tracker below which the ellipse is taken."""
ON_CORE = 0.5
"""Share of the core that a mask must hold, to be one of the same thing."""


@dataclass(frozen=True, slots=True)
class OutlineEngines:
    """What makes exact shapes.

    frames_of:    shot -> its frames
    segmenter, make_tracker: give the engines
    described:    engines with versions and options, as part of a key
    """

    frames_of: Callable[[Shot], FrameSequence]
    segmenter: Callable[[], Segmenter]
    make_tracker: Callable[[], Tracker]
    described: Callable[[], Mapping[str, Any]]


def outlines(
    engines: OutlineEngines, people: Sequence[Person], shot: Shot, options: FollowOptions
) -> Iterator[tuple[Person, Sighting, Mask]]:
    """Yield what is covered of everyone on each frame of a shot, frame by frame: (H, W) bool."""
    rows = {one.number: [s for s in one.sightings if s.index in shot] for one in people}
    prompted = {number: prompts_of(row) for number, row in rows.items()}
    at: dict[int, list[tuple[Person, Sighting]]] = {}
    for one in people:
        for sighting in rows[one.number]:
            at.setdefault(sighting.index, []).append((one, sighting))
    frames = engines.frames_of(shot)
    carrying = _Carrying(engines, frames)
    for index in range(min(at), max(at) + 1) if at else ():
        present = at.get(index, [])
        prompts = {one.number: s for one, s in present if index in prompted[one.number]}
        masks = carrying.step(index, {one.number for one, _ in present}, prompts)
        for one, sighting in present:
            yield one, sighting, covered(masks.get(one.number), sighting, frames.size, options)


def prompts_of(row: Sequence[Sighting]) -> set[int]:
    """Return the frames whose boxes prompt the segmenter: the first find, and the surest of each further stretch."""
    chosen: set[int] = set()
    stretch: list[Sighting] = []
    for one in [s for s in row if s.source != "filled"]:
        if not chosen:
            chosen.add(one.index)
        elif one.index - max(chosen) >= PROMPT_EVERY:
            if stretch and one.index - stretch[0].index >= PROMPT_EVERY:
                chosen.add(max(stretch, key=lambda s: s.score).index)
                stretch = []
            stretch.append(one)
    if stretch:
        chosen.add(max(stretch, key=lambda s: s.score).index)
    return chosen


def covered(mask: Mask | None, sighting: Sighting, size: tuple[int, int], options: FollowOptions) -> Mask:
    """Return what is covered of one thing on one frame.

    mask: (H, W) bool, the tracker's; None where it has none or is in doubt
    """
    full = ellipse_in(sighting.box, size, options.size)
    if mask is None or sighting.doubt:
        return full
    core = ellipse_in(sighting.box, size, CORE)
    if np.count_nonzero(mask & core) < ON_CORE * np.count_nonzero(core):
        return full
    return (mask & ellipse_in(sighting.box, size, ROOM * options.size)) | core


class _Carrying:
    """A tracker that walks through one shot, and takes up and lets go whom it is told."""

    def __init__(self, engines: OutlineEngines, frames: FrameSequence) -> None:
        self._engines = engines
        self._frames = frames
        self._tracker: Tracker | None = None
        self._followed: set[int] = set()

    def step(self, index: int, present: set[int], prompts: Mapping[int, Sighting]) -> dict[int, Mask]:
        """Return the masks that the tracker is sure of."""
        with faults_of("the tracker", f"frame {index}"):
            return self._step(index, present, prompts)

    def _step(self, index: int, present: set[int], prompts: Mapping[int, Sighting]) -> dict[int, Mask]:
        masks: dict[int, Mask] = {}
        if self._tracker is not None and self._followed:
            tracked = self._tracker.step(index)
            masks = {number: one.mask for number, one in tracked.items() if one.score >= SURE and not one.absent}
            for number in sorted(self._followed - present):
                self._tracker.forget(number)
        self._followed &= present
        started = {number: mask for number, s in prompts.items() if (mask := self._selected(index, s)) is not None}
        if started and not self._followed:
            self._tracker = self._tracker or self._engines.make_tracker()
            self._tracker.start(self._frames, index, started)
        elif self._tracker is not None:
            for number, mask in started.items():
                take = self._tracker.adopt if number in self._followed else self._tracker.add
                take(index, number, mask)
        self._followed |= started.keys()
        return {number: mask for number, mask in {**masks, **started}.items() if number in present}

    def _selected(self, index: int, sighting: Sighting) -> Mask | None:
        height, width = self._frames.size
        x0, y0, x1, y1 = sighting.box
        box = Box(max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1), at=Moment(frame=index))
        try:
            return select(self._engines.segmenter, self._frames, index, [box], "face").mask
        except NothingSelected:
            return None
