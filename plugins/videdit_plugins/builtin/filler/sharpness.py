"""Give a blend the sharpness of what was blended: an average of frames that do not quite agree is softer than each."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View

MOST = 1.8
_AROUND_PX = 8.0
_DETAIL_PX = 1.2
_LEAST_ENERGY = 1.0


def lost_detail(mean: Plane, views: Sequence[View], weights: NDArray[np.float32], scale: Scale) -> Plane:
    """Return by what to multiply the blend's fine detail, (h, w) float32 in [1, MOST].

    mean:    (h, w, 3) float32, the blend
    weights: (views, h, w) float32, sum 1

    The blend's gradient energy nearby is compared with what the views have on the average.
    """
    side = 2 * max(1, round(scale.px(_AROUND_PX))) + 1
    wanted = np.zeros(mean.shape[:2], np.float32)
    for view, weight in zip(views, weights, strict=True):
        if weight.any():
            wanted += weight * _energy(view.rgb)
    present = _energy(mean)
    wanted, present = (np.asarray(cv2.blur(plane, (side, side))) for plane in (wanted, present))
    gain = np.sqrt((wanted + _LEAST_ENERGY) / (present + _LEAST_ENERGY))
    return np.clip(gain, 1, MOST).astype(np.float32)


def sharpened(picture: Plane, gain: Plane, where: Mask, scale: Scale) -> Plane:
    """Return (count, 3) float32: what to add to the pixels of `where` so that their fine detail grows by `gain`.

    picture: (H, W, 3) float32, the fill in its surroundings, at the film's own size
    gain:    (count,) float32
    where:   (H, W) bool with `count` pixels
    """
    # Detail is what the alignment, done on the small picture, can blur; at the film's own size it is larger.
    sigma = scale.px(_DETAIL_PX) * scale.full[0] / scale.small[0]
    low = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))
    return np.asarray((gain - 1)[:, None] * (picture - low)[where], np.float32)


def _energy(rgb: Plane) -> Plane:
    grey = np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3, np.float32)))
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(across * across + down * down)
