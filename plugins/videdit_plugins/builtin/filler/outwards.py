"""Follow a shadow that is sure outwards: its tip, what a leg parts from it, and its faint border."""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.dark_parts import dark_parts
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.diffusion import Plane

_FAINT, _INSIDE = log(0.94), log(0.9)
"""Light that is left anywhere in such a part, and inside of one that lies apart."""
_FAINT_EVIDENCE, _EVIDENCE_INSIDE = 0.3, 0.7
_INSIDE_PX = 10.0
_MOST = 0.1
"""Of the object's area."""
_GAP = 0.5
"""Of the object's length, the root of its area: its legs may hide the shadow in between."""
HIGH = 0.55
"""Of the hole's height, from the top: a shadow lies lower."""
_UNEVEN, _MOST_UNEVEN = 0.08, 0.1
_LEAST_AROUND_PX = 48.0


def followed(found: Mask, own: Darkening, shadow: Plane, voted: Plane, hole: Mask, unit: float) -> Mask:
    """Add to a shadow the dark parts near it that lie alone on even, lit ground, and go along with the object.

    found:  (h, w) bool
    shadow: (h, w) float32, the frame's evidence, see `Evidence`
    voted:  (h, w) float32, what the frames around say of each place beside the object; below 0, it does not go along
    unit:   pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    dark = own.known & own.plain & ~hole & ~found & (own.dark < _FAINT) & (shadow > _FAINT_EVIDENCE)
    box = Region.of(hole)
    dark[: round(box.y0 + HIGH * box.height)] = False
    inside = dark & (own.dark < _INSIDE) & (shadow > _EVIDENCE_INSIDE)
    hidden = hole | found
    grown = found.copy()
    area = np.count_nonzero(hole)
    for part in dark_parts(dark, found, _GAP * sqrt(area), unit):
        if np.count_nonzero(part.mask) > _MOST * area:
            continue
        if part.apart and np.count_nonzero(inside[part.place] & part.mask) < _INSIDE_PX * unit**2:
            continue
        if voted[part.place][part.mask].mean() < 0:
            continue
        seen, uneven = part.uneven_around(own, hidden, unit, _UNEVEN)
        if uneven <= _MOST_UNEVEN and (seen >= _LEAST_AROUND_PX * unit**2 or not part.apart):
            grown[part.place] |= part.mask
    return grown
