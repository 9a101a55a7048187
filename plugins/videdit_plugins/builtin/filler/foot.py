"""What one frame alone shows of a shadow: a deep one at the object's foot is sure, others are told."""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.filler.dark_parts import DarkPart, dark_parts, low_enough
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.diffusion import Plane

_DARK = log(0.88)
"""Light that is left anywhere in it."""
_DEEP, _TOLD, _TOLD_APART = log(0.6), log(0.8), log(0.85)
"""Light that is left on average: in one that is sure, in one that is told, and the same where it lies apart."""
_DEEP_SHARE, _TOLD_SHARE = 0.03, 0.01
"""Of the object's area."""
_DEEP_PLAIN, _TOLD_PLAIN = 0.9, 0.85
_UNEVEN = 0.12
_MOST_UNEVEN, _MOST_UNEVEN_APART = 0.15, 0.1
_DEEP_AROUND_PX, _TOLD_AROUND_PX = 160.0, 48.0
_TOUCHING_PX = 1.5
_REACH = 0.5
"""Of the object's length, the root of its area."""


def at_foot(own: Darkening, voted: Plane, hole: Mask, unit: float) -> Mask:
    """Return the parts that touch the object's foot, are deep and plain, and lie alone on even, lit ground.

    voted: (h, w) float32, what the frames around say of each place beside the object; below 0, it does not go along
    unit:  pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    found = np.zeros_like(hole)
    dark, area = _below(own, hole, hole), np.count_nonzero(hole)
    if np.count_nonzero(dark & (own.dark < _DEEP)) < _DEEP_SHARE * area / 2:
        return found
    for part in dark_parts(dark, hole, _TOUCHING_PX, unit):
        if _like(part, own, voted, _DEEP, _DEEP_SHARE * area, _DEEP_PLAIN):
            seen, uneven = part.uneven_around(own, hole, unit, _UNEVEN)
            if seen >= _DEEP_AROUND_PX * unit**2 and uneven <= _MOST_UNEVEN:
                found[part.place] |= part.mask
    return found


def shadow_left(own: Darkening, voted: Plane, hole: Mask, gone: Mask, unit: float) -> bool:
    """Return whether near what is removed something dark stays that a person would take for a shadow.

    voted, unit: as above
    gone:        (h, w) bool, the hole with the shadow that was found
    """
    area = np.count_nonzero(hole)
    for part in dark_parts(_below(own, hole, gone), gone, _REACH * sqrt(area), unit):
        if _like(part, own, voted, _TOLD_APART if part.apart else _TOLD, _TOLD_SHARE * area, _TOLD_PLAIN):
            seen, uneven = part.uneven_around(own, gone, unit, _UNEVEN)
            most = _MOST_UNEVEN_APART if part.apart else _MOST_UNEVEN
            if seen >= _TOLD_AROUND_PX * unit**2 and uneven <= most:
                return True
    return False


def _below(own: Darkening, hole: Mask, gone: Mask) -> Mask:
    """Return where what stays is dark and low enough for a shadow."""
    return low_enough(own.known & ~gone & (own.dark < _DARK), hole)


def _like(part: DarkPart, own: Darkening, voted: Plane, light: float, least_px: float, plain: float) -> bool:
    """Return whether a part is large, dark, and plain enough, and the frames around do not speak against it."""
    place, inside = part.place, part.mask
    return bool(
        np.count_nonzero(inside) >= least_px
        and own.dark[place][inside].mean() <= light
        and own.plain[place][inside].mean() >= plain
        and voted[place][inside].mean() >= 0
    )
