"""How one frame of the shot shows the surroundings of a hole in another: aligned, with what it hides left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit.ops import optical_flow
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.filler.diffusion import Plane, extend
from videdit_plugins.builtin.filler.light import in_light, in_light_of_places, light_between
from videdit_plugins.builtin.filler.mapping import Points, fetch, free, grid, project, visible, within
from videdit_plugins.builtin.filler.medians import median
from videdit_plugins.builtin.filler.pictures import Picture, free_and_beside
from videdit_plugins.builtin.filler.scale import Matrix, Scale

_TRUST_CODES, _FOREIGN_TRUST_CODES = 6.0, 12.0
_OUTLIER_PX = 3.0
_OUTLIER_DEVIATIONS = 4.0
_NO_BETTER = 0.95
"""Residual flow that lowers the error by less than this factor is noise; without it nothing is resampled twice."""


@dataclass(frozen=True, slots=True)
class View:
    """Frame `index` as seen from a box around the hole of another frame, all at the small size.

    shift:    x and y, each (h, w) float32; added to a pixel's coordinates they give those in this frame
    rgb:      (h, w, 3) uint8, in the light that the other frame has in each place
    valid:    (h, w) bool, this frame shows the pixel
    distance: how many frames away
    light:    (3,) float32, the codes that this frame's colours lack for that light all over
    plain:    (h, w, 3) uint8, with these alone
    beside:   (h, w) bool, close to that frame's own hole, where a mask that is too small leaves some of the object
    followed: found by going from frame to frame
    """

    index: int
    shift: Points
    rgb: NDArray[np.uint8]
    valid: Mask
    distance: int
    light: NDArray[np.float32]
    plain: NDArray[np.uint8]
    beside: Mask
    followed: bool = False


def aligned(
    here: Picture,
    there: Picture,
    homography: Matrix,
    box: Region,
    scale: Scale,
    preset: FlowPreset,
    moving: tuple[Mask, Mask] | None = None,
    *,
    foreign: bool = False,
) -> Points:
    """Return where the pixels of the box of `here` lie in `there`: homography, then what optical flow finds beyond it.

    moving:  what moves by itself in `here` and in `there`, (H, W) bool each: its motion does not flow into the hole
    foreign: let what moves by itself flow into the hole too
    """
    places = grid(box)
    rough = project(homography, places)
    still = None if moving is None else ~moving[0][box.slices] & visible(moving[1], rough)
    residual = _residual_flow(here, there, rough, still, box, scale, preset, foreign=foreign)
    if residual is None:
        return rough
    return project(homography, (places[0] + residual[0], places[1] + residual[1]))


def view_at(here: Picture, there: Picture, box: Region, found: Points, *, followed: bool = False) -> View:
    """Return what `there` shows of a box of `here`, whose pixels lie at `found` in it, in the light of `here`."""
    shown = fetch(there.shown, found)
    unhidden, beside = free_and_beside(shown[..., 3])
    valid = within(found, there.hole.shape) & unhidden
    rgb = np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGBA2RGB))
    own, common = here.rgb[box.slices], valid & ~here.hole[box.slices]
    light = light_between(own, rgb, common)
    plain = in_light(rgb, light)
    places = grid(box)
    return View(
        there.index,
        (found[0] - places[0], found[1] - places[1]),
        in_light_of_places(plain, own, common),
        valid,
        abs(there.index - here.index),
        light,
        plain,
        beside,
        followed,
    )


def _residual_flow(
    here: Picture,
    there: Picture,
    rough: Points,
    still: Mask | None,
    box: Region,
    scale: Scale,
    preset: FlowPreset,
    *,
    foreign: bool,
) -> Points | None:
    """Return the motion that the homography leaves, x and y, (h, w) float32 each, extended over the hole; or None.

    Flow is trusted where the pictures agree after it and where it is not far from the median, which drops foreign
    objects; only this small rest is diffused into the hole, so errors of the extension are small.
    """
    known_here = ~here.wide[box.slices]
    mine = here.grey[box.slices]
    theirs, hidden = cv2.split(fetch(there.guide, rough))
    known_there = within(rough, there.wide.shape) & free(hidden)
    # Each gets the other's pixels where it is masked: equal pictures pull the flow to zero there.
    first = np.where(known_here, mine, theirs)
    second = np.where(known_there, theirs, mine)
    known = known_here & known_there
    if still is not None:
        known &= still
    if np.count_nonzero(known) < 16:
        return None
    flow = np.asarray(optical_flow(first, second, preset), np.float32)
    motion = cv2.split(flow)
    x, y = grid(Region(0, 0, box.width, box.height))
    after = _local_error(first, fetch(second, (x + motion[0], y + motion[1])))
    counted = known.view(np.uint8)
    if cv2.mean(after, counted)[0] > _NO_BETTER * cv2.mean(_local_error(first, second), counted)[0]:
        return None
    # The search ends at half the size or less, so nothing is lost there, and the rest is a quarter of the work.
    half = (max(1, box.width // 2), max(1, box.height // 2))
    flow, after, share = (cv2.resize(plane, half) for plane in (flow, after, counted * np.uint8(255)))
    sure = np.asarray(share) == 255
    codes = _FOREIGN_TRUST_CODES if foreign else _TRUST_CODES
    trust = np.exp(np.square(after) * np.float32(-1 / codes**2)) * sure
    if not foreign:
        fixed = cv2.resize(here.fixed[box.slices], half)
        trust *= fixed * _near_median(cv2.split(flow), sure, scale)
    x, y = cv2.split(cv2.resize(extend(np.asarray(flow), trust), (box.width, box.height)))
    return x, y


def _local_error(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Plane:
    return np.asarray(cv2.boxFilter(cv2.absdiff(first, second), cv2.CV_32F, (5, 5)))


def _near_median(motion: Sequence[Plane], known: Mask, scale: Scale) -> Mask:
    result, some = known, known[::2, ::2]
    for plane in motion:
        sample = plane[::2, ::2][some]
        if len(sample) == 0:
            return known
        middle = median(sample)
        limit = scale.px(_OUTLIER_PX) + _OUTLIER_DEVIATIONS * float(median(np.abs(sample - middle)))
        result = result & (np.abs(plane - middle) < np.float32(limit))
    return result
