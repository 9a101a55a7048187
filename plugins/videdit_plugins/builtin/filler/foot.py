"""A deep shadow at an object's foot, which shows on a frame alone."""

from __future__ import annotations

from math import log

import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.dark_parts import dark_parts
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.outwards import HIGH

_DARK, _DEEP = log(0.88), log(0.6)
"""Light that is left anywhere in it, and on average."""
_LEAST_PLAIN = 0.9
_UNEVEN, _MOST_UNEVEN = 0.12, 0.15
_LEAST_SHARE = 0.03
"""Of the object's area."""
_LEAST_AROUND_PX = 160.0


def at_foot(own: Darkening, voted: Plane, hole: Mask, unit: float) -> Mask:
    """Return the parts that touch the object's foot, are deep and plain, and lie alone on even, lit ground.

    voted: (h, w) float32, what the frames around say of each place beside the object; below 0, it does not go along
    unit:  pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    dark = own.known & ~hole & (own.dark < _DARK)
    box = Region.of(hole)
    dark[: round(box.y0 + HIGH * box.height)] = False
    found = np.zeros_like(hole)
    least = _LEAST_SHARE * np.count_nonzero(hole)
    if np.count_nonzero(dark & (own.dark < _DEEP)) < least / 2:
        return found
    for part in dark_parts(dark, hole, 1.5, unit):
        place, inside = part.place, part.mask
        if np.count_nonzero(inside) < least or own.dark[place][inside].mean() > _DEEP:
            continue
        if own.plain[place][inside].mean() < _LEAST_PLAIN or voted[place][inside].mean() < 0:
            continue
        seen, uneven = part.uneven_around(own, hole, unit, _UNEVEN)
        if seen >= _LEAST_AROUND_PX * unit**2 and uneven <= _MOST_UNEVEN:
            found[place] |= inside
    return found
