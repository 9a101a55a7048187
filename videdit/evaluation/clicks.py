"""Clicks as a person would make them: each in the middle of what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Mask
from videdit.prompts import Click

Robot: TypeAlias = Literal["largest", "deepest"]
"""Where the next click falls: the deepest point of the largest connected error, or the deepest point of any error."""


def next_click(mask: Mask, truth: Mask, *, robot: Robot = "largest", before: Sequence[Click] = ()) -> Click | None:
    """Return the click that a person who sees the truth would make next; None if nothing is wrong.

    mask, truth: (H, W) bool
    robot:  "largest" takes the connected error of the most pixels, in it the point furthest from its edge;
            "deepest" takes the point furthest from an edge among all errors, as the usual robot of interactive
            segmentation does (K. Sofiiuk et al., "Reviving Iterative Training with Mask Guidance", 2021)
    before: clicks already made; none falls on their pixels again

    The frame's border counts as an edge. A missing part gets a positive click, a false one a negative. The click lies
    in the middle of its pixel. Raises ShapeError when the sizes differ.
    """
    if mask.shape != truth.shape:
        raise ShapeError(f"masks of one size can be compared, not {mask.shape} and {truth.shape}")
    missing, false = truth & ~mask, mask & ~truth
    if robot == "largest":
        missing, false = _only_largest(missing, false)
    depth_missing, depth_false = _depth(missing), _depth(false)
    for click in before:
        depth_missing[int(click.y), int(click.x)] = depth_false[int(click.y), int(click.x)] = 0
    positive = bool(depth_missing.max() > depth_false.max())
    depth = depth_missing if positive else depth_false
    if depth.max() <= 0:
        return None
    y, x = divmod(int(depth.argmax()), depth.shape[1])
    return Click(x + 0.5, y + 0.5, positive)


def _depth(error: Mask) -> NDArray[np.float32]:
    padded = np.pad(error.view(np.uint8), 1)
    return np.array(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1], np.float32)


def _only_largest(missing: Mask, false: Mask) -> tuple[Mask, Mask]:
    """Keep, of all connected errors of both kinds, the one of the most pixels; of equals a missing one."""
    (part, area), (false_part, false_area) = _largest(missing), _largest(false)
    nothing: Mask = np.zeros(missing.shape, dtype=np.bool_)
    return (part, nothing) if area >= false_area else (nothing, false_part)


def _largest(error: Mask) -> tuple[Mask, int]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(error.view(np.uint8), connectivity=8)
    if count < 2:
        return error, 0
    label = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    part: Mask = labels == label
    return part, int(stats[label, cv2.CC_STAT_AREA])
