"""Dark parts of the ground near an object, and whether they lie alone on even ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.pictures import grown

_HIGH = 0.55
"""Of the hole's height, from the top: a shadow lies lower."""
_LEAST_PX = 4
_TOUCHING_PX = 1.5
_AROUND_PX, _EDGE_PX = 8, 2


@dataclass(frozen=True, slots=True)
class DarkPart:
    """One part that hangs together.

    place: where it lies, with what is around it
    mask:  (h, w) bool, the part in that place
    apart: it does not touch what it was looked for near
    """

    place: tuple[slice, slice]
    mask: Mask
    apart: bool

    def uneven_around(self, own: Darkening, hidden: Mask, unit: float, darkness: float) -> tuple[int, float]:
        """Return how many pixels of ground around the part are seen, and the share of them that is uneven.

        Where it is, ground is restless or not aligned, and darkness says nothing.

        hidden:   (h, w) bool, what is not ground, or known to be dark
        darkness: by so much ground may be darker or brighter than usual, logarithm
        """
        place = self.place
        free = own.known[place] & ~hidden[place]
        around = grown(self.mask, _AROUND_PX * unit) & ~grown(self.mask, _EDGE_PX * unit) & free
        uneven = around & ((np.abs(own.dark[place]) > darkness) | ~own.plain[place])
        size = int(np.count_nonzero(around))
        return size, float(np.count_nonzero(uneven)) / max(1, size)


def low_enough(dark: Mask, hole: Mask) -> Mask:
    """Return `dark` without what lies beside the upper half of a hole, higher than a shadow does."""
    box = Region.of(hole)
    low = dark.copy()
    low[: round(box.y0 + _HIGH * box.height)] = False
    return low


def dark_parts(dark: Mask, near: Mask, reach_px: float, unit: float) -> Iterator[DarkPart]:
    """Yield the parts of `dark` at most so far from `near`.

    Of one that leaves the picture and lies apart nobody knows whether it is alone: those are left out.

    unit: pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    height, width = dark.shape
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(dark.view(np.uint8), connectivity=4)
    away = cv2.distanceTransform((~near).view(np.uint8), cv2.DIST_L2, 5)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, parts[dark], away[dark])
    rim = round(_AROUND_PX * unit) + 1
    for part in np.flatnonzero(nearest <= reach_px):
        x, y, w, h, size = boxes[part]
        apart = bool(nearest[part] > _TOUCHING_PX)
        leaves = x == 0 or y == 0 or x + w == width or y + h == height
        if size >= _LEAST_PX and not (apart and leaves):
            place = slice(max(0, y - rim), y + h + rim), slice(max(0, x - rim), x + w + rim)
            yield DarkPart(place, parts[place] == part, apart)
