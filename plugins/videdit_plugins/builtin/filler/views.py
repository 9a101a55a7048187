"""How one frame of the shot shows the surroundings of a hole in another: aligned, with what it hides left out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit.ops import optical_flow
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.filler.diffusion import Plane, extend
from videdit_plugins.builtin.filler.mapping import Points, fetch, grid, project, visible
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Matrix, Scale

_TRUST_CODES = 12.0
_OUTLIER_PX = 3.0
_OUTLIER_DEVIATIONS = 4.0
_NO_BETTER = 0.95
"""Residual flow that lowers the error by less than this factor is noise; without it nothing is resampled twice."""


@dataclass(frozen=True, slots=True)
class View:
    """Frame `index` as seen from a box around the hole of another frame, all at the small size.

    shift:    (h, w, 2) float32, added to a pixel's coordinates it gives those in this frame
    rgb:      (h, w, 3) float32 in codes of 0..255
    valid:    (h, w) bool, this frame shows the pixel
    distance: how many frames away
    followed: found by going from frame to frame
    beside:   (h, w) bool, close to that frame's own hole, where a mask that is too small leaves some of the object
    """

    index: int
    shift: Plane
    rgb: Plane
    valid: Mask
    distance: int
    followed: bool = False
    beside: Mask | None = None


def look(here: Picture, there: Picture, homography: Matrix, box: Region, scale: Scale, preset: FlowPreset) -> View:
    """Align `there` with the box of `here`: homography, then what optical flow finds beyond it."""
    places = grid(box)
    rough = project(homography, places)
    residual = residual_flow(here, there, rough, box, scale, preset)
    if residual.any():
        rough = project(homography, (places[0] + residual[..., 0], places[1] + residual[..., 1]))
    return view_at(here, there, places, rough)


def view_at(here: Picture, there: Picture, places: Points, found: Points, *, followed: bool = False) -> View:
    """Return what `there` shows of the pixels `places` of `here`, which lie at `found` in it."""
    return View(
        there.index,
        np.dstack([found[0] - places[0], found[1] - places[1]]),
        fetch(there.rgb, found).astype(np.float32),
        visible(there.hole, found),
        abs(there.index - here.index),
        followed,
        ~visible(there.wide, found),
    )


def residual_flow(
    here: Picture,
    there: Picture,
    rough: Points,
    box: Region,
    scale: Scale,
    preset: FlowPreset,
    *,
    foreign: bool = False,
) -> Plane:
    """Return the motion that the homography leaves, (h, w, 2) float32, extended over the hole.

    foreign: let what moves by itself flow into the hole too

    Flow is trusted where the pictures agree after it and where it is not far from the median, which drops foreign
    objects; only this small rest is diffused into the hole, so errors of the extension are small.
    """
    known_here = ~here.wide[box.slices]
    known_there = visible(there.wide, rough)
    mine = here.grey[box.slices]
    theirs = fetch(there.grey, rough)
    # Each gets the other's pixels where it is masked: equal pictures pull the flow to zero there.
    first = np.where(known_here, mine, theirs)
    second = np.where(known_there, theirs, mine)
    known = known_here & known_there
    nothing = np.zeros((*mine.shape, 2), np.float32)
    if np.count_nonzero(known) < 16:
        return nothing
    flow = np.asarray(optical_flow(first, second, preset), np.float32)
    x, y = grid(Region(0, 0, box.width, box.height))
    after = _local_error(first, fetch(second, (x + flow[..., 0], y + flow[..., 1])))
    if after[known].mean() > _NO_BETTER * _local_error(first, second)[known].mean():
        return nothing
    trust = np.exp(-((after / _TRUST_CODES) ** 2)) * known
    if not foreign:
        trust = trust * _near_median(flow, known, scale)
    return extend(flow, trust.astype(np.float32))


def _local_error(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Plane:
    return np.asarray(cv2.blur(cv2.absdiff(first, second).astype(np.float32), (5, 5)))


def _near_median(flow: Plane, known: Mask, scale: Scale) -> Mask:
    sample = flow[::2, ::2][known[::2, ::2]]
    if len(sample) == 0:
        sample = flow[known]
    median = np.median(sample, axis=0)
    deviation = np.median(np.abs(sample - median), axis=0)
    limit = scale.px(_OUTLIER_PX) + _OUTLIER_DEVIATIONS * deviation
    near = np.abs(flow - median) < limit
    return np.asarray(near[..., 0] & near[..., 1])
