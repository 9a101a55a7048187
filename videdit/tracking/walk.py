"""Walk a tracker along one pass, in chunks that a killed run resumes at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from videdit.errors import BrokenPlugin, VideditError
from videdit.frames import FrameSequence, Mask
from videdit.tracker import Tracked, Tracker
from videdit.tracking.passes import Keyframes, Pass

CHUNK_FRAMES = 250

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of a walk.

    tracked: object id -> what the tracker made of it
    given:   object ids whose mask here was given, not tracked
    """

    index: int
    tracked: Mapping[int, Tracked]
    given: frozenset[int]


def walk(
    tracker: Tracker,
    frames: FrameSequence,
    plan: Pass,
    keyframes: Keyframes,
    *,
    skip: int = 0,
    state: bytes | None = None,
) -> Iterator[Step]:
    """Yield each frame of the pass in its order.

    skip, state: begin after the first `skip` frames, with the tracker restored from `state`; what follows is byte for
    byte what an uninterrupted walk yields
    Raises BrokenPlugin that names the frame if the tracker raises anything of its own.
    """
    known: set[int] = set()
    if state is not None:
        _guarded(plan.frames[skip - 1], tracker.restore, frames, state)
        for index in plan.frames[:skip]:
            known.update(plan.given.get(index, ()))
    for position, index in enumerate(plan.frames):
        if position < skip:
            continue
        given = plan.given.get(index, {})
        if position == 0:
            _guarded(index, tracker.start, frames, index, given)
            tracked: dict[int, Tracked] = {}
        else:
            tracked = dict(_guarded(index, tracker.step, index))
            _hand_over(tracker, index, given, known)
        for object_id in sorted(set(given) - known):
            _confirm_others(tracker, index, object_id, keyframes)
        known.update(given)
        for object_id, mask in given.items():
            tracked[object_id] = Tracked(mask, 1.0)
        yield Step(index, tracked, frozenset(given))


def _hand_over(tracker: Tracker, index: int, given: Mapping[int, Mask], known: set[int]) -> None:
    for object_id, mask in sorted(given.items()):
        tell = tracker.correct if object_id in known else tracker.add
        _guarded(index, tell, index, object_id, mask)


def _confirm_others(tracker: Tracker, index: int, object_id: int, keyframes: Keyframes) -> None:
    # What a person drew elsewhere in the shot is known from the start, whichever way the walk goes.
    for other, mask in sorted(keyframes[object_id].items()):
        if other != index:
            _guarded(other, tracker.confirm, other, object_id, mask)


def _guarded(index: int, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return call(*arguments, **named)
    except (VideditError, MemoryError):
        raise
    except Exception as error:
        raise BrokenPlugin(f"the tracker raised {type(error).__name__}: {error}", where=f"frame {index}") from error
