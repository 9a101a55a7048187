"""What frames of a shot agree on that the surroundings of a hole look like, without what is there now."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.agreement import Agreement
from videdit_plugins.builtin.filler.mapping import fetch, free, grid, project, within
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Matrix

_EVERY = 4
"""Every fourth row and column tell the exposure well enough."""


def agreed_on(here: Picture, box: Region, where: Mask, frames: Sequence[tuple[Picture, Matrix]]) -> Agreement:
    """Return the ground at some pixels of a box of `here`, as other frames show it away from their holes.

    where:  (h, w) bool of the box
    frames: with the homographies that take coordinates of `here` to theirs
    """
    places, own = grid(box), here.rgb[box.slices]
    outside = ~here.hole[box.slices]
    shown = np.empty((len(frames), *where.shape, 4), np.uint8)
    seen = np.empty((len(frames), *where.shape), np.bool_)
    for number, (there, homography) in enumerate(frames):
        found = project(homography, places)
        # Beside a hole may be what its mask missed. OpenCV samples four channels at once faster than three.
        sampled = fetch(cv2.merge([there.rgb, there.wide.view(np.uint8) * np.uint8(255)]), found)
        seen[number] = within(found, there.wide.shape) & free(sampled[..., 3])
        shown[number] = _in_light_of(own, sampled, seen[number] & outside)
    return Agreement.of(shown[..., :3], seen, where)


def _in_light_of(own: NDArray[np.uint8], sampled: NDArray[np.uint8], common: Mask) -> NDArray[np.uint8]:
    """Return `sampled`, (h, w, 4) uint8, with the exposure of `own`, (h, w, 3), as far as what both show tells."""
    some = common[::_EVERY, ::_EVERY]
    if not some.any():
        return sampled
    apart = own[::_EVERY, ::_EVERY][some].astype(np.int16) - sampled[::_EVERY, ::_EVERY, :3][some]
    offset = [*np.median(apart, axis=0), 0]
    brighter = np.clip(np.rint(np.arange(256)[:, None, None] + offset), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(sampled, brighter)) if any(offset) else sampled
