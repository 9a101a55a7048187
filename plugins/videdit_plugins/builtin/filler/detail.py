"""An average of views that do not quite agree is soft: give it back the detail that its sources have."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import grey_of
from videdit_plugins.builtin.filler.views import View

_SHARE = 0.85
"""Some of what is lacking is the noise of the sources, which an average is right to lose."""
_MOST_LACKING = 0.7
_FINE_PX = 1.0
_AROUND_PX = 9
_LEAST_ENERGY = 0.5
_MARGIN = np.ones((5, 5), np.uint8)
_LEAST_RATIO, _MOST_RATIO = 0.7, 1.6


def detail_gain(
    views: Sequence[View], weights: NDArray[np.float32], mean: Plane, where: Mask, own: Plane, known: Mask
) -> Plane:
    """Return by how much fine detail of the mean must grow to come near its sources', (h, w) float32, at least 1.

    A source counts as its detail compares with the frame's own on the rim: sampling took some of it, and a frame may be
    sharper than another.

    weights: (views, h, w) float32, as the views were averaged; not 0 on the rim
    mean:    (h, w, 3) float32 in codes, the average
    where:   (h, w) bool, where it is known
    own:     (h, w, 3) float32 in codes, the frame
    known:   (h, w) bool, what its hole does not hide
    """
    mine, free = np.square(_fine(grey_of(own))), cv2.erode(known.view(np.uint8), _MARGIN)
    wanted, total = np.zeros(mean.shape[:2], np.float32), np.full(mean.shape[:2], 1e-6, np.float32)
    for view, weight in zip(views, weights, strict=True):
        if weight.any():
            # Next to what a frame hides there is an edge that is none.
            share = weight * cv2.erode(view.valid.view(np.uint8), _MARGIN)
            theirs = np.square(_fine(grey_of(view.rgb)))
            wanted += _compared(mine, theirs, share * free) * share * theirs
            total += share
    present = np.square(_fine(grey_of(mean))) * where
    wanted = _around(wanted) / _around(total)
    present = _around(present) / (_around(where.astype(np.float32)) + np.float32(1e-6))
    lacking = np.sqrt((wanted + _LEAST_ENERGY) / (present + _LEAST_ENERGY)) - 1
    return np.asarray(1 + _SHARE * np.clip(lacking, 0, _MOST_LACKING), np.float32)


def strengthened(rgb: Plane, where: Mask, gain: Plane, sigma_px: float) -> Plane:
    """Return `rgb` with its fine detail multiplied by `gain`.

    rgb:   (H, W, 3) float32
    where: (H, W) bool, pixels that count
    gain:  (H, W) float32
    """
    share = where.astype(np.float32)
    low = cv2.GaussianBlur(rgb * share[..., None], (0, 0), sigma_px)
    low /= cv2.GaussianBlur(share, (0, 0), sigma_px)[..., None] + np.float32(1e-3)
    return np.asarray(rgb + (gain - 1)[..., None] * (rgb - low), np.float32)


def fine_sigma(ratio: float) -> float:
    """Return the standard deviation of the blur that parts fine detail off, at `ratio` times the small size."""
    return _FINE_PX * max(1.0, ratio)


def _compared(mine: Plane, theirs: Plane, weight: Plane) -> float:
    """Return the ratio of two energies on the rim."""
    ratio = (float((mine * weight).sum()) + 1e-3) / (float((theirs * weight).sum()) + 1e-3)
    return min(_MOST_RATIO, max(_LEAST_RATIO, ratio))


def _fine(grey: Plane) -> Plane:
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), _FINE_PX))


def _around(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, (_AROUND_PX, _AROUND_PX)))
