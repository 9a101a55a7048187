"""Whether one object is a part of another, as a face is of its person."""

from __future__ import annotations

import numpy as np

from videdit.frames import Mask

_SHARED = 0.5


def are_parts(one: Mask, other: Mask) -> bool:
    """Return whether two masks, (H, W) bool, share more than half of the smaller one: then one is a part of the other.

    Less than that is a mistake of one of them: two things are not at one place of a picture.
    """
    smaller = min(np.count_nonzero(one), np.count_nonzero(other))
    return bool(np.count_nonzero(one & other) > _SHARED * smaller)
