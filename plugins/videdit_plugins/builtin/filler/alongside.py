"""Where what lies around a hole has gone on a frame beside, and what of it the hole covers there."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit.ops import optical_flow
from videdit_plugins.builtin.filler.likeness import inner
from videdit_plugins.builtin.filler.mapping import fetch, grid, project
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Matrix, Scale

_ANOTHER_CODES, _SIDE = 36.0, 5
"""What differs by so much, in the mean of so many pixels a side, was not found again: where the hole has come over
something that rests, say."""


class Alongside(NamedTuple):
    """A box of one frame, followed to another.

    motion:  (h, w, 2) float32, how what is in it moves against the ground
    covered: (h, w) bool, what of it the other frame's hole covers
    """

    motion: NDArray[np.float32]
    covered: Mask


def alongside(here: Picture, there: Picture, homography: Matrix, box: Region, scale: Scale) -> Alongside:
    """Follow a box of `here` to `there`.

    homography: of the ground, from `here` to `there`
    """
    (x, y), (column, row) = grid(box), grid(Region(0, 0, box.width, box.height))
    own, moved = here.grey[box.slices], fetch(there.grey, project(homography, (x, y)))
    motion = np.asarray(optical_flow(own, moved, "fast"), np.float32)
    across, down = cv2.split(motion)
    found = fetch(moved, (column + across, row + down))
    alike = np.asarray(cv2.blur(cv2.absdiff(own, found), (_SIDE, _SIDE))) <= _ANOTHER_CODES
    hole = inner(there.hole, scale).view(np.uint8)
    at = project(homography, (x + across, y + down))
    return Alongside(motion, alike & (fetch(hole, at, cv2.INTER_NEAREST) > 0))
