"""Follow things through one shot: link what the detector finds, and fill in between by optical flow.

Frames come one at a time, and what is kept of them is bounded. Detections of a low score only continue what is followed
already: Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", 2022, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from videdit.detections.carrying import Carrier
from videdit.detections.ends import cut_ends
from videdit.detections.linking import link, overlaps
from videdit.detections.sightings import Boxes, Sighting, Tracklet, as_boxes, as_tuple
from videdit.detections.smoothing import smoothed
from videdit.detections.steps import FollowOptions
from videdit.detector import Detection

_LINE_WEIGHT = 0.25
_NEAR, _PER_FRAME = 0.6, 0.06  # how far from where it is expected one may be found, in its own size
_MOST_REACH = 2.0
_SAME = 0.45  # overlap from which two are taken for one
_MOST_LOOKS = 5
_MOST_OF = 0.6


@dataclass(slots=True, eq=False)
class _Live:
    """One thing while it is followed.

    found:  frame -> box and score, where the detector found it
    filled: frame -> box, everywhere else
    ahead:  frame -> box and trust, as carried on since it was last found
    """

    found: dict[int, tuple[NDArray[np.float64], float]]
    filled: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    ahead: dict[int, tuple[NDArray[np.float64], float]] = field(default_factory=dict)
    looks: list[tuple[float, ...]] = field(default_factory=list)
    merged: bool = False
    last: int = 0
    now: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    trust: float = 1.0


class Follower:
    """Makes tracklets of one shot's frames.

    size:  height and width of the small pictures, in whose pixels all boxes are
    start: number of the shot's first frame
    """

    def __init__(self, options: FollowOptions, size: tuple[int, int], start: int) -> None:
        self._options = options
        self._size = size
        self._start = start
        self._carrier = Carrier(max(options.hold, options.extend, options.every) + options.every + 1)
        self._live: list[_Live] = []
        self._ended: list[_Live] = []
        self._at = start - 1

    def step(
        self, index: int, grey: NDArray[np.uint8], found: Sequence[Detection] | None
    ) -> list[tuple[_Live, Detection]]:
        """Take the next frame.

        grey:  (h, w) uint8
        found: what the detector found there; None if it did not look

        Returns whom each detection belongs to, for `remember`.
        """
        self._carrier.push(index, grey)
        if self._at >= self._start:
            self._carry_on(index)
        self._at = index
        return [] if found is None else self._take(index, found)

    def remember(self, one: _Live, looks: Sequence[float]) -> None:
        """Keep what a thing looks like."""
        if len(one.looks) < _MOST_LOOKS:
            one.looks.append(tuple(float(value) for value in looks))

    def wants_looks(self, one: _Live) -> bool:
        """Return whether it is not known well enough yet what a thing looks like."""
        return len(one.looks) < _MOST_LOOKS

    def finish(self) -> list[Tracklet]:
        """Return everything that was followed, by its first frame and then from left to right."""
        self._ended += self._live
        self._live = []
        stop = self._at + 1
        tracklets = []
        for one in self._ended:
            if self._blip(one, stop):
                continue
            ends = cut_ends(one.found, one.filled, one.ahead, self._size, self._start, stop, self._options, one.merged)
            sightings = smoothed(ends)
            tracklets.append(Tracklet(tuple(sightings), tuple(one.looks)))
        return sorted(tracklets, key=lambda one: (one.sightings[0].index, one.sightings[0].box))

    # -- one frame -------------------------------------------------------------------------------------------------

    def _carry_on(self, index: int) -> None:
        boxes, trust = self._carrier.carry(as_boxes([one.now for one in self._live]), self._at, index)
        for one, box, share in zip(self._live, boxes, trust, strict=True):
            one.now, one.trust = box, min(one.trust, float(share))
            one.ahead[index] = (box, one.trust)

    def _take(self, index: int, found: Sequence[Detection]) -> list[tuple[_Live, Detection]]:
        options = self._options
        sure = [one for one in found if one.score >= options.threshold]
        faint = [one for one in found if options.again <= one.score < options.threshold]
        taken = self._continue(index, self._live, sure)
        missing = [one for one in self._live if one.last != index]
        taken += self._continue(index, missing, faint)
        self._drop_doubles(index)
        begun = {id(detection) for _, detection in taken}
        new = [self._begin(index, one) for one in sure if id(one) not in begun and self._is_new(index, one)]
        self._extend_back(index, [one for one, _ in new])
        for one in [one for one in self._live if index - one.last > options.hold]:
            self._live.remove(one)
            self._ended.append(one)
        return taken + new

    def _continue(
        self, index: int, followed: Sequence[_Live], found: Sequence[Detection]
    ) -> list[tuple[_Live, Detection]]:
        reach = np.array([min(_MOST_REACH, _NEAR + _PER_FRAME * (index - one.last)) for one in followed])
        pairs = link(as_boxes([one.now for one in followed]), _boxes(found), reach)
        matched = [(followed[i], found[j]) for i, j in pairs]
        self._fill_between(index, matched)
        for one, detection in matched:
            one.now, one.trust, one.last = _box(detection), 1.0, index
            one.found[index] = (one.now, detection.score)
            one.ahead.clear()
        return matched

    def _begin(self, index: int, detection: Detection) -> tuple[_Live, Detection]:
        box = _box(detection)
        one = _Live({index: (box, detection.score)}, last=index, now=box)
        self._live.append(one)
        return one, detection

    def _is_new(self, index: int, detection: Detection) -> bool:
        followed = as_boxes([one.now for one in self._live if one.last == index])
        return not (overlaps(_boxes([detection]), followed) > _SAME).any()

    def _drop_doubles(self, index: int) -> None:
        """End what has drifted onto another thing that was found."""
        found = [one for one in self._live if one.last == index]
        for one in [one for one in self._live if one.last != index]:
            if (overlaps(as_boxes([one.now]), as_boxes([other.now for other in found])) > _SAME).any():
                one.merged = True
                self._live.remove(one)
                self._ended.append(one)

    # -- between and before ----------------------------------------------------------------------------------------

    def _fill_between(self, index: int, matched: Sequence[tuple[_Live, Detection]]) -> None:
        """Fill from where each was last found to where it is found again, from both sides."""
        back = {id(one): _box(detection) for one, detection in matched}
        trust = {id(one): 1.0 for one, _ in matched}
        for at in range(index - 1, self._start - 1, -1):
            open_ones = [(one, detection) for one, detection in matched if one.last < at]
            if not open_ones or not self._carrier.has(at):
                break
            boxes, share = self._carrier.carry(as_boxes([back[id(one)] for one, _ in open_ones]), at + 1, at)
            for (one, detection), box, part in zip(open_ones, boxes, share, strict=True):
                back[id(one)], trust[id(one)] = box, min(trust[id(one)], float(part))
                one.filled[at] = self._between(one, detection, at, index, box, trust[id(one)])

    @staticmethod
    def _between(
        one: _Live, detection: Detection, at: int, index: int, back: NDArray[np.float64], trust: float
    ) -> NDArray[np.float64]:
        share = (at - one.last) / (index - one.last)
        line = (1 - share) * one.found[one.last][0] + share * _box(detection)
        ahead, believed = one.ahead[at]
        weights = np.array([(1 - share) * believed, share * trust, _LINE_WEIGHT])
        return np.asarray(weights @ np.stack([ahead, back, line]) / weights.sum())

    def _extend_back(self, index: int, new: Sequence[_Live]) -> None:
        boxes = as_boxes([one.now for one in new])
        for at in range(index - 1, max(self._start, index - max(self._options.extend, self._options.every)) - 1, -1):
            if len(new) == 0 or not self._carrier.has(at):
                break
            boxes, _ = self._carrier.carry(boxes, at + 1, at)
            for one, box in zip(new, boxes, strict=True):
                one.filled[at] = box

    def _blip(self, one: _Live, stop: int) -> bool:
        """Whether it was never found surely, and not found at most of the looks that it would have been there for."""
        if max(score for _, score in one.found.values()) >= self._options.alone:
            return False
        first, every = min(one.found), self._options.every
        later = min(one.last + every, stop - 1)  # the look after the last find
        looks = len(range(max(self._start, first - every), later + 1, every))
        return looks > 1 and len(one.found) < _MOST_OF * looks


def _box(detection: Detection) -> NDArray[np.float64]:
    return np.array([detection.x0, detection.y0, detection.x1, detection.y1], np.float64)


def _boxes(found: Sequence[Detection]) -> Boxes:
    return as_boxes([_box(one) for one in found])


def rescaled(tracklet: Tracklet, factor: tuple[float, float]) -> Tracklet:
    """Return it in pixels of another size: x and y times `factor`."""
    fx, fy = factor
    sightings = tuple(
        Sighting(one.index, as_tuple(np.array(one.box) * (fx, fy, fx, fy)), one.score, one.source, one.doubt)
        for one in tracklet.sightings
    )
    return Tracklet(sightings, tracklet.looks)
