"""What frames of a shot agree on that the surroundings of a hole look like, without what is there now."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.agreement import Agreement
from videdit_plugins.builtin.filler.light import in_light, light_between
from videdit_plugins.builtin.filler.mapping import fetch, free, grid, project, within
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Matrix


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
        light = light_between(own, sampled[..., :3], seen[number] & outside)
        shown[number] = in_light(sampled, np.append(light, np.float32(0)))
    return Agreement.of(shown[..., :3], seen, where)
