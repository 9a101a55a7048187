"""The tracker's own walk along synthetic clips, and what its network was asked on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from training.clips import Clip
from training.corruption import corrupt
from videdit.frames import ArrayFrames, Region
from videdit_plugins.builtin.tracker.channels import Channels, Look, look
from videdit_plugins.builtin.tracker.clean import clean
from videdit_plugins.builtin.tracker.combine import sigmoid
from videdit_plugins.builtin.tracker.effort import EFFORTS
from videdit_plugins.builtin.tracker.follow import propose
from videdit_plugins.builtin.tracker.learn import learn_given, learn_tracked
from videdit_plugins.builtin.tracker.memory import places
from videdit_plugins.builtin.tracker.network import KEY
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.refine import to_edges
from videdit_plugins.builtin.tracker.refiner import Encoded, LearnedRefiner, cues
from videdit_plugins.builtin.tracker.roi import CELL, Roi, roi_around
from videdit_plugins.builtin.tracker.scenes import Scene, Scenes
from videdit_plugins.builtin.tracker.score import figures
from videdit_plugins.builtin.tracker.target import Target

SIDE = 160
CUE_SCALE = 60.0
EDGES = 0.6
"""Share of the walks in which outlines are pulled to edges; the network should manage without."""
SPOILT = 0.1
"""Chance that a mask is spoilt between two steps."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One question to the network and its true answer, SIDE x SIDE; what lies beyond the window mirrors it.

    lab:    (3, S, S, 3) uint8: now, on the last frame, on the given one
    inside: (2, S, S) uint8: probability on the last frame, truth on the given one, of 255
    cues:   (13, S, S) int8, sixtieths
    truth:  (S, S) uint8, of 255
    """

    lab: NDArray[np.uint8]
    inside: NDArray[np.uint8]
    cues: NDArray[np.int8]
    truth: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Shown:
    lab: NDArray[np.uint8]
    inside: FloatMap


class Recorder:
    """Answers in the network's place, or asks it, and keeps the questions."""

    def __init__(self, refiner: LearnedRefiner | None) -> None:
        self.samples: list[Sample] = []
        self.truth: FloatMap = np.zeros((0, 0), np.float32)
        self.given: _Shown | None = None
        self.last: _Shown | None = None
        self._refiner = refiner

    def encode(self, lab: NDArray[np.uint8]) -> Encoded:
        return Encoded(_no_keys(lab)) if self._refiner is None else self._refiner.encode(lab)

    def refine(
        self, target: Target, index: int, roi: Roi, seen: Look, encoded: Encoded, evidence: Channels, odds: FloatMap
    ) -> FloatMap:
        assert self.given is not None
        assert self.last is not None
        lab = np.stack([_square(one) for one in (seen.lab, self.last.lab, self.given.lab)])
        inside = np.stack([_bytes(self.last.inside), _bytes(self.given.inside)])
        packed = np.clip(np.rint(cues(evidence, odds) * CUE_SCALE), -127, 127).astype(np.int8)
        packed = np.stack([_square(one) for one in packed])
        self.samples.append(Sample(lab, inside, packed, _bytes(roi.cut(self.truth))))
        if self._refiner is not None:
            return self._refiner.refine(target, index, roi, seen, encoded, evidence, odds)
        return sigmoid(odds)


def _no_keys(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros((KEY, lab.shape[0] // CELL, lab.shape[1] // CELL), np.float32)


Small = TypeVar("Small", np.uint8, np.int8)


def _square(image: NDArray[Small]) -> NDArray[Small]:
    part = image[:SIDE, :SIDE]
    margins = [(0, SIDE - part.shape[0]), (0, SIDE - part.shape[1])] + [(0, 0)] * (part.ndim - 2)
    return np.pad(part, margins, mode="symmetric")


def _bytes(values: FloatMap) -> NDArray[np.uint8]:
    return np.asarray(_square(np.rint(values * 255).astype(np.uint8)), np.uint8)


def walk(clip: Clip, refiner: LearnedRefiner | None, random: np.random.Generator) -> list[Sample]:
    """Return what the network is asked while the tracker goes from a spoilt mask on frame 1 to the clip's end."""
    effort = EFFORTS["standard"]
    scenes = Scenes(ArrayFrames(clip.frames), 10**9, behind=False)
    frames = scenes.planes
    if not clip.masks[0].any():
        return []
    recorder = Recorder(refiner)
    target = Target(np.zeros(frames.size, np.float32))
    given = clip.masks[0].astype(np.float32)
    target.probability = given
    learn_given(target, 0, frames[0], given, effort.grid_sides, recorder)
    recorder.given = _shown(frames[0], given, effort.grid_sides)
    start = corrupt(clip.masks[1], random)
    target.probability = start
    recorder.last = recorder.given
    if (start > 0.5).any():
        recorder.last = _shown(frames[1], start, effort.grid_sides)
        target.last_places = places(recorder.encode(recorder.last.lab).keys, recorder.last.inside)
    edges = random.random() < EDGES
    for index in range(2, len(clip.frames)):
        recorder.truth = clip.masks[index].astype(np.float32)
        _step(target, scenes.at(index, 1), recorder, edges)
        if random.random() < SPOILT and clip.masks[index].any():
            target.probability = corrupt(clip.masks[index], random)
    return recorder.samples


def _step(target: Target, scene: Scene, recorder: Recorder, edges: bool) -> None:
    now = scene.now
    one = propose(target, scene, False, EFFORTS["standard"], recorder)
    if one is None:
        target.probability = np.zeros_like(target.probability)
        return
    kept = clean(one.probability, one.evidence.warped, one.evidence.found, target.gap)
    pasted = one.roi.paste(kept, now.size, 0.0)
    target.probability = to_edges(now.bgr, pasted) if edges else pasted
    if not (target.probability > 0.5).any():
        return
    inside = one.roi.cut(target.probability)
    learn_tracked(target, one, inside, figures(target, one.evidence, inside))
    recorder.last = _Shown(one.seen.lab, inside)


def _shown(plane: Plane, probability: FloatMap, sides: tuple[int, int]) -> _Shown:
    roi = roi_around(Region.of(probability > 0.5), plane.size, sides)
    return _Shown(look(plane, roi).lab, roi.cut(probability))
