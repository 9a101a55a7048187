"""The pieces that something beside a hole falls into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask


@dataclass(frozen=True, slots=True)
class Piece:
    """Some pixels, and the box around them.

    region: inside what it is a piece of
    mask:   (h, w) bool of the region
    """

    region: Region
    mask: Mask

    def of(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Return what a plane (H, W[, C]) has there, (n[, C])."""
        return np.asarray(plane[self.region.slices][self.mask])


@dataclass(frozen=True, slots=True)
class Reaching:
    """A piece that touches a hole.

    depth:  how far it reaches from the hole, pixels
    beyond: as many times its area as hang together with it but lie farther from the hole than pieces may
    """

    piece: Piece
    depth: float
    beyond: float


def pieces_beside(what: Mask, away: NDArray[np.float32], reach_px: float, touching_px: float) -> Iterator[Reaching]:
    """Yield the pieces of `what`, (h, w) bool, that touch a hole, each cut off where it is too far from it.

    away: (h, w) float32, how far a pixel is from the hole
    """
    near = what & (away <= reach_px)
    _, wholes = cv2.connectedComponents(what.view(np.uint8))
    outside = np.bincount(wholes[what & ~near], minlength=int(wholes.max()) + 1)
    _, pieces, boxes, _ = cv2.connectedComponentsWithStats(near.view(np.uint8))
    for number in np.unique(pieces[near & (away <= touching_px)]):
        x, y, width, height, area = (int(one) for one in boxes[number])
        region = Region(x, y, x + width, y + height)
        piece = Piece(region, np.asarray(pieces[region.slices] == number))
        beyond = float(outside[piece.of(wholes)[0]] / area)
        yield Reaching(piece, float(piece.of(away).max()), beyond)
