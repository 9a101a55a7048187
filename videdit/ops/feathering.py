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
    for part in _strips(mask, math.ceil(px)):
        distance = distance_to(mask[part.slices])
        # The mask's edge runs half a pixel outside its outermost centres.
        fraction = np.clip((distance - 0.5) / px, 0, 1, dtype=np.float32)
        fade = 1 - fraction * fraction * (3 - 2 * fraction)
        fade[distance > px] = 0
        alpha[part.slices] = fade
    return alpha


def _strips(mask: Mask, reach_px: int) -> list[Region]:
    """Return the boxes, grown by `reach_px`, of what stands side by side: what lies between them costs nothing."""
    columns = np.flatnonzero(mask.any(axis=0))
    ends = np.flatnonzero(np.diff(columns) > 2 * reach_px)
    starts, stops = columns[np.r_[0, ends + 1]], columns[np.r_[ends, len(columns) - 1]] + 1
    regions = []
    for x0, x1 in zip(starts.tolist(), stops.tolist(), strict=True):
        part = Region.of(mask[:, x0:x1])
        whole = Region(part.x0 + x0, part.y0, part.x1 + x0, part.y1)
        regions.append(whole.grown(reach_px, (mask.shape[0], mask.shape[1])))
    return regions
