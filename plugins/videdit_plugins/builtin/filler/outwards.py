"""Follow a shadow that is sure outwards: its tip, what a leg parts from it, and its faint border."""

from __future__ import annotations

from math import log, sqrt

import cv2
import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.filler.dark_parts import DarkPart, dark_parts, low_enough
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
_LONG, _LENGTHENED = 1.3, 1.4
"""Times its width; what is so long is made longer."""
_UNEVEN, _MOST_UNEVEN = 0.08, 0.15
_LEAST_AROUND_PX = 48.0


def followed(found: Mask, own: Darkening, shadow: Plane, voted: Plane, hole: Mask, unit: float) -> Mask:
    """Add to a shadow the dark parts near it that lie alone on even, lit ground, and go along with the object.

    found:  (h, w) bool
    shadow: (h, w) float32, the frame's evidence, see `Evidence`
    voted:  (h, w) float32, what the frames around say of each place beside the object; below 0, it does not go along
    unit:   pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    dark = low_enough(own.known & own.plain & ~hole & ~found & (own.dark < _FAINT), hole)
    inside = dark & (own.dark < _INSIDE) & (shadow > _EVIDENCE_INSIDE)
    hidden = hole | found
    grown = found.copy()
    area = np.count_nonzero(hole)
    for part in dark_parts(dark, found, _GAP * sqrt(area), unit):
        if np.count_nonzero(part.mask) > _MOST * area:
            continue
        core = np.count_nonzero(inside[part.place] & part.mask) >= _INSIDE_PX * unit**2
        if part.apart and not core:
            continue
        if shadow[part.place][part.mask].mean() < _FAINT_EVIDENCE or voted[part.place][part.mask].mean() < 0:
            continue
        seen, uneven = part.uneven_around(own, hidden, unit, _UNEVEN)
        if uneven <= _MOST_UNEVEN and (seen >= _LEAST_AROUND_PX * unit**2 or not part.apart):
            grown[part.place] |= part.mask
            if core:
                grown |= _lengthened(part, hole.shape) & own.known & ~hole
    return grown


def _lengthened(part: DarkPart, size: tuple[int, int]) -> Mask:
    """Return a part made longer along its longer axis: a shadow ends in less than a pixel of these."""
    whole = np.zeros(size, np.uint8)
    whole[part.place] = part.mask
    y, x = np.nonzero(whole)
    middle = np.array([x.mean(), y.mean()])
    spread, axes = np.linalg.eigh(np.cov(np.stack([x, y])))
    if spread[1] < _LONG**2 * spread[0]:
        return whole > 0
    stretch = np.eye(2) + (_LENGTHENED - 1) * np.outer(axes[:, 1], axes[:, 1])
    matrix = np.column_stack([stretch, middle - stretch @ middle])
    return np.asarray(cv2.warpAffine(whole, matrix, size[::-1], flags=cv2.INTER_NEAREST)) > 0
