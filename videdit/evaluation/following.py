"""Track the objects of one sequence, with corrections if asked for, and score every frame."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from videdit.evaluation.choosing import APART_FRAMES, to_gain
from videdit.evaluation.confidence import FAILED_BELOW
from videdit.evaluation.contours import boundary_f
from videdit.evaluation.costs import Meter
from videdit.evaluation.courses import counted
from videdit.evaluation.davis import DavisSequence
from videdit.evaluation.parts import Tick
from videdit.evaluation.prompted import Pointing, point_at
from videdit.evaluation.regions import jaccard
from videdit.frames import FrameSequence, Mask
from videdit.masks import IN_MEMORY, LabelMap, MaskTrack, PackedMask
from videdit.plugins import Plugins
from videdit.prompts import MaskPrompt, Moment
from videdit.runtime import Runtime
from videdit.segmenter import Segmenter
from videdit.shots import Shot
from videdit.tracking.stage import Engines, Pointed, TrackingStage

USABLE = 0.5
"""IoU below which nobody takes a corrected mask: more of it is wrong than right, and its neighbours follow it."""
FRAMES_TRIED = 3
"""Frames looked at for one correction, where clicks do not get hold of the object."""

Keyframes: TypeAlias = dict[int, dict[int, Mask]]
"""Object id -> frame index -> (H, W) bool: where it was shown."""


@dataclass(frozen=True, slots=True)
class ObjectScores:
    """One object of a sequence; each list has a value for every frame.

    j, f:   None on frames without a true mask
    scores: the tracker's own; None where the mask was given
    """

    j: list[float | None]
    f: list[float | None]
    scores: list[float | None]

    def mean(self, values: list[float | None]) -> float:
        """Return the mean over the frames that count; NaN if there are none."""
        kept = [value for value in (values[index] for index in counted(len(values))) if value is not None]
        return float(np.mean(kept)) if kept else float("nan")

    @property
    def j_and_f(self) -> float:
        """The mean of mean J and mean F."""
        return (self.mean(self.j) + self.mean(self.f)) / 2


@dataclass(slots=True)
class Followed:
    """What was found on a sequence.

    masks:   for each frame by object, of the last round
    objects: scores by id, of the last round
    rounds:  mean J&F after no correction, after one, and so on
    corrected: (object, frame) in the order they were corrected
    given_up: (object, frame) where clicks gave nothing usable, so that it was left as it was
    tracked_frames: how many frames the tracker walked in all rounds together
    refined: how many masks of the last round a segmenter put right
    """

    masks: list[dict[int, PackedMask]] = field(default_factory=list)
    objects: dict[int, ObjectScores] = field(default_factory=dict)
    rounds: list[float] = field(default_factory=list)
    corrected: list[tuple[int, int]] = field(default_factory=list)
    given_up: list[tuple[int, int]] = field(default_factory=list)
    tracked_frames: int = 0
    refined: int = 0

    def label_map(self, index: int, size: tuple[int, int]) -> LabelMap:
        """Return the result of one frame; where masks overlap the higher id is kept."""
        return LabelMap.of(self.masks[index], size)


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows sequences with certain engines, through the tracking stage: what is measured is what a project gets.

    segmenter: what answers the simulated prompts; None where true masks are given
    correcting: how an object is shown at a correction
    tracking, pointing_meter: count the time of tracking with all that belongs to it, and of the prompts
    """

    plugins: Plugins
    runtime: Runtime
    engines: Engines
    segmenter: Segmenter | None
    pointing: Pointing
    correcting: Pointing
    corrections: int
    tracking: Meter
    pointing_meter: Meter

    def follow(self, sequence: DavisSequence, frames: FrameSequence, tick: Tick) -> Followed:
        """Show every object on the first frame, track, score; then correct the worst frame and track again.

        A correction shows one object, as on the first frame, on a frame whose truth shows it and that was not corrected
        yet: the first one, if what was shown there is wrong itself; else that with the most to gain, see `to_gain`,
        away from those that were corrected. Clicks go on from the mask that is there, or begin anew if it failed, and
        the best of their answers counts. What is no better than what was there, or more wrong than right, is not
        taken: then the next frame is tried, FRAMES_TRIED in all.
        """
        with MaskTrack.open(IN_MEMORY, size=frames.size) as track:
            stage = TrackingStage(
                source=sequence.name,
                frames_of=lambda shot: frames,
                track=track,
                plugins=self.plugins,
                runtime=self.runtime,
                engines=self.engines,
            )
            return self._follow(sequence, frames, stage, track, tick)

    def _follow(
        self, sequence: DavisSequence, frames: FrameSequence, stage: TrackingStage, track: MaskTrack, tick: Tick
    ) -> Followed:
        found = Followed()
        keyframes: Keyframes = {object_id: {} for object_id in sequence.object_ids}
        for object_id in sequence.object_ids:
            truth = sequence.mask(0, object_id)
            if truth.any():
                self._show(self.pointing, keyframes, object_id, 0, truth, frames, None)
        self._round(sequence, stage, track, keyframes, found, tick)
        for _ in range(self.corrections):
            if self._corrected(sequence, found, keyframes, frames):
                self._round(sequence, stage, track, keyframes, found, tick)
            else:
                found.rounds.append(found.rounds[-1])
        return found

    def _corrected(self, sequence: DavisSequence, found: Followed, keyframes: Keyframes, frames: FrameSequence) -> bool:
        """Correct one object on one frame; False if nothing is left to correct, or no frame can be."""
        for _ in range(FRAMES_TRIED):
            worst = self._worst(sequence, found, keyframes)
            if worst is None:
                return False
            object_id, index = worst
            there, truth = found.masks[index][object_id].mask(), sequence.mask(index, object_id)
            if self._show(self.correcting, keyframes, object_id, index, truth, frames, there):
                found.corrected.append(worst)
                return True
            found.given_up.append(worst)
        return False

    def _show(
        self,
        how: Pointing,
        keyframes: Keyframes,
        object_id: int,
        index: int,
        truth: Mask,
        frames: FrameSequence,
        there: Mask | None,
    ) -> bool:
        """Point at an object, and say whether what was selected is taken.

        there: the mask that is corrected; None where the object is shown for the first time
        """
        good = 0.0 if there is None else jaccard(there, truth)
        begin_with = there if good >= FAILED_BELOW else None
        mask = point_at(self.segmenter, frames, index, truth, self.pointing_meter, pointing=how, begin_with=begin_with)
        # What was shown on a frame may be poor and better than before; elsewhere it must be worth tracking from.
        least = USABLE if there is not None and index not in keyframes.get(object_id, {}) else 0.0
        reached = jaccard(mask, truth)
        taken = bool(mask.any()) and reached > good and reached >= least
        if taken:
            keyframes.setdefault(object_id, {})[index] = mask
        return taken

    def _round(
        self,
        sequence: DavisSequence,
        stage: TrackingStage,
        track: MaskTrack,
        keyframes: Keyframes,
        found: Followed,
        tick: Tick,
    ) -> None:
        objects = [
            Pointed(one, str(one), {index: [_given(index, mask)] for index, mask in by_frame.items()})
            for one, by_frame in keyframes.items()
        ]
        with closing(stage.steps(objects, [Shot(0, len(sequence), "start")])) as steps:
            while True:
                with self.tracking.running():
                    step = next(steps, None)
                if step is None:
                    break
                found.tracked_frames += 1
                tick()
        nothing = PackedMask.absent(track.size)
        found.masks = [dict.fromkeys(sequence.object_ids, nothing) for _ in range(len(sequence))]
        scores: dict[tuple[int, int], float | None] = {}
        found.refined = 0
        for object_id in sequence.object_ids:
            for entry in track.entries(object_id):
                found.masks[entry.index][object_id] = entry.mask
                scores[entry.index, object_id] = None if entry.index in keyframes[object_id] else entry.score
                found.refined += entry.origin == "refined"
        found.objects = _scored(sequence, found, scores, track.size)
        found.rounds.append(float(np.mean([one.j_and_f for one in found.objects.values()])))

    def _worst(self, sequence: DavisSequence, found: Followed, keyframes: Keyframes) -> tuple[int, int] | None:
        """Return the object and frame to correct, the earliest of equals; None if nothing can be corrected."""
        clicked = self.correcting.init == "click"
        candidates = []
        for object_id, one in found.objects.items():
            corrected = [index for known, index in (*found.corrected, *found.given_up) if known == object_id]
            shown = keyframes.get(object_id, {})
            for index, (value, gain) in enumerate(zip(one.j, to_gain(one.j), strict=True)):
                if value is None or value == 1 or index in corrected or (index in shown and not clicked):
                    continue
                # All is tracked from what was shown; what was put right already helps its neighbours.
                first = index in shown and value < FAILED_BELOW
                near = any(abs(index - other) < APART_FRAMES for other in corrected)
                candidates.append((not first, near, -gain, index, object_id))
        candidates.sort()
        for *_, index, object_id in candidates:
            if sequence.mask(index, object_id).any():
                return object_id, index
        return None


def _given(index: int, mask: Mask) -> MaskPrompt:
    return MaskPrompt(mask=mask, at=Moment(frame=index))


def _scored(
    sequence: DavisSequence,
    found: Followed,
    scores: dict[tuple[int, int], float | None],
    size: tuple[int, int],
) -> dict[int, ObjectScores]:
    """Compare every frame that has a true mask, as the result files show it."""
    objects = {object_id: ObjectScores([], [], []) for object_id in sequence.object_ids}
    for index, path in enumerate(sequence.truths):
        truth = sequence.labels(index) if path.is_file() else None
        labels = found.label_map(index, size)
        for object_id, one in objects.items():
            one.scores.append(scores.get((index, object_id)))
            if truth is None:
                one.j.append(None)
                one.f.append(None)
                continue
            mask, true_mask = labels.mask(object_id), truth == object_id
            one.j.append(jaccard(mask, true_mask))
            one.f.append(boundary_f(mask, true_mask))
    return objects
