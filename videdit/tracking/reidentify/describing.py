"""Descriptors that engines offer, beside what can be seen without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videdit.frames import FrameSequence, Mask, Region
from videdit.tracking.reidentify.cells import Cells
from videdit.tracking.reidentify.gallery import View, view_of

GROUND_SHARE = 0.5


class Describer(Protocol):
    """An engine that can say in figures what it sees inside a mask."""

    def describe(self, frames: FrameSequence, index: int, mask: Mask) -> NDArray[np.float32] | None: ...


def seen(
    frames: FrameSequence, index: int, mask: Mask, describers: Mapping[str, Describer], cells: Cells | None = None
) -> View | None:
    """Look at a mask with all there is; None if it is too small."""
    view = view_of(frames[index], mask, cells)
    if view is None:
        return None
    learned = _described(frames, index, mask, describers)
    return replace(view, learned=learned) if learned else view


def looked_at(
    frames: FrameSequence, indices: Sequence[int], masks: Mapping[int, Mask], describers: Mapping[str, Describer]
) -> list[View]:
    """Return views of an object on frames where its mask is known, with what surrounds it."""
    views = []
    for index in indices:
        view = seen(frames, index, masks[index], describers)
        if view is None:
            continue
        if view.learned:
            ground = _around(masks[index])
            view = replace(view, ground_learned=_described(frames, index, ground, describers))
        views.append(view)
    return views


def _described(
    frames: FrameSequence, index: int, mask: Mask, describers: Mapping[str, Describer]
) -> dict[str, NDArray[np.float32]]:
    if not mask.any():
        return {}
    answers = {role: one.describe(frames, index, mask) for role, one in describers.items()}
    return {role: answer for role, answer in answers.items() if answer is not None}


def _around(mask: Mask) -> Mask:
    """Return what lies about the object, as far as half its box reaches."""
    region = Region.of(mask)
    reach = max(4, round(GROUND_SHARE * max(region.width, region.height)))
    around = np.zeros_like(mask)
    around[region.grown(reach, (mask.shape[0], mask.shape[1])).slices] = True
    return np.asarray(around & ~mask, np.bool_)
