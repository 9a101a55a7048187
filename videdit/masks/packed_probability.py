"""How likely what lies around an object's mask is the object's too, small enough to keep for each frame."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ProjectError, ShapeError
from videdit.frames import Alpha, Region

_LEVELS = 32
"""Steps from 0 to 1; finer ones say nothing, and take more room."""
_LEAST_LEVEL, _EVEN = 2, _LEVELS // 2
"""What is less likely is nothing; what is likelier than an even chance is in the mask, which is kept by itself."""
_ROWS = 240
"""No finer than that, whatever the frame's size: a probability has no sharp outline."""
_HEADER = struct.Struct("<6I")
# Part of the stored form: the same probability must always give the same bytes.
_ZLIB_LEVEL = 1


@dataclass(frozen=True, slots=True)
class PackedProbability:
    """Probabilities in steps of 1/32, from 1/16 up to 1/2, on a grid of 240 rows at most.

    stored: height and width of the grid, the box of it that is not nothing, a zlib stream of the levels in that box
    """

    stored: bytes

    @classmethod
    def pack(cls, probability: Alpha | None) -> PackedProbability | None:
        """Pack (H, W) float32 in [0, 1]; None if nothing in it is likely enough, or there is none.

        Raises ShapeError for anything else.
        """
        if probability is None:
            return None
        if probability.ndim != 2 or probability.dtype != np.float32:
            raise ShapeError(f"a probability is (H, W) float32, not {probability.shape} {probability.dtype}")
        height, width = probability.shape
        ratio = min(1.0, _ROWS / min(height, width))
        grid = (max(1, round(height * ratio)), max(1, round(width * ratio)))
        if grid != (height, width):
            probability = np.asarray(cv2.resize(probability, grid[::-1], interpolation=cv2.INTER_AREA), np.float32)
        levels = np.minimum(probability * _LEVELS, _EVEN).astype(np.uint8)
        levels[levels < _LEAST_LEVEL] = 0
        box = Region.of(levels)
        if box.empty:
            return None
        header = _HEADER.pack(*grid, box.x0, box.y0, box.x1, box.y1)
        return cls(header + zlib.compress(levels[box.slices].tobytes(), _ZLIB_LEVEL))

    def map(self, size: tuple[int, int]) -> Alpha:
        """Return (H, W) float32 in [0, 0.5] of a frame of `size`. Raises ProjectError if what is stored is damaged."""
        height, width, box, levels = self._unpacked()
        whole = np.zeros((height, width), np.float32)
        whole[box.slices] = levels
        whole /= _LEVELS
        if (height, width) == size:
            return whole
        return np.asarray(cv2.resize(whole, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    def _unpacked(self) -> tuple[int, int, Region, NDArray[np.uint8]]:
        try:
            height, width, *corners = _HEADER.unpack_from(self.stored)
            box = Region(*corners)
            levels = np.frombuffer(zlib.decompress(self.stored[_HEADER.size :]), np.uint8)
            return height, width, box, levels.reshape(box.height, box.width)
        except (struct.error, zlib.error, ValueError) as error:
            raise ProjectError("a stored probability is damaged", next_step="track the object again") from error
