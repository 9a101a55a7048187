"""What an object keeps when another one is pointed at inside of its mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from videdit.frames import Mask
from videdit.ops import distance_to
from videdit.prompts import Click, Prompt, Stroke
from videdit.tracking.projecting import depth_of

_DEEP = 0.5
"""Of the greatest depth in a mask: so deep places are surely the object's own."""
_CLAIM = 2.0
"""A click claims what lies around it up to so many times its depth, the least a person can be expected to mean."""
_LEAST_PX = 3.0


def kept_of(rest: Mask, points: Sequence[tuple[float, float]]) -> Mask:
    """Return what another object keeps of what it covers beside the one that is pointed at, (H, W) bool.

    rest:   (H, W) bool, what it covers
    points: x and y of what is pointed at, wherever they lie

    A click inside of it tells that it swallowed something: of its pixels those are given up that lie nearer to the
    click than to the other's own middle. The head of a child is won back, the face beside it is not lost.
    """
    places = [(int(x), int(y)) for x, y in points]
    clicked = [(x, y) for x, y in places if rest[y, x]]
    if not clicked:
        return rest
    depth = depth_of(rest)
    clicks, claimed = np.zeros_like(rest), np.zeros(rest.shape, np.uint8)
    for x, y in clicked:
        clicks[y, x] = True
        cv2.circle(claimed, (x, y), round(_CLAIM * max(_LEAST_PX, float(depth[y, x]))), 1, -1)
    own = (depth >= _DEEP * depth.max()) & (claimed == 0)
    return rest & (distance_to(own) < distance_to(clicks))


def points_on(prompts: Iterable[Prompt]) -> list[tuple[float, float]]:
    """Return x and y of all that clicks and strokes say is the object."""
    points: list[tuple[float, float]] = []
    for prompt in prompts:
        if isinstance(prompt, Click) and prompt.positive:
            points.append((prompt.x, prompt.y))
        if isinstance(prompt, Stroke) and prompt.positive:
            points += prompt.points
    return points
