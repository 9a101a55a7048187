"""Plan the walks of a tracker through a shot: forward from the first keyframe, and back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from videdit.frames import Mask
from videdit.shots import Shot

Keyframes: TypeAlias = Mapping[int, Mapping[int, Mask]]
"""Object id -> frame index -> (H, W) bool: where a person said what the object is."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk: the frames in the order they are visited, and the masks given on the way.

    given: frame index -> object id -> (H, W) bool; the first frame of `frames` has at least one
    """

    direction: Literal["forward", "backward"]
    frames: range
    given: Mapping[int, Mapping[int, Mask]]


def plan_passes(keyframes: Keyframes, span: Shot) -> list[Pass]:
    """Plan how the objects reach every frame of `span` from their keyframes.

    Forward, one walk from the earliest keyframe to the end takes all objects along; each joins at its first keyframe
    and is put right at each later one. Backward, one walk from the latest of the first keyframes to the beginning
    fills in what lies before. No walk leaves the span, so nothing crosses a cut.
    """
    inside = {
        object_id: {index: mask for index, mask in by_frame.items() if index in span}
        for object_id, by_frame in keyframes.items()
    }
    inside = {object_id: by_frame for object_id, by_frame in inside.items() if by_frame}
    if not inside:
        return []
    given: dict[int, dict[int, Mask]] = {}
    for object_id, by_frame in sorted(inside.items()):
        for index, mask in by_frame.items():
            given.setdefault(index, {})[object_id] = mask
    passes = [Pass("forward", range(min(given), span.stop), given)]
    joins: dict[int, dict[int, Mask]] = {}
    for object_id, by_frame in sorted(inside.items()):
        first = min(by_frame)
        if first > span.start:
            joins.setdefault(first, {})[object_id] = by_frame[first]
    if joins:
        passes.append(Pass("backward", range(max(joins), span.start - 1, -1), joins))
    return passes
