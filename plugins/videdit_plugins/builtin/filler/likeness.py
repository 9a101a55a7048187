"""Whether a piece beside a hole looks and moves like the object in the hole."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.pieces import Piece
from videdit_plugins.builtin.filler.scale import Scale

_RIM_PX = 3.5
"""So far inside the hole the ground may show: masks are grown before they come here."""
_NEAR_PX = (16.0, 32.0, 64.0)
"""So far around a piece the object is looked at: a face beside a face, not beside a boot."""
_ENOUGH = 80
"""So many pixels say what colours the object has."""
_SAMPLE = 200
"""So many colours of either side are compared."""
_FAST_PX, _FAST_SHARE = 8.0, 0.08
"""Of motion beyond the first, such a share may differ in one object: it comes nearer or turns, and flow errs more."""
_NEAREST = 4
"""So many colours of the object may be nearer by chance: there the ground shows through, or they are of an edge."""


def inner(hole: Mask, scale: Scale) -> Mask:
    """Return (h, w) bool: a hole without its rim; what the border of the picture cuts off has none there."""
    side = 2 * round(scale.px(_RIM_PX)) + 1
    return np.asarray(cv2.erode(hole.view(np.uint8), np.ones((side, side), np.uint8), borderValue=1)) > 0


def object_near(piece: Piece, inside: Mask, scale: Scale) -> Piece | None:
    """Return the part of the object, (h, w) bool `inside`, that lies near a piece; None if none does."""
    height, width = inside.shape
    for reach in (round(scale.px(one)) for one in _NEAR_PX):
        region = piece.region.grown(reach, (height, width))
        near = inside[region.slices]
        if np.count_nonzero(near) >= _ENOUGH:
            return Piece(region, near)
    return None


def unlikeness(colours: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    """Return by how many codes `colours` (n, 3) differ on average from those of `others` (m, 3) that are like them."""
    some, rest = (one[:: max(1, len(one) // _SAMPLE)].astype(np.int16).T for one in (colours, others))
    red, green, blue = (np.abs(one[:, None] - other) for one, other in zip(some, rest, strict=True))
    apart = np.maximum(np.maximum(red, green), blue)
    return float(np.partition(apart, _NEAREST, axis=1)[:, _NEAREST].mean())


def motion_apart(motions: Sequence[NDArray[np.float32]], piece: Piece, near: Piece, scale: Scale) -> float:
    """Return how far a piece's motion is from that of the object near it, in pixels: of several motions, the least.

    Where the object is fast the difference counts less, down to below 0.

    motions: (h, w, 2) float32 each
    """
    both = [(np.median(piece.of(one), axis=0), np.median(near.of(one), axis=0)) for one in motions]
    return min(float(np.linalg.norm(own - other) - _leeway(other, scale)) for own, other in both)


def _leeway(motion: NDArray[np.float32], scale: Scale) -> float:
    return _FAST_SHARE * max(0.0, float(np.linalg.norm(motion)) - scale.px(_FAST_PX))
