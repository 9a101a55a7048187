"""Where an object can be that another tracked object hides: what was in sight all the while is something else.

All maps are as coarse as `Plane.coarse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.flow import agreement, warp
from videdit_plugins.builtin.tracker.planes import COARSE, FloatMap, Plane
from videdit_plugins.builtin.tracker.target import Target

Reach = NDArray[np.bool_]

MARGIN_PX = 3
"""How far beside its mask an object may be as well; what comes as near may hide it."""
SURE_AGREEMENT, SURE_GREY_LEVELS = 0.5, 20.0
"""A pixel is known from the frame before where flow forth and back agree, and so do the two pictures."""
SPREAD_PX = 8
"""What is not known may be the object so near to where that could be."""


class Back(NamedTuple):
    """How the whole picture moved: flow (h, w, 2) float32 from now to before, and where it is sure, (h, w) bool."""

    flow: NDArray[np.float32]
    sure: Reach


def carry_reaches(
    targets: Mapping[int, Target], before: Plane, now: Plane, forward: NDArray[np.float32] | None
) -> None:
    """Move the reach of each target along from the frame `before` to `now`; forward: see `coarse_flow`."""
    back = None
    for target in targets.values():
        if target.reach is None or forward is None:
            target.reach = None
            continue
        back = back or back_flow(before, now, forward)
        target.reach = carried(target.reach, back)


def remember_reaches(targets: Mapping[int, Target], now: Plane) -> None:
    """Set the reach of each target after the frame `now`, on which their masks are settled."""
    if len(targets) < 2:
        for target in targets.values():
            target.reach = None
        return
    masks = {object_id: _coarse(target.probability, now) for object_id, target in targets.items()}
    for object_id, target in targets.items():
        rivals = [mask for other, mask in masks.items() if other != object_id and other not in target.friends]
        target.reach = reach_after(target.reach, masks[object_id], rivals)


def back_flow(before: Plane, now: Plane, forward: NDArray[np.float32]) -> Back:
    """Return how `now` came from `before`; forward: see `coarse_flow`."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = search.calc(now.coarse, before.coarse, None)
    agreed = agreement(flow, forward / np.float32(COARSE))
    error = np.abs(now.coarse.astype(np.float32) - warp(before.coarse.astype(np.float32), flow))
    sure = (agreed > SURE_AGREEMENT) & (cv2.GaussianBlur(error, (0, 0), 1.0) < SURE_GREY_LEVELS)
    return Back(flow, np.asarray(sure, np.bool_))


def carried(reach: Reach, back: Back) -> Reach:
    """Return `reach` (h, w) on the next frame: what came from there, and what beside it came from nowhere."""
    moved = warp(reach.astype(np.float32), back.flow) > 0.25
    return np.asarray(moved | (~back.sure & _grown(moved, np.ones((2 * SPREAD_PX + 1, 2 * SPREAD_PX + 1), np.uint8))))


def reach_after(reach: Reach | None, mask: Reach, rivals: Sequence[Reach]) -> Reach | None:
    """Return where an object can be after a frame, or None if nothing is known to hide it.

    reach:  (h, w) the same on the frame before, carried to this one
    mask:   (h, w) where the object was seen
    rivals: (h, w) each, the masks of the others
    """
    seen = bool(mask.any())
    # What lies outside a mask was seen not to be the object, but for a little.
    start = _grown(mask, _DISC) if seen else reach
    if start is None:
        return None
    hiding = [rival for rival in rivals if (rival & start).any()]
    if seen and not hiding:
        return None
    return np.asarray(np.logical_or.reduce([start, *hiding]))


def at_work_size(reach: Reach, size: tuple[int, int]) -> FloatMap:
    """Return (h, w) float32 of work size `size`, 1 where the object can be."""
    return np.asarray(cv2.resize(reach.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN_PX + 1, 2 * MARGIN_PX + 1))


def _grown(mask: Reach, by: NDArray[np.uint8]) -> Reach:
    return np.asarray(cv2.dilate(mask.view(np.uint8), by) > 0)


def _coarse(probability: FloatMap, plane: Plane) -> Reach:
    mask = (probability > 0.5).view(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(mask, plane.coarse.shape[::-1], interpolation=cv2.INTER_AREA) > 0)
