"""How well each view fits around a hole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
_FOLLOWED = 1.0
"""Errors add up along the way, which the surroundings do not show in full."""
_LEAST_LIMIT_CODES = 5.0
_HOPELESS = 2.0
"""What differs from its surroundings by more than this times their own contrast shows something else."""
_LOST = 0.5
"""The same for followed views, which have lost their way: rather a plate than what they show."""
_SHRINK = 4
"""Halved twice."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What the views of a box are judged by.

    rgb:      (views, h, w, 3) uint8
    errors:   (views, h, w) float32, codes, from `ring_error`
    contrast: (h, w) float32, codes, how much detail lies around each pixel
    weights:  (views, h, w) float32, what a view counts by its error and its distance; 0 where it shows nothing, or does
              not fit
    """

    rgb: NDArray[np.uint8]
    errors: NDArray[np.float32]
    contrast: Plane
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, views: Sequence[View], rgb: NDArray[np.uint8], known: Mask, where: Mask, scale: Scale) -> Fit:
        """Judge the views of a box of a frame.

        rgb:   (h, w, 3) uint8, the frame
        known: (h, w) bool, what its hole does not hide
        where: (h, w) bool, where weights are asked for; 0 elsewhere
        """
        own = grey_of(rgb)
        marks = nearness(np.array([view.distance for view in views]))
        marks[[view.followed for view in views]] *= np.float32(math.exp(-_FOLLOWED))
        limits = np.array([_LOST if view.followed else _HOPELESS for view in views], np.float32)
        errors = np.stack([ring_error(view, own, known, scale) for view in views])
        detail = contrast(own, known, scale)
        weights = np.zeros_like(errors)
        _weigh(errors, np.stack([view.valid for view in views]) & where, detail, limits, marks, weights)
        return cls(np.stack([view.rgb for view in views]), errors, detail, weights)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _weigh(errors, asked, contrast, limits, marks, weights):  # type: ignore[no-untyped-def]
    """Fill in the weights where they are asked for.

    asked:  (views, h, w) bool
    limits: (views,) float32, the largest error that is used, in contrasts of the surroundings
    marks:  (views,) float32, the weight of a view that fits without error
    """
    views, height, width = errors.shape
    for v in range(views):
        for y in range(height):
            for x in range(width):
                limit = max(np.float32(_LEAST_LIMIT_CODES), limits[v] * contrast[y, x])
                if asked[v, y, x] and errors[v, y, x] < limit:
                    weights[v, y, x] = np.exp(-errors[v, y, x] / np.float32(_ERROR_CODES)) * marks[v]


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
    rough = np.abs(plane - _low(plane, share, scale.px(_LOW_PASS_PX))) * share
    parts = [_halved(_halved(one)) for one in (rough, share)]
    near = scale.px(_NEAR_RING_PX) / _SHRINK
    # Deep inside a large hole the near ring weighs nothing, and the far one decides.
    off, known = (cv2.GaussianBlur(one, (0, 0), near) + _FAR_SHARE * _smooth(one, 4 * near) for one in parts)
    return np.asarray(cv2.resize(off / (known + np.float32(1e-9)), plane.shape[::-1]))


def _low(plane: Plane, share: Plane, sigma: float) -> Plane:
    """Return the low-pass of a plane that is 0 where `share` is, as far as that is known; told at half the size."""
    total, known = (_smooth(_halved(one), sigma / 2) for one in (plane, share))
    return np.asarray(cv2.resize(total / (known + np.float32(1e-3)), plane.shape[::-1]))


def _halved(plane: Plane) -> Plane:
    # Linear between pixels at half the size is the mean of four, and much faster than asking for areas.
    return np.asarray(cv2.resize(plane, (max(1, plane.shape[1] // 2), max(1, plane.shape[0] // 2))))


def _smooth(plane: Plane, sigma: float) -> Plane:
    """Approximate a Gaussian with two box filters, whose cost does not grow with sigma."""
    side = 2 * max(1, round(1.2 * sigma)) + 1
    return np.asarray(cv2.blur(cv2.blur(plane, (side, side)), (side, side)))
