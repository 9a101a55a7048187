"""Weigh the views of a hole by how well each fits around it, and blend them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View
from videdit_plugins.builtin.filler.weighing import Weigher

_BESIDE_CODES = 50.0
"""What lies beside another frame's own hole, and differs so much from views that see the place farther from theirs, may
be of the object: a mask that is too small leaves some of it."""
_BESIDE_VARIANCES = 10.0
"""Times the variance of those views is added to its square: the less they agree, the less a difference says."""
_BEST = 8
_OUTLIER_CODES = 30.0
_RIM_PX = 8.0


@dataclass(frozen=True, slots=True)
class Blend:
    """What the views together show, at the small size.

    All is 0 farther than the rim from the hole.

    weights: (views, h, w) float32, sum 1 where anything was seen, 0 elsewhere
    rgb:     (h, w, 3) float32, codes of 0..255
    plain:   (h, w, 3) float32, the same average before views were brought to the light of each place
    seen:    (h, w) bool, some view fits well enough to be used
    """

    weights: NDArray[np.float32]
    rgb: Plane
    plain: Plane
    seen: Mask


class _Rows(NamedTuple):
    """What is averaged: rows are views, columns the pixels of the box.

    rgb:     (views, pixels, 3) uint8
    plain:   (views, pixels, 3) uint8
    weights: (views, pixels) float32; 0 is not used
    beside:  (views, pixels) bool, may be of the object
    """

    rgb: NDArray[np.uint8]
    plain: NDArray[np.uint8]
    weights: Plane
    beside: Mask


class _Blended(NamedTuple):
    """The arrays of a `Blend`, with the pixels in one axis, to be filled in."""

    weights: Plane
    rgb: Plane
    plain: Plane
    seen: Mask


def blend(
    views: Sequence[View], rgb: NDArray[np.uint8], hole: Mask, scale: Scale, weigher: Weigher | None = None
) -> Blend:
    """Blend the views of a box.

    rgb:     (h, w, 3) uint8, the box of the hole's frame
    hole:    (h, w) bool
    weigher: knows better than rules do what a view counts
    """
    # The hole and the rim that the seam is judged by; nothing farther away is asked for.
    side = 2 * max(1, round(scale.px(_RIM_PX))) + 1
    where = cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    known, count = ~hole, len(views)
    fit = Fit.of(views, rgb, known, where, scale)
    if weigher is None:
        weights, beside = fit.weights, np.stack([view.beside for view in views])
    else:
        # The network knows what lies beside a hole; nothing is left to doubt by rule.
        weights = fit.weights * weigher.factors(fit, views, rgb, known, where)
        beside = np.zeros(weights.shape, np.bool_)
    plain = np.stack([view.plain for view in views])
    nothing = np.zeros(rgb.shape, np.float32)
    blended = Blend(np.zeros_like(weights), nothing, nothing.copy(), np.zeros_like(hole))
    _weigh(
        _Rows(
            fit.rgb.reshape(count, -1, 3),
            plain.reshape(count, -1, 3),
            weights.reshape(count, -1),
            beside.reshape(count, -1),
        ),
        _Blended(
            blended.weights.reshape(count, -1),
            blended.rgb.reshape(-1, 3),
            blended.plain.reshape(-1, 3),
            blended.seen.ravel(),
        ),
    )
    return blended


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _weigh(views, blended):  # type: ignore[no-untyped-def]
    """Fill in what is blended of the rows of views."""
    count, pixels = views.weights.shape
    best = np.zeros(_BEST, np.float32)
    own, free = np.zeros(count, np.float32), np.zeros(count, np.float32)
    colour = np.zeros(3, np.float32)
    for p in range(pixels):
        best[:] = 0
        for v in range(count):
            own[v] = views.weights[v, p]
            blended.seen[p] |= own[v] > 0
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
        _average(views.plain, own, np.float32(0), p, blended.plain[p])
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
