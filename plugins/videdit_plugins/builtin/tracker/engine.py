"""The tracker: several objects, one window each, one decision for each pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import OptionError, ShapeError
from videdit.frames import FrameSequence, Mask, Region
from videdit.runtime import Runtime
from videdit.tracker import Tracked, Tracker
from videdit_plugins.builtin.tracker.channels import Channels, Look, channels, look, to_cells
from videdit_plugins.builtin.tracker.clean import clean, largest_gap
from videdit_plugins.builtin.tracker.colours import histograms
from videdit_plugins.builtin.tracker.combine import log_odds, sigmoid
from videdit_plugins.builtin.tracker.flow import coarse_flow, median_shift
from videdit_plugins.builtin.tracker.memory import Exemplar
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane, Planes
from videdit_plugins.builtin.tracker.refine import to_edges
from videdit_plugins.builtin.tracker.roi import Roi, roi_around
from videdit_plugins.builtin.tracker.state import pack, unpack
from videdit_plugins.builtin.tracker.target import KEPT_GIVEN, Target


@dataclass(slots=True)
class Proposal:
    """What the evidence says of one object on one frame, before the objects are weighed against each other."""

    roi: Roi
    seen: Look
    evidence: Channels
    probability: FloatMap


class BuiltinTracker(Tracker):
    """Tracks without learned weights."""

    def __init__(self, options: TrackerOptions, runtime: Runtime) -> None:
        self._options = options
        self._quality = runtime.quality
        self._planes: Planes | None = None
        self._size = (0, 0)
        self._index = -1
        self._targets: dict[int, Target] = {}

    # -- Tracker ----------------------------------------------------------------------------------------------------

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self.reset()
        self._open(frames)
        frames[index]
        self._index = index
        for object_id, mask in sorted(masks.items()):
            self.add(index, object_id, mask)

    def step(self, index: int) -> dict[int, Tracked]:
        planes = self._started()
        if abs(index - self._index) != 1:
            raise OptionError(f"frame {index} is not beside frame {self._index}, the last one handled")
        before, now = planes[self._index], planes[index]
        proposals = self._propose(before, now)
        self._index = index
        settled = self._settle(now, proposals)
        results = {}
        for object_id in sorted(self._targets):
            results[object_id] = self._take(index, object_id, proposals[object_id], settled[object_id])
        return results

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index, object_id)
        self._give(object_id, index, mask, here=True)

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        planes = self._started()
        if index != self._index:
            raise OptionError(f"frame {index} is not frame {self._index}, the last one handled")
        self._targets[object_id] = Target(np.zeros(planes.size, np.float32))
        self._give(object_id, index, mask, here=True)

    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        self._started()
        if object_id in self._targets:
            self._give(object_id, index, mask, here=index == self._index)

    def forget(self, object_id: int) -> None:
        self._targets.pop(object_id, None)

    def reset(self) -> None:
        self._planes = None
        self._index = -1
        self._targets = {}

    def snapshot(self) -> bytes:
        self._started()
        return pack(self._index, self._targets)

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        index, targets = unpack(state)
        self.reset()
        self._open(frames)
        self._index, self._targets = index, targets

    # -- parts of a step --------------------------------------------------------------------------------------------

    def _propose(self, before: Plane, now: Plane) -> dict[int, Proposal]:
        forward = coarse_flow(before, now) if self._targets else None
        return {object_id: self._proposal(target, before, now, forward) for object_id, target in self._targets.items()}

    def _proposal(self, target: Target, before: Plane, now: Plane, forward: NDArray[np.float32] | None) -> Proposal:
        mask = target.probability > 0.5
        shift = median_shift(forward, mask)
        box = Region.of(mask)
        moved = Region(box.x0 + shift[0], box.y0 + shift[1], box.x1 + shift[0], box.y1 + shift[1])
        roi = roi_around(moved, now.size)
        seen = look(now, roi)
        evidence = channels(target, before, now, roi, seen, shift, self._quality == "draft")
        return Proposal(roi, seen, evidence, sigmoid(log_odds(evidence)))

    def _settle(self, now: Plane, proposals: Mapping[int, Proposal]) -> dict[int, FloatMap]:
        settled = {}
        for object_id, one in proposals.items():
            target = self._targets[object_id]
            kept = clean(one.probability, one.evidence.warped, one.evidence.found, target.gap * one.roi.zoom[0])
            whole = one.roi.paste(kept, now.size, 0.0)
            settled[object_id] = to_edges(now.bgr, whole)
        return settled

    def _take(self, index: int, object_id: int, one: Proposal, probability: FloatMap) -> Tracked:
        target = self._targets[object_id]
        target.probability = probability
        inside = one.roi.cut(probability)
        cells = to_cells(inside)
        target.recent = [_exemplar(index, one.seen, one.roi, cells)]
        target.appearance.learn(one.seen.lifted, cells, given=False)
        target.recent_colours = 0.7 * target.recent_colours + 0.3 * histograms(one.seen.bins, inside)
        full = cv2.resize(probability, self._size[::-1], interpolation=cv2.INTER_LINEAR)
        return Tracked(full > 0.5, 0.5, full, {})

    def _give(self, object_id: int, index: int, mask: Mask, here: bool) -> None:
        if mask.shape != self._size:
            raise ShapeError(f"the mask of object {object_id} is {mask.shape}, the frames are {self._size}")
        target, planes = self._targets[object_id], self._started()
        small = cv2.resize(mask.astype(np.float32), planes.size[::-1], interpolation=cv2.INTER_AREA)
        if here:
            target.probability = small
        if not (small > 0.5).any():
            return
        plane = planes[index]
        roi = roi_around(Region.of(small > 0.5), plane.size)
        seen = look(plane, roi)
        inside = roi.cut(small)
        cells = to_cells(inside)
        one = _exemplar(index, seen, roi, cells)
        target.given.append(one)
        if len(target.given) > KEPT_GIVEN:
            del target.given[1]
        target.appearance.learn(seen.lifted, cells, given=True)
        shares = histograms(seen.bins, inside)
        count = len(target.given)
        target.given_colours = (
            shares if target.given_colours is None else (target.given_colours * (count - 1) + shares) / count
        )
        if here or target.recent_colours is None:
            target.recent_colours = shares
            target.recent = [one]
        target.gap = largest_gap(small > 0.5)

    # -- checks -----------------------------------------------------------------------------------------------------

    def _open(self, frames: FrameSequence) -> None:
        self._planes = Planes(frames, self._options.work_pixels)
        self._size = frames.size

    def _started(self) -> Planes:
        if self._planes is None:
            raise OptionError("the tracker has not been started", next_step="call start() first")
        return self._planes

    def _at(self, index: int, object_id: int) -> None:
        self._started()
        if index != self._index:
            raise OptionError(f"frame {index} is not frame {self._index}, the last one handled")
        if object_id not in self._targets:
            raise OptionError(f"object {object_id} is not being tracked")


def _exemplar(index: int, seen: Look, roi: Roi, inside: NDArray[np.float32]) -> Exemplar:
    return Exemplar(index, seen.cells, seen.places, inside, roi.centre, roi.side)
