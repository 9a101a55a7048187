"""Where the surroundings of a hole show something else than the ground that other frames of the shot agree on."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.agreement import Agreement
from videdit_plugins.builtin.filler.light import in_light, light_between
from videdit_plugins.builtin.filler.mapping import fetch, free, grid, project, within
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Matrix

_EVERY = 2
"""Means change so little from pixel to pixel that each second row and column is enough."""
_LEAST_CODES = 5
"""In such an area a pixel that differs by no more is the ground's all the same."""


class Surroundings:
    """A box of a picture, beside the ground as other frames show it away from their holes."""

    def __init__(
        self, here: Picture, box: Region, where: Mask, frames: Sequence[tuple[Picture, Matrix]], area_px: float
    ) -> None:
        """
        where:   (h, w) bool of the box, the pixels to look at
        frames:  with the homographies that take coordinates of `here` to theirs
        area_px: half the side of the areas whose means are compared as well
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
        side = 2 * round(area_px) + 1
        means = np.stack([_means(one[..., :3], there, side) for one, there in zip(shown, seen, strict=True)])
        few = np.ascontiguousarray(seen[:, ::_EVERY, ::_EVERY])
        self._pixels = Agreement.of(shown[..., :3], seen, where).compared(own)
        areas = Agreement.of(means, few, where[::_EVERY, ::_EVERY])
        self._areas = areas.compared(_means(own, outside, side))

    def strange(self, share: float | NDArray[np.float32] = 1.0) -> tuple[Mask, Mask]:
        """Return which pixels are not the ground, (h, w) bool each: told pixel by pixel, and by the means of areas too.

        A pale tail before dry grass differs no more from it than one blade from the next, but all of it does to the
        same side.

        share: of the difference that is asked for; one, or (h, w)
        """
        pixels = self._pixels.contradicted(share)
        apart = self._areas.contradicted(share if isinstance(share, float) else share[::_EVERY, ::_EVERY])
        height, width = pixels.shape
        apart = apart.repeat(_EVERY, axis=0).repeat(_EVERY, axis=1)[:height, :width]
        return pixels, pixels | (apart & (self._pixels.difference > _LEAST_CODES * share))


def _means(rgb: NDArray[np.uint8], where: Mask, side: int) -> NDArray[np.uint8]:
    """Return the means of the pixels `where`, (h, w) bool, in squares around every second pixel of (h, w, 3) uint8."""
    shown = np.ascontiguousarray(rgb)
    shown = cv2.bitwise_and(shown, shown, mask=where.view(np.uint8))
    total = cv2.boxFilter(shown, cv2.CV_32F, (side, side), normalize=False)
    count = cv2.boxFilter(where.view(np.uint8), cv2.CV_32F, (side, side), normalize=False)
    share = 1 / np.maximum(count[::_EVERY, ::_EVERY], np.float32(1))
    return np.asarray(cv2.convertScaleAbs(total[::_EVERY, ::_EVERY] * share[..., None]))
