"""Soft edges."""

from __future__ import annotations

import math

import numpy as np

from videdit.frames import Alpha, Mask, Region
from videdit.ops.distance import distance_to


def feather(mask: Mask, px: float) -> Alpha:
    """Let a mask fade out over `px` pixels outside its edge.

    mask: (H, W) bool
    px:   width of the fade, 0 or more

    Returns (H, W) float32 in [0, 1]: exactly 1 inside the mask, so what is to be hidden is hidden wholly; falling
    smoothly outside it; exactly 0 farther than `px` from its nearest pixel, so what is far stays untouched.
    """
    alpha = mask.astype(np.float32)
    if px < 1 or not mask.any():  # no centre of another pixel is nearer than 1
        return alpha
    region = Region.of(mask).grown(math.ceil(px), (mask.shape[0], mask.shape[1]))
    distance = distance_to(mask[region.slices])
    # The mask's edge runs half a pixel outside its outermost centres.
    fraction = np.clip((distance - 0.5) / px, 0, 1, dtype=np.float32)
    fade = 1 - fraction * fraction * (3 - 2 * fraction)
    fade[distance > px] = 0
    alpha[region.slices] = fade
    return alpha
