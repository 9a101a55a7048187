"""Take the flicker out of the fills of successive frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.scale import Matrix

_ALIKE_CODES = 10.0
_WINDOW_PX = 5


def steadying(
    clean: NDArray[np.uint8], hole: Mask, neighbours: Sequence[tuple[NDArray[np.uint8], Matrix]], sigma_px: float
) -> Plane:
    """Return what to add to a fill so that it changes less from frame to frame, (h, w, 3) float32, 0 outside the hole.

    clean:      (h, w, 3) uint8, the frame with its fill
    neighbours: the filled frames before and after, with the homography from this frame to them
    sigma_px:   only what is smoother than this changes: light and colour, which blink; detail stays sharp

    Neighbours count where they look alike.
    """
    own = clean.astype(np.float32)
    total, weights = np.zeros_like(own), np.ones(hole.shape, np.float32)
    height, width = hole.shape
    for other, homography in neighbours:
        moved = cv2.warpPerspective(
            other,
            homography,
            (width, height),
            flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        change = np.asarray(moved, np.float32) - own
        size = cv2.transform(np.abs(change), np.full((1, 3), 1 / 3))
        weight = np.exp(-((cv2.blur(size, (_WINDOW_PX, _WINDOW_PX)) / _ALIKE_CODES) ** 2))
        total += weight[..., None] * change
        weights += weight
    change = np.where(hole[..., None], total / weights[..., None], 0)
    return np.asarray(np.where(hole[..., None], cv2.GaussianBlur(change, (0, 0), sigma_px), 0), np.float32)
