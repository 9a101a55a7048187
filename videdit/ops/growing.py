"""Make masks larger or smaller."""

from __future__ import annotations

import math

import numpy as np

from videdit.frames import Mask, Region
from videdit.ops.distance import distance_to

# Above the rounding of float32 distances, below the step between two distances on the pixel grid.
_TOLERANCE_PX = 1e-4


def grow(mask: Mask, px: float) -> Mask:
    """Grow a mask by a disc of that radius; shrink it if the radius is negative.

    mask: (H, W) bool
    px:   radius; not necessarily whole

    Returns a new (H, W) bool array: every pixel whose centre is at most `px` from the centre of a pixel of the mask.
    With -r, the pixels that are farther than r from everything outside it. Beyond the frame's border counts as
    neither, so an object that leaves the frame does not shrink away from the border.
    """
    if px == 0 or not mask.any():
        return mask.copy()
    size = (mask.shape[0], mask.shape[1])
    # Shrinking needs one ring of what is outside: nothing farther out can be nearer.
    region = Region.of(mask).grown(math.ceil(px) if px > 0 else 1, size)
    crop = mask[region.slices]
    result = np.zeros_like(mask)
    if px > 0:
        result[region.slices] = distance_to(crop) <= px + _TOLERANCE_PX
    else:
        result[region.slices] = distance_to(~crop) > -px + _TOLERANCE_PX
    return result
