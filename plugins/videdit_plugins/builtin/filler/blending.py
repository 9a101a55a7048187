"""Weigh the views of a hole by how well each fits around it, and blend them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View

_LOW_PASS_PX = 4.0
_NEAR_RING_PX = 10.0
_FAR_RING_PX = 40.0
_FAR_SHARE = 1e-3
_ERROR_CODES = 3.0
_PER_FRAME = 0.05
_BESIDE = 0.1
_BEST = 8
_FOLLOWED = 2.0
"""Errors add up along the way, which the surroundings do not show in full."""
_HOPELESS_CODES = 30.0
"""What fits its surroundings as badly as this shows something else."""
_LOST_CODES = 5.0
"""Followed views that fit as badly have lost their way: rather a plate than what they show."""
_OUTLIER_CODES = 30.0
_SHRINK = 4


@dataclass(frozen=True, slots=True)
class Blend:
    """What the views together show, at the small size.

    weights: (views, h, w) float32, sum 1 where anything was seen, 0 elsewhere
    rgb:     (h, w, 3) float32, codes of 0..255
    seen:    (h, w) bool, some view fits well enough to be used
    error:   (h, w) float32, misalignment around the pixel in codes, of the best view
    """

    weights: NDArray[np.float32]
    rgb: Plane
    seen: Mask
    error: Plane


def blend(views: Sequence[View], rgb: NDArray[np.uint8], hole: Mask, scale: Scale) -> Blend:
    """Blend the views of a box.

    rgb:  (h, w, 3) uint8, the box of the hole's frame
    hole: (h, w) bool
    """
    own = rgb.astype(np.float32)
    errors = np.stack([ring_error(view, own, ~hole, scale) for view in views])
    limits = np.array([_LOST_CODES if view.followed else _HOPELESS_CODES for view in views], np.float32)
    valid = np.stack([view.valid for view in views]) & (errors < limits[:, None, None])
    distance = np.array([view.distance for view in views], np.float32)
    handicap = np.array([_FOLLOWED if view.followed else 0.0 for view in views], np.float32)[:, None, None]
    weights = np.exp(-errors / _ERROR_CODES - handicap) * valid / (1 + _PER_FRAME * distance)[:, None, None]
    for view, weight in zip(views, weights, strict=True):
        if view.beside is not None:
            weight[view.beside] *= _BESIDE
    if len(views) > _BEST:
        floor = np.partition(weights, len(views) - _BEST, axis=0)[len(views) - _BEST]
        weights *= weights >= floor
    weights = _normalised(weights)
    mean = _mean(views, weights)
    far = np.stack([cv2.transform(np.square(view.rgb - mean), np.ones((1, 3))) for view in views])
    weights = _normalised(weights / (1 + far / _OUTLIER_CODES**2))
    best = np.where(valid, errors, np.inf).min(axis=0)
    return Blend(weights, _mean(views, weights), np.asarray(valid.any(axis=0)), best)


def ring_error(view: View, own: Plane, known: Mask, scale: Scale) -> Plane:
    """Return how badly a view is aligned near each pixel, (h, w) float32 in codes, judged on known pixels.

    The low-pass of the difference is taken off first: it is exposure, which the seam takes care of.
    """
    share = (known & view.valid).astype(np.float32)
    difference = np.asarray(cv2.transform(view.rgb - own, np.full((1, 3), 1 / 3))) * share
    low = _smooth(difference, scale.px(_LOW_PASS_PX)) / (_smooth(share, scale.px(_LOW_PASS_PX)) + 1e-3)
    rough = np.abs(difference - low) * share
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


def _mean(views: Sequence[View], weights: NDArray[np.float32]) -> Plane:
    total = np.zeros_like(views[0].rgb)
    for view, weight in zip(views, weights, strict=True):
        if weight.any():
            total += weight[..., None] * view.rgb
    return total


def _normalised(weights: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1), np.float32)
