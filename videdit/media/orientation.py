"""How the stored picture is turned and mirrored before it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region


@dataclass(frozen=True, slots=True)
class Orientation:
    """Upright is the stored picture, transposed if `transpose`, then mirrored in rows and columns.

    matrix: the nine numbers of the file's display matrix, written to the result as they are; None if it has none
    """

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False
    matrix: tuple[int, ...] | None = None

    @classmethod
    def read(cls, matrix: Sequence[int] | None) -> Orientation:
        """Read a display matrix (a b u / c d v / x y w): a stored point (p, q) is shown at (ap + cq, bp + dq).

        Angles that are no multiple of 90 degrees are left to the player; see `is_right_angled`.
        """
        if matrix is None:
            return cls()
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        kept = tuple(int(value) for value in matrix)
        if a == d == 0 and b != 0 and c != 0:
            return cls(True, b < 0, c < 0, kept)
        if b == c == 0 and a != 0 and d != 0:
            return cls(False, d < 0, a < 0, kept)
        return cls(matrix=kept)

    @property
    def is_right_angled(self) -> bool:
        """False for a display matrix that turns by something else than a multiple of 90 degrees."""
        if self.matrix is None:
            return True
        a, b, c, d = self.matrix[0], self.matrix[1], self.matrix[3], self.matrix[4]
        return (a == d == 0) or (b == c == 0)

    @property
    def mirrored(self) -> bool:
        """Whether the picture is shown as in a mirror."""
        return self.transpose ^ self.flip_rows ^ self.flip_columns

    @property
    def degrees(self) -> int:
        """Counter-clockwise turn that makes the stored picture upright, mirroring aside: 0, 90, 180 or 270."""
        if self.transpose:
            return 90 if self.flip_rows else 270
        return 180 if self.flip_rows else 0

    @property
    def is_identity(self) -> bool:
        return not (self.transpose or self.flip_rows or self.flip_columns)

    def upright_size(self, stored: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) as shown."""
        return (stored[1], stored[0]) if self.transpose else stored

    def upright(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Turn a stored (h, w, ...) array upright; the result is a contiguous copy unless nothing is to do."""
        if self.is_identity:
            return picture
        turned = picture.swapaxes(0, 1) if self.transpose else picture
        return np.ascontiguousarray(turned[_steps(self.flip_rows), _steps(self.flip_columns)])

    def stored(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Turn an upright (h, w, ...) array the way it is stored: the inverse of `upright`."""
        if self.is_identity:
            return picture
        turned = picture[_steps(self.flip_rows), _steps(self.flip_columns)]
        return np.ascontiguousarray(turned.swapaxes(0, 1) if self.transpose else turned)

    def stored_region(self, region: Region, upright_size: tuple[int, int]) -> Region:
        """Return where a region of the upright picture lies in the stored one."""
        height, width = upright_size
        x0, x1 = (width - region.x1, width - region.x0) if self.flip_columns else (region.x0, region.x1)
        y0, y1 = (height - region.y1, height - region.y0) if self.flip_rows else (region.y0, region.y1)
        return Region(y0, x0, y1, x1) if self.transpose else Region(x0, y0, x1, y1)


def _steps(reverse: bool) -> slice:
    return slice(None, None, -1) if reverse else slice(None)
