"""Two sizes of one picture: the film's own, and a smaller one at which motion is estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""(3, 3) float64, acts on (x, y, 1) columns of pixel coordinates."""
FACTS_HEIGHT_PX = 240
"""Lengths in this package are stated at this picture height."""


@dataclass(frozen=True, slots=True)
class Scale:
    """full, small: (height, width) in pixels. `small` is never larger than `full`."""

    full: tuple[int, int]
    small: tuple[int, int]

    @classmethod
    def of(cls, full: tuple[int, int], height_px: int) -> Scale:
        """Return the scale at which a frame of size `full` is at most `height_px` high (wide, if it stands upright)."""
        ratio = min(1.0, height_px / min(full))
        return cls(full, (max(1, round(full[0] * ratio)), max(1, round(full[1] * ratio))))

    @property
    def same(self) -> bool:
        return self.full == self.small

    def px(self, length_px: float) -> float:
        """Return a length stated for pictures of FACTS_HEIGHT_PX in pixels of the small picture."""
        return length_px * max(0.5, min(self.small) / FACTS_HEIGHT_PX)

    def to_small(self) -> Matrix:
        """Return the map from full to small coordinates; pixel centres are whole numbers in both."""
        y, x = self.small[0] / self.full[0], self.small[1] / self.full[1]
        return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])

    def to_full(self) -> Matrix:
        """Return the map from small to full coordinates."""
        return np.asarray(np.linalg.inv(self.to_small()), np.float64)

    def at_full(self, homography: Matrix) -> Matrix:
        """Return a homography of small coordinates for full ones."""
        to_small = self.to_small()
        return np.asarray(np.linalg.inv(to_small) @ homography @ to_small)
