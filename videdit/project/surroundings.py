"""What a project knows that helps to understand a click: where other objects are, and how large this one is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from videdit.errors import VideditError
from videdit.frames import Mask, Region
from videdit.masks import MaskEntry
from videdit.ops import are_parts
from videdit.prompts import Box, MaskPrompt, Moment, Prompt
from videdit.shots import shot_at
from videdit.tracking.keeping import points_on
from videdit.tracking.stage import Pointed

if TYPE_CHECKING:
    from videdit.project.project import Project

_ALIKE, _AT_ALL_ALIKE = 2.0, 4.0
"""An answer is what is meant if its area differs from the known one by the first factor at most, and is not if by more
than the second."""

_ROOM = 1.5
"""Times the sides of the object's box: a click is not its middle."""


def seen_near(project: Project, name: str, index: int) -> MaskEntry | None:
    """Return an object's mask on the frame nearest to `index`, of equals the earlier, that shows it in the shot.

    None if none does, or where masks are taken as they are drawn.
    """
    object_id = project.objects.require(name).object_id
    # Shots are not looked for before anything is tracked.
    if project.description.engines.static or not project.track.frames(object_id):
        return None
    shot = shot_at(project.shots(), index)
    entries = project.track.entries(object_id, shot.start, shot.stop)
    return min((one for one in entries if not one.mask.empty), key=lambda one: abs(one.index - index), default=None)


def others_there(project: Project, name: str, index: int, known: MaskEntry) -> list[MaskPrompt]:
    """Return what other objects cover on a frame, as prompts that it is not this one.

    known: the object on that frame, or on one near it; of what is a part of it there, or it of that, nothing is said
    """
    own, then, result = known.mask.mask(), project.track.at(known.index), []
    for object_id, entry in project.track.at(index).items():
        if object_id == known.object_id or entry.mask.empty:
            continue
        if object_id in then and are_parts(then[object_id].mask.mask(), own):
            continue
        mask = entry.mask.mask()
        if known.index == index:
            mask &= ~own
        result.append(MaskPrompt(mask=mask, positive=False, at=Moment(frame=index), object=name))
    return result


def likest(project: Project, name: str, index: int, prompts: Sequence[Prompt], known: MaskEntry) -> MaskPrompt | None:
    """Return the answer to prompts that is likest in size to what the object has where it is known.

    None if the best answer is about as large: then there is nothing to add. Else the prompts are asked once more with a
    box of that size around what is pointed at, and None is returned if that does not help either.
    """
    usual = int(np.count_nonzero(known.mask.crop()))
    answers = _answers(project, name, index, prompts)
    if not answers or _times(answers[0], usual) <= _ALIKE:
        return None
    box = _box(points_on(prompts), known.mask.region, known.mask.size, Moment(frame=index))
    if box is not None:
        answers += _answers(project, name, index, [box, *prompts])
    best = min(answers, key=lambda one: _times(one, usual))
    if best is answers[0] or _times(best, usual) > _AT_ALL_ALIKE:
        return None
    return MaskPrompt(mask=best, at=Moment(frame=index), object=name)


def _answers(project: Project, name: str, index: int, prompts: Sequence[Prompt]) -> list[Mask]:
    # What is wrong with the prompts is told when they are tracked.
    with suppress(VideditError):
        one = Pointed(project.objects.require(name).object_id, name, {index: prompts})
        selected = project.stage().select(one, index, shot_at(project.shots(), index))
        return [selected.mask, *(answer.mask for answer in selected.others)]
    return []


def _box(points: Sequence[tuple[float, float]], usual: Region, size: tuple[int, int], at: Moment) -> Box | None:
    """Return a box around points, somewhat larger than the object's usual one; None if it would be empty."""
    if not points:
        return None
    (x0, x1), (y0, y1) = ((min(some), max(some)) for some in zip(*points, strict=True))
    across, down = _ROOM * usual.width / 2, _ROOM * usual.height / 2
    left, top = max(0.0, x0 - across), max(0.0, y0 - down)
    right, bottom = min(float(size[1]), x1 + across), min(float(size[0]), y1 + down)
    return Box(left, top, right, bottom, at=at) if left < right and top < bottom else None


def _times(mask: Mask, usual: int) -> float:
    """Return by what factor a mask is larger or smaller than an area."""
    area = max(1, int(np.count_nonzero(mask)))
    return max(area / usual, usual / area)
