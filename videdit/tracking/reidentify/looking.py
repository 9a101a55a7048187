"""Look for an object on the frames of a shot, and check a find by tracking it a little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from videdit.errors import faults_of
from videdit.frames import FrameSequence, Mask
from videdit.prompts import Box
from videdit.segmenter import Segmenter
from videdit.shots import Shot
from videdit.tracker import Tracker
from videdit.tracking.reidentify.cells import cells_of
from videdit.tracking.reidentify.describing import Describer, seen
from videdit.tracking.reidentify.gallery import Gallery
from videdit.tracking.reidentify.likeness import figures, likeness
from videdit.tracking.reidentify.options import ReidentifyOptions
from videdit.tracking.reidentify.proposals import Proposal, propose

WORTH_SEGMENTING = 0.4
"""Likeness of the rough outline from which the segmenter is asked for a true one."""
OF_ANOTHER = 0.5
"""A place of which another object's mask covers this share is that object."""
GROWTH = 2.5
"""A find whose area grows or shrinks by more while it is checked is none."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The most that a frame, or a span, has to show of an object.

    index:    the frame
    mask:     (H, W) bool
    likeness: the chance that it is the object, in [0, 1]
    earliest: the first frame that may hold it too: the frames before were looked at, and it was not there
    figures:  what the likeness is made of
    """

    index: int
    mask: Mask
    likeness: float
    earliest: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)


class Looker:
    """Looks for one object in one shot."""

    def __init__(
        self,
        frames: FrameSequence,
        gallery: Gallery,
        *,
        segmenter: Segmenter,
        tracker: Tracker,
        describers: Mapping[str, Describer],
        others: Callable[[int], Mask],
        options: ReidentifyOptions,
    ) -> None:
        """others: frame -> (H, W) bool, where other objects are known to be"""
        self._frames = frames
        self._gallery = gallery
        self._segmenter = segmenter
        self._tracker = tracker
        self._describers = describers
        self._others = others
        self._options = options

    def look(self, span: Shot) -> tuple[Sighting | None, bool]:
        """Return the first find in `span` that holds, and True; or else the most alike of all that was seen, and False.

        Raises what the engines raise, as BrokenPlugin if it is an error of their own.
        """
        nearest: Sighting | None = None
        before = span.start - 1
        for index in frames_to_look_at(span, self._options):
            found = self.on_frame(index)
            if found is not None and found.likeness >= self._options.threshold:
                found = self._checked(found, span)
                if found.likeness >= self._options.threshold:
                    return _since(found, before + 1), True
            if found is not None and (nearest is None or found.likeness > nearest.likeness):
                nearest = found
            before = index
        return nearest, False

    def on_frame(self, index: int) -> Sighting | None:
        """Return what resembles the object most on a frame; None if there is nothing like it at all."""
        frame = self._frames[index]
        cells = cells_of(frame)
        taken = self._others(index)
        best: Sighting | None = None
        for proposal in propose(self._gallery, cells, frame.size, self._options.proposals):
            if not proposal.rough.any() or _share(proposal.rough, taken) > OF_ANOTHER:
                continue
            # Engines are not asked about places that do not even have the colours: their features cost seconds a frame.
            found = self._judged(index, proposal.rough, {})
            if found is not None and found.likeness >= WORTH_SEGMENTING:
                outlined = [
                    self._judged(index, mask & ~taken, self._describers) for mask in self._outlines(index, proposal)
                ]
                found = max((one for one in outlined if one is not None), key=lambda one: one.likeness, default=None)
            if found is not None and (best is None or found.likeness > best.likeness):
                best = found
        return best

    def _judged(self, index: int, mask: Mask, describers: Mapping[str, Describer]) -> Sighting | None:
        view = seen(self._frames, index, mask, describers)
        if view is None:
            return None
        found = figures(self._gallery, view)
        return Sighting(index, mask, likeness(found), index, found)

    def _outlines(self, index: int, proposal: Proposal) -> Iterator[Mask]:
        box = proposal.box
        prompt = Box(box.x0, box.y0, box.x1, box.y1)
        with faults_of("the segmenter", f"frame {index}"):
            # The rough outline says what inside the box is meant; a segmenter that knows things may do better without.
            yield self._segmenter.segment(self._frames, index, [prompt], proposal.rough)[0].mask
            yield self._segmenter.segment(self._frames, index, [prompt])[0].mask

    def _checked(self, found: Sighting, span: Shot) -> Sighting:
        """Return the find with the likeness it has after a few frames of tracking; 0 if it cannot be tracked."""
        after = range(found.index + 1, min(span.stop, found.index + 1 + self._options.verify_frames))
        way = after if len(after) else range(found.index - 1, max(span.start - 1, found.index - 1 - 2), -1)
        if self._options.verify_frames == 0 or len(way) == 0:
            return found
        tracker = self._tracker
        area = int(np.count_nonzero(found.mask))
        chances = [found.likeness]
        with faults_of("the tracker", f"frame {found.index}"):
            tracker.start(self._frames, found.index, {1: found.mask})
            for index in way:
                tracked = tracker.step(index)[1]
                now = int(np.count_nonzero(tracked.mask))
                if tracked.absent or not 1 / GROWTH < now / area < GROWTH:
                    return _with(found, 0.0)
            one = self._judged(way[-1], tracked.mask, self._describers)
            chances.append(0.0 if one is None else one.likeness)
        return _with(found, float(np.mean(chances)))


def frames_to_look_at(span: Shot, options: ReidentifyOptions) -> Iterable[int]:
    """Return the frames of a span that are looked at: the first few, every so many after these, and the last."""
    first = range(span.start, min(span.stop, span.start + options.first_frames))
    rest = range(first[-1] + options.every_frames, span.stop, options.every_frames)
    return sorted({*first, *rest, span.stop - 1})


def _since(found: Sighting, earliest: int) -> Sighting:
    return Sighting(found.index, found.mask, found.likeness, earliest, found.figures)


def _with(found: Sighting, chance: float) -> Sighting:
    return Sighting(found.index, found.mask, chance, found.earliest, found.figures)


def _share(mask: Mask, taken: Mask) -> float:
    return float(np.count_nonzero(mask & taken)) / max(1, int(np.count_nonzero(mask)))
