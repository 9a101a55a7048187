"""Weigh the views of a hole by how well each fits around it, and blend them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.candidates import nearness
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import grey_of
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View

_LOW_PASS_PX = 4.0
_NEAR_RING_PX = 10.0
_FAR_SHARE = 1e-3
_ERROR_CODES = 3.0
_BESIDE_CODES = 50.0
"""What lies beside another frame's own hole, and differs so much from views that see the place farther from theirs, may
be of the object: a mask that is too small leaves some of it."""
_BESIDE_VARIANCES = 10.0
"""Times the variance of those views is added to its square: the less they agree, the less a difference says."""
_BEST = 8
_FOLLOWED = 1.0
"""Errors add up along the way, which the surroundings do not show in full."""
_LEAST_LIMIT_CODES = 5.0
_HOPELESS = 2.0
"""What differs from its surroundings by more than this times their own contrast shows something else."""
_LOST = 0.5
"""The same for followed views, which have lost their way: rather a plate than what they show."""
_OUTLIER_CODES = 30.0
_SHRINK = 4
_RIM_PX = 8.0


@dataclass(frozen=True, slots=True)
class Blend:
    """What the views together show, at the small size.

    All is 0 farther than the rim from the hole.

    weights: (views, h, w) float32, sum 1 where anything was seen, 0 elsewhere
    rgb:     (h, w, 3) float32, codes of 0..255
    seen:    (h, w) bool, some view fits well enough to be used
    """

    weights: NDArray[np.float32]
    rgb: Plane
    seen: Mask


class _Rows(NamedTuple):
    """What is weighed: rows are views, columns the pixels of the box.

    rgb:    (views, pixels, 3) uint8
    errors: (views, pixels) float32, codes, from `ring_error`
    valid:  (views, pixels) bool
    beside: (views, pixels) bool, may be of the object
    limits: (views,) float32, the largest error that is used, in contrasts of the surroundings
    marks:  (views,) float32, the weight of a view that fits without error
    """

    rgb: NDArray[np.uint8]
    errors: Plane
    valid: Mask
    beside: Mask
    limits: Plane
    marks: Plane


class _Blended(NamedTuple):
    """The arrays of a `Blend`, with the pixels in one axis, to be filled in."""

    weights: Plane
    rgb: Plane
    seen: Mask


def blend(views: Sequence[View], rgb: NDArray[np.uint8], hole: Mask, scale: Scale) -> Blend:
    """Blend the views of a box.

    rgb:  (h, w, 3) uint8, the box of the hole's frame
    hole: (h, w) bool
    """
    own = grey_of(rgb)
    # The hole and the rim that the seam is judged by; nothing farther away is asked for.
    side = 2 * max(1, round(scale.px(_RIM_PX))) + 1
    where = cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8))
    known, count = ~hole, len(views)
    blended = Blend(np.zeros((count, *hole.shape), np.float32), np.zeros(rgb.shape, np.float32), np.zeros_like(hole))
    _weigh(
        _rows(views, own, known, scale),
        contrast(own, known, scale).ravel(),
        where.ravel(),
        _Blended(blended.weights.reshape(count, -1), blended.rgb.reshape(-1, 3), blended.seen.ravel()),
    )
    return blended


def _rows(views: Sequence[View], own: Plane, known: Mask, scale: Scale) -> _Rows:
    nowhere, flat = np.zeros(known.shape, np.bool_), (len(views), known.size)
    marks = nearness(np.array([view.distance for view in views]))
    marks[[view.followed for view in views]] *= np.float32(math.exp(-_FOLLOWED))
    return _Rows(
        rgb=np.stack([view.rgb for view in views]).reshape(*flat, 3),
        errors=np.stack([ring_error(view, own, known, scale) for view in views]).reshape(flat),
        valid=np.stack([view.valid for view in views]).reshape(flat),
        beside=np.stack([nowhere if view.beside is None else view.beside for view in views]).reshape(flat),
        limits=np.array([_LOST if view.followed else _HOPELESS for view in views], np.float32),
        marks=marks,
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _weigh(views, contrast, where, blended):  # type: ignore[no-untyped-def]
    """Fill in what is blended of the rows of views, for the pixels `where`.

    contrast: (pixels,) float32
    where:    (pixels,) uint8
    """
    count = len(views.marks)
    best = np.zeros(_BEST, np.float32)
    own, free = np.zeros(count, np.float32), np.zeros(count, np.float32)
    colour = np.zeros(3, np.float32)
    for p in range(where.size):
        if not where[p]:
            continue
        best[:] = 0
        for v in range(count):
            own[v] = 0
            limit = max(np.float32(_LEAST_LIMIT_CODES), views.limits[v] * contrast[p])
            if not views.valid[v, p] or not views.errors[v, p] < limit:
                continue
            blended.seen[p] = True
            own[v] = np.exp(-views.errors[v, p] / np.float32(_ERROR_CODES)) * views.marks[v]
        if not blended.seen[p]:
            continue
        total, doubted = np.float32(0), False
        for v in range(count):
            free[v] = 0 if views.beside[v, p] else own[v]
            total += free[v]
            doubted |= own[v] > free[v]
        if doubted and total > 0:
            _average(views.rgb, free, np.float32(0), p, colour)
            usual = np.float32(_BESIDE_CODES**2)
            for v in range(count):
                usual += np.float32(_BESIDE_VARIANCES) * free[v] * _distance(views.rgb[v, p], colour)
            for v in range(count):
                if views.beside[v, p]:
                    own[v] /= 1 + np.square(_distance(views.rgb[v, p], colour) / usual)
        for v in range(count):
            # The last of `best` is the least of the best so far.
            place = _BEST - 1
            if own[v] > best[place]:
                while place > 0 and best[place - 1] < own[v]:
                    best[place] = best[place - 1]
                    place -= 1
                best[place] = own[v]
        _average(views.rgb, own, best[_BEST - 1], p, colour)
        for v in range(count):
            own[v] /= 1 + _distance(views.rgb[v, p], colour) * np.float32(1 / _OUTLIER_CODES**2)
        _average(views.rgb, own, np.float32(0), p, blended.rgb[p])
        # Slices would compile for seconds.
        for v in range(count):
            blended.weights[v, p] = own[v]


@numba.njit(cache=True, nogil=True)
def _distance(rgb, colour):  # type: ignore[no-untyped-def]
    """Return the squared distance of two colours."""
    total = np.float32(0)
    for channel in range(3):
        difference = np.float32(rgb[channel]) - colour[channel]
        total += difference * difference
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _average(rgb, weights, least, p, mean):  # type: ignore[no-untyped-def]
    """Average the views' colours of a pixel, after leaving out weights below `least` and making the sum 1, in place."""
    total = np.float32(0)
    for v in range(weights.size):
        if weights[v] < least:
            weights[v] = 0
        total += weights[v]
    mean[:] = 0
    for v in range(weights.size):
        if weights[v] > 0:
            weights[v] /= total
            for channel in range(3):
                mean[channel] += weights[v] * np.float32(rgb[v, p, channel])


def ring_error(view: View, own: Plane, known: Mask, scale: Scale) -> Plane:
    """Return how badly a view is aligned near each pixel, (h, w) float32 in codes, judged on known pixels.

    own: (h, w) float32, the frame in grey

    The low-pass of the difference is taken off first: it is exposure, which the seam takes care of.
    """
    share = (known & view.valid).astype(np.float32)
    return _around(grey_of(view.rgb) - own, share, scale)


def contrast(own: Plane, known: Mask, scale: Scale) -> Plane:
    """Return how much detail lies around each pixel, as `ring_error` measures what does not fit; (h, w) float32."""
    return _around(own, known.astype(np.float32), scale)


def _around(plane: Plane, share: Plane, scale: Scale) -> Plane:
    """Return the mean of what is left of a plane without its low-pass, near each pixel, judged where `share` is 1."""
    plane = plane * share
    low = _smooth(plane, scale.px(_LOW_PASS_PX)) / (_smooth(share, scale.px(_LOW_PASS_PX)) + 1e-3)
    rough = np.abs(plane - low) * share
    size = (max(1, rough.shape[1] // _SHRINK), max(1, rough.shape[0] // _SHRINK))
    both = cv2.resize(np.dstack([rough, share]), size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 2)
    near = scale.px(_NEAR_RING_PX) / _SHRINK
    # Deep inside a large hole the near ring weighs nothing, and the far one decides.
    total = cv2.GaussianBlur(both, (0, 0), near) + _FAR_SHARE * cv2.GaussianBlur(both, (0, 0), 4 * near)
    error = total[..., 0] / (total[..., 1] + 1e-9)
    return np.asarray(cv2.resize(error, (rough.shape[1], rough.shape[0]), interpolation=cv2.INTER_LINEAR))


def _smooth(plane: Plane, sigma: float) -> Plane:
    """Approximate a Gaussian with two box filters, whose cost does not grow with sigma."""
    side = 2 * max(1, round(1.2 * sigma)) + 1
    return np.asarray(cv2.blur(cv2.blur(plane, (side, side)), (side, side)))
