"""Places beside an object, in coordinates that go along with it and grow with it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import cv2
import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.scale import Matrix

CELLS = 28
"""In the object's length, the root of its area."""
_LEFT, _RIGHT, _UP, _DOWN = 2.0, 2.0, 1.7, 1.3
SHAPE = round((_UP + _DOWN) * CELLS), round((_LEFT + _RIGHT) * CELLS)


@dataclass(frozen=True, slots=True)
class Beside:
    """The cells beside one hole, SHAPE of them; the middle of the box's foot is the origin.

    The box's middle is steadier than a centroid when limbs move.

    x, y: of the origin, in pixels
    cell: side of a cell in pixels
    """

    x: float
    y: float
    cell: float

    @classmethod
    def of(cls, hole: Mask) -> Beside:
        """Return the cells beside a hole, which is not empty."""
        box = Region.of(hole)
        return cls((box.x0 + box.x1) / 2, box.y1, sqrt(np.count_nonzero(hole)) / CELLS)

    def seen(self, plane: Plane) -> Plane:
        """Return what a plane (h, w) float32 shows in each cell; 0 outside of it."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(plane, self._matrix(0), SHAPE[::-1], flags=flags))

    def laid(self, cells: Plane, size: tuple[int, int], down: int = 0) -> Plane:
        """Return the values of cells in a picture of `size` (h, w); 0 outside.

        down: lay them so many cells lower
        """
        return np.asarray(cv2.warpAffine(cells, self._matrix(down), size[::-1], flags=cv2.INTER_LINEAR))

    def _matrix(self, down: int) -> Matrix:
        left, top = self.x - _LEFT * CELLS * self.cell, self.y + (down - _UP * CELLS) * self.cell
        return np.array([[self.cell, 0, left], [0, self.cell, top]])


def lowered(cells: Plane, down: int) -> Plane:
    """Return cells moved down by so many rows, up if that is negative; 0 comes in."""
    moved = np.zeros_like(cells)
    if down >= 0:
        moved[down:] = cells[: len(cells) - down]
    else:
        moved[:down] = cells[-down:]
    return moved
