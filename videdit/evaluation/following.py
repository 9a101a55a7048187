"""Track the objects of one sequence, with corrections if asked for, and score every frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from videdit.evaluation.contours import boundary_f
from videdit.evaluation.costs import Meter
from videdit.evaluation.courses import counted
from videdit.evaluation.davis import DavisSequence
from videdit.evaluation.parts import Tick
from videdit.evaluation.prompted import Pointing, point_at
from videdit.evaluation.regions import jaccard
from videdit.frames import FrameSequence, Mask
from videdit.masks import LabelMap, PackedMask
from videdit.segmenter import Segmenter
from videdit.shots import Shot
from videdit.tracker import Tracker
from videdit.tracking.passes import plan_passes
from videdit.tracking.walk import walk


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
    tracked_frames: how many frames the tracker walked in all rounds together
    """

    masks: list[dict[int, PackedMask]] = field(default_factory=list)
    objects: dict[int, ObjectScores] = field(default_factory=dict)
    rounds: list[float] = field(default_factory=list)
    corrected: list[tuple[int, int]] = field(default_factory=list)
    tracked_frames: int = 0

    def label_map(self, index: int, size: tuple[int, int]) -> LabelMap:
        """Return the result of one frame; where masks overlap the higher id is kept."""
        return LabelMap.of(self.masks[index], size)


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows sequences with certain engines.

    make_tracker: gives a new tracker for each walk, as each correction begins a new one
    segmenter:    None where true masks are given
    tracking, pointing_meter: count the trackers' time, and the segmenter's
    """

    make_tracker: Callable[[], Tracker]
    segmenter: Segmenter | None
    pointing: Pointing
    corrections: int
    tracking: Meter
    pointing_meter: Meter

    def follow(self, sequence: DavisSequence, frames: FrameSequence, tick: Tick) -> Followed:
        """Show every object on the first frame, track, score; then correct the worst frame and track again.

        A correction shows one object on the frame where its J is lowest, among those that count, whose truth shows it
        and that were not corrected yet; it is shown as on the first frame, clicks going on from the mask that is there.
        """
        found = Followed()
        keyframes: dict[int, dict[int, Mask]] = {}
        for object_id in sequence.object_ids:
            truth = sequence.mask(0, object_id)
            if truth.any():
                self._show(keyframes, object_id, 0, truth, frames, None)
        self._round(sequence, frames, keyframes, found, tick)
        for _ in range(self.corrections):
            worst = self._worst(sequence, found, keyframes)
            if worst is None:
                break
            object_id, index = worst
            there = found.masks[index][object_id].mask()
            found.corrected.append(worst)
            if self._show(keyframes, object_id, index, sequence.mask(index, object_id), frames, there):
                self._round(sequence, frames, keyframes, found, tick)
            else:
                found.rounds.append(found.rounds[-1])
        # Where nothing was left to correct, more corrections would have changed nothing.
        found.rounds += [found.rounds[-1]] * (1 + self.corrections - len(found.rounds))
        return found

    def _show(
        self,
        keyframes: dict[int, dict[int, Mask]],
        object_id: int,
        index: int,
        truth: Mask,
        frames: FrameSequence,
        begin_with: Mask | None,
    ) -> bool:
        mask = point_at(
            self.segmenter, frames, index, truth, self.pointing_meter, pointing=self.pointing, begin_with=begin_with
        )
        # An answer without a pixel is no keyframe: a person would see that nothing was selected.
        if mask.any():
            keyframes.setdefault(object_id, {})[index] = mask
        return bool(mask.any())

    def _round(
        self,
        sequence: DavisSequence,
        frames: FrameSequence,
        keyframes: dict[int, dict[int, Mask]],
        found: Followed,
        tick: Tick,
    ) -> None:
        size = frames.size
        nothing = PackedMask.absent(size)
        found.masks = [dict.fromkeys(sequence.object_ids, nothing) for _ in range(len(sequence))]
        scores: dict[tuple[int, int], float | None] = {}
        for plan in plan_passes(keyframes, Shot(0, len(sequence))):
            steps = walk(self.make_tracker(), frames, plan, keyframes)
            while True:
                with self.tracking.running():
                    step = next(steps, None)
                if step is None:
                    break
                found.tracked_frames += 1
                # The walk back meets each object where it was shown first, so it overwrites nothing but that mask.
                for object_id, tracked in step.tracked.items():
                    found.masks[step.index][object_id] = PackedMask.pack(tracked.mask)
                    given = step.index in keyframes[object_id]
                    scores[step.index, object_id] = None if given else tracked.score
                tick()
        found.objects = _scored(sequence, found, scores, size)
        found.rounds.append(float(np.mean([one.j_and_f for one in found.objects.values()])))

    @staticmethod
    def _worst(
        sequence: DavisSequence, found: Followed, keyframes: dict[int, dict[int, Mask]]
    ) -> tuple[int, int] | None:
        """Return the object and frame of the lowest J, the earliest of equals; None if nothing can be corrected."""
        candidates = sorted(
            (value, index, object_id)
            for object_id, one in found.objects.items()
            for index, value in enumerate(one.j)
            if value is not None
            and value < 1
            and index in counted(len(one.j))
            and index not in keyframes.get(object_id, {})
            and (object_id, index) not in found.corrected
        )
        for _, index, object_id in candidates:
            if sequence.mask(index, object_id).any():
                return object_id, index
        return None


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
