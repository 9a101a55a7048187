"""The tracker: several objects, a window for each, one decision for each pixel."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from videdit.errors import OptionError, ShapeError
from videdit.frames import FrameSequence, Mask
from videdit.ops import are_parts
from videdit.runtime import Runtime
from videdit.tracker import Tracked, Tracker
from videdit_plugins.builtin.threads import one_thread
from videdit_plugins.builtin.tracker.clean import clean
from videdit_plugins.builtin.tracker.combine import log_odds_by_looks, sigmoid
from videdit_plugins.builtin.tracker.doubt import doubtful
from videdit_plugins.builtin.tracker.effort import EFFORTS
from videdit_plugins.builtin.tracker.enlarge import enlarge
from videdit_plugins.builtin.tracker.follow import Proposal, propose, sliver
from videdit_plugins.builtin.tracker.learn import learn_adopted, learn_given, learn_tracked
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.reach import carry_reaches, remember_reaches
from videdit_plugins.builtin.tracker.refine import to_edges
from videdit_plugins.builtin.tracker.refiner import Refiner, load_refiner
from videdit_plugins.builtin.tracker.rivals import share_out
from videdit_plugins.builtin.tracker.scenes import Scene, Scenes
from videdit_plugins.builtin.tracker.score import figures, score, score_of_absence
from videdit_plugins.builtin.tracker.state import pack, unpack
from videdit_plugins.builtin.tracker.target import Target


class BuiltinTracker(Tracker):
    """Tracks by hand-made evidence, which a small network of videdit's own weighs unless `--no-learned` is given."""

    def __init__(self, options: TrackerOptions, runtime: Runtime) -> None:
        self._options = options
        self._effort = EFFORTS[runtime.quality]
        self._learned = runtime.learned and self._effort.learned
        self._refiner: Refiner | None = None
        self._scenes: Scenes | None = None
        self._size = (0, 0)
        self._index = -1
        self._targets: dict[int, Target] = {}

    # -- Tracker ----------------------------------------------------------------------------------------------------

    @one_thread()
    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self.reset()
        self._open(frames)
        if index not in frames.shot:
            raise OptionError(f"frame {index} lies outside the shot [{frames.shot.start}, {frames.shot.stop})")
        self._index = index
        for object_id, mask in sorted(masks.items()):
            self.add(index, object_id, mask)

    @one_thread()
    def step(self, index: int) -> dict[int, Tracked]:
        scenes = self._started()
        direction = index - self._index
        if abs(direction) != 1:
            raise OptionError(f"frame {index} is not beside frame {self._index}, the last one handled")
        if not self._targets:
            self._index = index
            return {}
        scene = scenes.at(index, direction)
        proposals = self._proposals(scene)
        with scenes.next_beside(index, direction):
            settled = self._settle(scene.now, proposals)
            self._index = index
            results = {
                object_id: self._take(target, proposals.get(object_id), settled.get(object_id))
                for object_id, target in sorted(self._targets.items())
            }
            remember_reaches(self._targets, scene.now)
        return results

    @one_thread()
    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index)
        if object_id not in self._targets:
            raise OptionError(f"object {object_id} is not being tracked", next_step="call add() first")
        self._give(object_id, index, mask)

    @one_thread()
    def adopt(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index)
        if object_id not in self._targets:
            raise OptionError(f"object {object_id} is not being tracked", next_step="call add() first")
        target, small = self._targets[object_id], self._at_work_size(object_id, mask)
        target.probability = small
        target.lost = target.doubted = 0
        target.reach = target.decoys = None
        learn_adopted(target, self._started().planes[index], small, self._effort.grid_sides, self._refiner)

    @one_thread()
    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index)
        self._targets[object_id] = Target(np.zeros(self._started().planes.size, np.float32))
        self._give(object_id, index, mask)

    @one_thread()
    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        planes = self._started().planes
        if object_id in self._targets:
            learn_given(
                self._targets[object_id],
                index,
                planes[index],
                self._at_work_size(object_id, mask),
                self._effort.grid_sides,
                self._refiner,
            )

    def forget(self, object_id: int) -> None:
        self._targets.pop(object_id, None)
        for target in self._targets.values():
            target.friends.discard(object_id)

    def reset(self) -> None:
        self._scenes = None
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

    def _proposals(self, scene: Scene) -> dict[int, Proposal]:
        carry_reaches(self._targets, scene.before, scene.now, scene.forward)
        proposals = {}
        for object_id, target in self._targets.items():
            one = propose(target, scene, self._options.search, self._effort, self._refiner)
            if one is not None:
                proposals[object_id] = one
        return proposals

    def _settle(self, now: Plane, proposals: Mapping[int, Proposal]) -> dict[int, FloatMap]:
        """Weigh the objects against each other, drop implausible parts and pull the outlines to edges."""
        friends = {object_id: self._targets[object_id].friends for object_id in proposals}
        alone = {object_id: one.roi.paste(one.probability, now.size, 0.0) for object_id, one in proposals.items()}
        again = {object_id for object_id, one in proposals.items() if one.again}
        looks = {}
        if again and len(proposals) > 1:
            for object_id, one in proposals.items():
                looks[object_id] = one.roi.paste(sigmoid(log_odds_by_looks(one.evidence)), now.size, 0.0)
        settled = {}
        for object_id, whole in share_out(alone, friends, looks, again).items():
            one = proposals[object_id]
            inside = one.probability if whole is alone[object_id] else one.roi.cut(whole)
            gap = self._targets[object_id].gap
            kept = clean(inside, one.evidence.warped, one.evidence.found, gap)
            pasted = one.roi.paste(kept, now.size, 0.0)
            settled[object_id] = to_edges(now.bgr, pasted) if self._effort.edges else pasted
        return share_out(settled, friends)

    def _take(self, target: Target, one: Proposal | None, probability: FloatMap | None) -> Tracked:
        if one is None or probability is None or sliver(target, probability):
            target.probability = np.zeros_like(target.probability)
            target.lost += 1
            target.doubted = 0
            return self._absent(target)
        target.probability = probability
        target.lost = 0
        inside = one.roi.cut(probability)
        named = figures(target, one.evidence, inside)
        learn_tracked(target, one, inside, named)
        target.doubted = target.doubted + 1 if doubtful(target, one, named) else 0
        full = self._at_full_size(probability)
        mask = full > 0.5
        if not mask.any():
            return self._absent(target)
        found = one.roi.paste(np.clip(one.evidence.found, 0, 1), probability.shape, 0.0)
        return Tracked(mask, score(named), full, named, found)

    def _absent(self, target: Target) -> Tracked:
        nothing = np.zeros(self._size, np.bool_)
        figures_of_absence = {"lost": float(target.lost), "left": float(target.left)}
        return Tracked(nothing, score_of_absence(target), nothing.astype(np.float32), figures_of_absence)

    def _give(self, object_id: int, index: int, mask: Mask) -> None:
        target, plane = self._targets[object_id], self._started().planes[index]
        small = self._at_work_size(object_id, mask)
        target.probability = small
        target.lost = target.doubted = 0
        target.reach = target.decoys = None
        learn_given(target, index, plane, small, self._effort.grid_sides, self._refiner)
        for other_id, other in self._targets.items():
            if other_id != object_id and are_parts(small > 0.5, other.probability > 0.5):
                target.friends.add(other_id)
                other.friends.add(object_id)

    def _at_full_size(self, probability: FloatMap) -> FloatMap:
        planes = self._started().planes
        if planes.size == self._size:
            return probability
        if self._effort.edges:
            return enlarge(probability, planes[self._index].bgr, planes.pixels(self._index))
        return np.asarray(cv2.resize(probability, self._size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    def _at_work_size(self, object_id: int, mask: Mask) -> FloatMap:
        if mask.shape != self._size:
            raise ShapeError(f"the mask of object {object_id} is {mask.shape}, the frames are {self._size}")
        size = self._started().planes.size
        small: FloatMap = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        return small

    # -- checks -----------------------------------------------------------------------------------------------------

    def _open(self, frames: FrameSequence) -> None:
        self._scenes = Scenes(frames, self._options.work_pixels, self._effort.behind)
        self._size = frames.size
        if self._learned and self._refiner is None:
            self._refiner = load_refiner(self._options.weights)

    def _started(self) -> Scenes:
        if self._scenes is None:
            raise OptionError("the tracker has not been started", next_step="call start() first")
        return self._scenes

    def _at(self, index: int) -> None:
        self._started()
        if index != self._index:
            raise OptionError(f"frame {index} is not frame {self._index}, the last one handled")
