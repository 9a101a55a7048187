"""Take the flicker out of the fills of successive frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import grey_of
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
    result = np.zeros((*hole.shape, 3), np.float32)
    if not hole.any():
        return result
    # Nothing beyond what the filters reach from the hole matters.
    box = Region.of(hole).grown(_WINDOW_PX + round(4 * sigma_px), (hole.shape[0], hole.shape[1]))
    own, inside = clean[box.slices].astype(np.float32), hole[box.slices]
    total, weights = np.zeros_like(own), np.ones(inside.shape, np.float32)
    to_box = np.array([[1, 0, box.x0], [0, 1, box.y0], [0, 0, 1]], np.float64)
    for other, homography in neighbours:
        moved = cv2.warpPerspective(
            other,
            homography @ to_box,
            (box.width, box.height),
            flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        change = np.asarray(moved, np.float32) - own
        size = grey_of(np.abs(change))
        weight = np.exp(-((cv2.blur(size, (_WINDOW_PX, _WINDOW_PX)) / _ALIKE_CODES) ** 2))
        total += weight[..., None] * change
        weights += weight
    change = np.where(inside[..., None], total / weights[..., None], 0)
    result[box.slices] = np.where(inside[..., None], cv2.GaussianBlur(change, (0, 0), sigma_px), 0)
    return result
