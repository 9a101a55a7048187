"""Follow a shadow that is sure outwards: its tip, what a leg parts from it, and its faint border."""

from __future__ import annotations

from collections.abc import Iterator
from math import log, sqrt

import cv2
import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.diffusion import Plane

_FAINT, _INSIDE = log(0.94), log(0.9)
"""Light that is left anywhere in such a part, and inside of one that lies apart."""
_FAINT_EVIDENCE, _EVIDENCE_INSIDE = 0.3, 0.7
_INSIDE_PX = 10.0
_LEAST_PX = 4
_TOUCHING_PX = 1.5
_GAP = 0.3
"""Of the object's length, the root of its area: its legs may hide the shadow in between."""
_HIGH = 0.55
"""Of the hole's height, from the top: a shadow lies lower."""
_AROUND_PX, _EDGE_PX = 8, 2
_UNEVEN = 0.08
_MOST_UNEVEN = 0.1
"""Of what lies around a part: more of it, and the ground is restless or not aligned, and darkness says nothing."""
_LEAST_AROUND_PX = 48.0


def followed(found: Mask, own: Darkening, shadow: Plane, voted: Plane, hole: Mask, unit: float) -> Mask:
    """Add to a shadow the dark parts near it that lie alone on even, lit ground, and go along with the object.

    found:  (h, w) bool
    shadow: (h, w) float32, the frame's evidence, see `Evidence`
    voted:  (h, w) float32, what the frames around say of each place beside the object; below 0, it does not go along
    unit:   pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    dark = own.known & own.plain & ~hole & (own.dark < _FAINT) & (shadow > _FAINT_EVIDENCE)
    box = Region.of(hole)
    dark[: round(box.y0 + _HIGH * box.height)] = False
    inside = dark & (own.dark < _INSIDE) & (shadow > _EVIDENCE_INSIDE)
    uneven = own.known & ((np.abs(own.dark) > _UNEVEN) | ~own.plain)
    reach = _GAP * sqrt(np.count_nonzero(hole))
    grown = found.copy()
    for place, part, apart in _parts(dark & ~found, found, reach, unit):
        if apart and np.count_nonzero(inside[place] & part) < _INSIDE_PX * unit**2:
            continue
        if voted[place][part].mean() < 0:
            continue
        free = own.known[place] & ~hole[place] & ~_widened(found[place], _EDGE_PX * unit)
        around = _widened(part, _AROUND_PX * unit) & ~_widened(part, _EDGE_PX * unit) & free
        size = np.count_nonzero(around)
        if apart and size < _LEAST_AROUND_PX * unit**2:
            continue
        if np.count_nonzero(uneven[place] & around) <= _MOST_UNEVEN * size:
            grown[place] |= part
    return grown


def _parts(dark: Mask, found: Mask, reach: float, unit: float) -> Iterator[tuple[tuple[slice, slice], Mask, bool]]:
    """Yield the parts of `dark` within reach: where, the part there, and whether it lies apart from what was found.

    Of one that leaves the picture and lies apart nobody knows whether it is alone.
    """
    height, width = dark.shape
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(dark.view(np.uint8), connectivity=4)
    away = cv2.distanceTransform((~found).view(np.uint8), cv2.DIST_L2, 5)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, parts[dark], away[dark])
    rim = round(_AROUND_PX * unit) + 1
    for part in np.flatnonzero(nearest <= reach):
        x, y, w, h, size = boxes[part]
        apart = bool(nearest[part] > _TOUCHING_PX)
        leaves = x == 0 or y == 0 or x + w == width or y + h == height
        if size >= _LEAST_PX and not (apart and leaves):
            place = slice(max(0, y - rim), y + h + rim), slice(max(0, x - rim), x + w + rim)
            yield place, parts[place] == part, apart


def _widened(mask: Mask, radius_px: float) -> Mask:
    side = 2 * max(1, round(radius_px)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.view(np.uint8), disc)) > 0
