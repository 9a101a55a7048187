"""Walk a tracker along one pass, beside the masks of rivals that are known already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np

from videdit.errors import faults_of
from videdit.frames import FrameSequence, Mask, Region
from videdit.masks import MaskEntry, Origin
from videdit.ops import are_parts
from videdit.tracker import Tracked, Tracker
from videdit.tracking.passes import Pass

NEAR = 0.5
"""A rival counts once its box comes within this share of the made object's larger side."""
AGREED = 0.9
"""IoU from which the tracker's own idea of a rival is left as it is; below it the known mask is put in its place."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one object on one frame.

    tracked:  as the tracker gave it, or as it was put right
    origin:   "tracked", "refined" or "absent"
    evidence: named figures, and what was decided
    """

    tracked: Tracked
    origin: Origin
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of a walk: what was made on it, by object. Confirmed frames and rivals are not in it."""

    index: int
    made: Mapping[int, Outcome]


class Known(Protocol):
    """What a walk may look up: masks that are settled."""

    def confirmed(self, object_id: int) -> Sequence[int]:
        """Return the object's confirmed frames in the shot."""
        ...

    def mask(self, object_id: int, index: int) -> Mask:
        """Return the mask of a confirmed frame."""
        ...

    def others(self, index: int, without: Iterable[int]) -> Mapping[int, MaskEntry]:
        """Return the settled masks of all objects but these on a frame."""
        ...


class Judge(Protocol):
    """Looks at what the tracker made, and may put it right. Its state is kept beside the tracker's."""

    def begin(self, index: int, object_id: int, mask: Mask) -> None:
        """Take a confirmed mask."""
        ...

    def judge(self, index: int, object_id: int, tracked: Tracked, rivals: Mapping[int, Mask]) -> Outcome:
        """Return what to keep."""
        ...

    def snapshot(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...


class Walk:
    """One pass of one tracker; between two frames it can be kept and taken up again."""

    def __init__(
        self, tracker: Tracker, frames: FrameSequence, plan: Pass, known: Known, judge: Judge | None = None
    ) -> None:
        self._tracker = tracker
        self._frames = frames
        self._plan = plan
        self._known = known
        self._judge = judge

    def snapshot(self) -> bytes:
        """Return all state after the last step."""
        judged = b"" if self._judge is None else self._judge.snapshot()
        return len(judged).to_bytes(8, "big") + judged + self._tracker.snapshot()

    def steps(self, *, skip: int = 0, state: bytes | None = None) -> Iterator[Step]:
        """Yield each frame of the pass in its order.

        skip, state: begin after the first `skip` frames, from what `snapshot` returned there; what follows is byte for
        byte what an uninterrupted walk yields
        Raises BrokenPlugin that names the frame if the tracker raises anything of its own.
        """
        if state is not None:
            length = int.from_bytes(state[:8], "big")
            if self._judge is not None:
                self._judge.restore(state[8 : 8 + length])
            _guarded(self._plan.frames[skip - 1], self._tracker.restore, self._frames, state[8 + length :])
        for position, index in enumerate(self._plan.frames):
            if position >= skip:
                yield self._start(index) if position == 0 else self._step(index, self._plan.frames[position - 1])

    def _start(self, index: int) -> Step:
        given = {one: self._known.mask(one, index) for one in sorted(self._plan.given.get(index, ()))}
        _guarded(index, self._tracker.start, self._frames, index, given)
        for object_id, mask in given.items():
            self._join(index, object_id, mask)
        self._meet(index, {}, given, {}, given)
        return Step(index, {})

    def _step(self, index: int, before: int) -> Step:
        tracked: dict[int, Tracked] = dict(_guarded(index, self._tracker.step, index))
        given = {one: self._known.mask(one, index) for one in sorted(self._plan.given.get(index, ()))}
        for object_id, mask in given.items():
            if object_id in tracked and self._in_hand(object_id, before):
                _guarded(index, self._tracker.correct, index, object_id, mask)
                if self._judge is not None:
                    self._judge.begin(index, object_id, mask)
            else:
                # One that was only a rival so far begins anew: its memory holds masks that nobody confirmed.
                _guarded(index, self._tracker.add, index, object_id, mask)
                self._join(index, object_id, mask)
        mine = [one for one in sorted(tracked) if one not in given and self._plan.made(one, index) is not None]
        others = self._known.others(index, [*mine, *given])
        made = {one: self._judged(index, one, tracked, others, mine) for one in mine}
        self._meet(index, tracked, {**given, **{one: each.tracked.mask for one, each in made.items()}}, others, given)
        return Step(index, made)

    def _in_hand(self, object_id: int, index: int) -> bool:
        return self._plan.made(object_id, index) is not None or object_id in self._plan.given.get(index, ())

    def _join(self, index: int, object_id: int, mask: Mask) -> None:
        """What a person drew elsewhere in the shot is known from the start, whichever way the walk goes."""
        if self._judge is not None:
            self._judge.begin(index, object_id, mask)
        for other in self._known.confirmed(object_id):
            if other != index:
                _guarded(other, self._tracker.confirm, other, object_id, self._known.mask(object_id, other))

    def _judged(
        self,
        index: int,
        object_id: int,
        tracked: Mapping[int, Tracked],
        others: Mapping[int, MaskEntry],
        mine: Sequence[int],
    ) -> Outcome:
        one = tracked[object_id]
        if self._judge is None:
            return Outcome(one, "absent" if one.absent else "tracked", dict(one.evidence))
        rivals = {other: tracked[other].mask for other in mine if other != object_id}
        rivals |= {other: entry.mask.mask() for other, entry in others.items()}
        outcome = self._judge.judge(index, object_id, one, rivals)
        if outcome.origin == "refined":
            _guarded(index, self._tracker.adopt, index, object_id, outcome.tracked.mask)
        return outcome

    def _meet(
        self,
        index: int,
        tracked: Mapping[int, Tracked],
        mine: Mapping[int, Mask],
        others: Mapping[int, MaskEntry],
        given: Mapping[int, Mask],
    ) -> None:
        """Take along the rivals that are near, as they are known; let go of those that are not.

        A tracker that sees an object's rivals does not take them for the object; their masks are not made again. What a
        person gave to one of `mine` on this frame, `given`, is no rival's, whatever its mask held before.
        """
        others = others or self._known.others(index, mine)
        boxes = [Region.of(mask) for mask in mine.values()]
        for object_id in sorted({*others, *tracked} - set(mine)):
            entry = others.get(object_id)
            if entry is None or entry.mask.empty or not _near(entry.mask.region, boxes, self._frames.size):
                if object_id in tracked:
                    _guarded(index, self._tracker.forget, object_id)
                continue
            mask = _without(entry.mask.mask(), given.values())
            if object_id not in tracked:
                _guarded(index, self._tracker.add, index, object_id, mask)
            elif _iou(tracked[object_id].mask, mask) < AGREED:
                _guarded(index, self._tracker.adopt, index, object_id, mask)


def _without(mask: Mask, given: Iterable[Mask]) -> Mask:
    """Return a rival's mask without what is given to others, those apart that are parts of it, or it of them."""
    for one in given:
        if not are_parts(mask, one):
            mask = mask & ~one
    return mask


def _near(region: Region, boxes: Sequence[Region], size: tuple[int, int]) -> bool:
    for box in boxes:
        if box.empty:
            return True  # the object may be anywhere, in a rival's place too
        grown = box.grown(round(NEAR * max(box.width, box.height)), size)
        if grown.meets(region):
            return True
    return False


def _iou(one: Mask, other: Mask) -> float:
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _guarded(index: int, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    with faults_of("the tracker", f"frame {index}"):
        return call(*arguments, **named)
