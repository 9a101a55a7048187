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


def blend(views: Sequence[View], rgb: NDArray[np.uint8], hole: Mask, scale: Scale) -> Blend:
    """Blend the views of a box.

    rgb:  (h, w, 3) uint8, the box of the hole's frame
    hole: (h, w) bool
    """
    own = rgb.astype(np.float32)
    # The hole and the rim that the seam is judged by; nothing farther away is asked for.
    side = 2 * max(1, round(scale.px(_RIM_PX))) + 1
    where = np.flatnonzero(cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8)))
    colours = np.stack([view.rgb.reshape(-1, 3)[where] for view in views])
    errors = np.stack([ring_error(view, own, ~hole, scale).ravel()[where] for view in views])
    limits = np.array([_LOST_CODES if view.followed else _HOPELESS_CODES for view in views], np.float32)
    valid = np.stack([view.valid.ravel()[where] for view in views]) & (errors < limits[:, None])
    distance = np.array([view.distance for view in views], np.float32)
    handicap = np.array([_FOLLOWED if view.followed else 0.0 for view in views], np.float32)[:, None]
    weights = np.exp(-errors / _ERROR_CODES - handicap) * valid / (1 + _PER_FRAME * distance)[:, None]
    for view, weight in zip(views, weights, strict=True):
        if view.beside is not None:
            weight[view.beside.ravel()[where]] *= _BESIDE
    if len(views) > _BEST:
        floor = np.partition(weights, len(views) - _BEST, axis=0)[len(views) - _BEST]
        weights *= weights >= floor
    weights = _normalised(weights)
    far = np.square(colours - _mean(colours, weights)).sum(axis=2)
    weights = _normalised(weights / (1 + far / _OUTLIER_CODES**2))
    planes = np.zeros((len(views), hole.size), np.float32)
    mean, seen = np.zeros((hole.size, 3), np.float32), np.zeros(hole.size, np.bool_)
    planes[:, where], mean[where], seen[where] = weights, _mean(colours, weights), valid.any(axis=0)
    return Blend(planes.reshape(-1, *hole.shape), mean.reshape(*hole.shape, 3), seen.reshape(hole.shape))


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


def _mean(colours: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("vp,vpc->pc", weights, colours))


def _normalised(weights: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1), np.float32)
