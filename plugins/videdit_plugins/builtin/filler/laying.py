"""Fetch the blended pixels at the film's own size and depth, for the pixels of a hole and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit import MADE_UP, Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.codes import units_per_code
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import Points, fetch, folded, project, visible
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.views import View

Kind = TypeVar("Kind", bound=np.generic)
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Pixels:
    """Chosen pixels of a frame, folded into rows so that whole-array functions take them.

    count: how many there are; the rest of the last row repeats the last one
    full:  their coordinates in the full frame
    small: the same in the small one
    """

    count: int
    full: Points
    small: Points

    @classmethod
    def of(cls, mask: Mask, region: Region, pictures: Pictures) -> Pixels:
        """Choose the pixels of `mask`, (h, w) bool of the region of a full frame."""
        y, x = np.nonzero(mask)
        points = folded(x.astype(np.float32) + region.x0), folded(y.astype(np.float32) + region.y0)
        return cls(len(x), points, project(pictures.scale.to_small(), points))

    def some(self, numbers: NDArray[np.int64]) -> Pixels:
        """Return those of the pixels with these numbers."""
        full, small = (tuple(folded(axis.ravel()[numbers]) for axis in points) for points in (self.full, self.small))
        return Pixels(len(numbers), (full[0], full[1]), (small[0], small[1]))

    def flat(self, values: NDArray[Kind]) -> NDArray[Kind]:
        """Return (count, ...) of values given by row."""
        return values.reshape(-1, *values.shape[2:])[: self.count]

    def sampled(self, plane: Plane, box: Region) -> NDArray[np.float32]:
        """Sample a plane of a box of the small picture at the pixels; by row."""
        return fetch(plane, (self.small[0] - box.x0, self.small[1] - box.y0))

    def moved(self, shift: Points, box: Region) -> Points:
        """Return the small coordinates of the pixels, moved by what a box of the small picture says there."""
        x, y = (self.sampled(plane, box) for plane in shift)
        return self.small[0] + x, self.small[1] + y


@dataclass(frozen=True, slots=True)
class Seen:
    """What other frames show at chosen pixels.

    rgb:    (count, 3) float32 in the frames' own units
    origin: (count,) int32, the frame that contributed most; MADE_UP where none did
    """

    rgb: NDArray[np.float32]
    origin: NDArray[np.int32]


def lay(pixels: Pixels, views: Sequence[View], weights: NDArray[np.float32], box: Region, pictures: Pictures) -> Seen:
    """Average the views' full-size frames at the chosen pixels.

    weights: (views, h, w) float32 of `box` at the small size
    """
    size = pixels.full[0].size
    total, most = np.zeros(size, np.float32), np.zeros(size, np.float32)
    colour = np.zeros((size, 3), np.float32)
    origin = np.full(size, MADE_UP, np.int32)
    to_full = pictures.scale.to_full()
    for view, plane in zip(views, weights, strict=True):
        weight = pixels.sampled(plane, box).ravel()
        # A view serves less than half of the pixels.
        used = np.flatnonzero(weight > 0)
        if len(used) == 0:
            continue
        some = pixels.some(used)
        there = project(to_full, some.moved(view.shift, box))
        rgb, _ = pictures.full(view.index)
        # The cubic kernel reaches one pixel farther than the linear one.
        hole = cv2.dilate(pictures.hole(view.index).view(np.uint8), np.ones((3, 3), np.uint8)) > 0
        shown = fetch(rgb, there, cv2.INTER_CUBIC).reshape(-1, 3)
        light = view.light * np.float32(units_per_code(rgb))
        _add(shown, light, weight[used], visible(hole, there).ravel(), used, view.index, colour, total, most, origin)
    sure = total > _LEAST_WEIGHT
    colour /= np.where(sure, total, np.float32(1))[:, None]
    origin[~sure] = MADE_UP
    return Seen(colour[: pixels.count], origin[: pixels.count])


@numba.njit(cache=True, nogil=True)
def _add(shown, light, weight, visible, used, index, colour, total, most, origin):  # type: ignore[no-untyped-def]
    """Add what a view shows of the pixels `used`, in place."""
    for i in range(used.size):
        if not visible[i]:
            continue
        p = used[i]
        for channel in range(3):
            colour[p, channel] += weight[i] * (shown[i, channel] + light[channel])
        total[p] += weight[i]
        if weight[i] > most[p]:
            most[p] = weight[i]
            origin[p] = index
