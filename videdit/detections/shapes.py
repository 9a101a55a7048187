"""From a box to a mask."""

from __future__ import annotations

import math

import numpy as np

from videdit.detections.steps import FollowOptions
from videdit.frames import Mask, Region
from videdit.masks import PackedMask


def mask_of(box: tuple[float, float, float, float], size: tuple[int, int], options: FollowOptions) -> PackedMask:
    """Return what is covered where a thing has that box.

    box:  left, top, right, bottom in pixels of the frame
    size: height and width of the frame

    The mask is an ellipse, or a rectangle, with the box's middle and `options.size` times its sides.
    """
    inside, place = _inside(box, size, options.size, whole=options.shape == "box")
    return PackedMask.absent(size) if place.empty else PackedMask.pack_inside(inside, place, size)


def ellipse_in(box: tuple[float, float, float, float], size: tuple[int, int], times: float) -> Mask:
    """Return the ellipse with the box's middle and that many times its sides: (H, W) bool."""
    inside, place = _inside(box, size, times, whole=False)
    mask = np.zeros(size, np.bool_)
    mask[place.slices] = inside
    return mask


def _inside(
    box: tuple[float, float, float, float], size: tuple[int, int], times: float, *, whole: bool
) -> tuple[Mask, Region]:
    """Return the shape inside the smallest region that holds it, and that region."""
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x, half_y = times * (box[2] - box[0]) / 2, times * (box[3] - box[1]) / 2
    place = Region(
        max(0, math.floor(middle_x - half_x)),
        max(0, math.floor(middle_y - half_y)),
        min(size[1], math.ceil(middle_x + half_x)),
        min(size[0], math.ceil(middle_y + half_y)),
    )
    if place.empty or half_x <= 0 or half_y <= 0:
        return np.zeros((0, 0), np.bool_), Region(0, 0, 0, 0)
    x = (np.arange(place.x0, place.x1) + 0.5 - middle_x) / half_x
    y = (np.arange(place.y0, place.y1) + 0.5 - middle_y) / half_y
    if whole:
        inside: Mask = (np.abs(x)[None] <= 1) & (np.abs(y)[:, None] <= 1)
    else:
        inside = (x * x)[None] + (y * y)[:, None] <= 1
    return inside, place


def whole_frame(size: tuple[int, int]) -> PackedMask:
    """Return a mask of everything."""
    return PackedMask.pack(np.ones(size, np.bool_))
