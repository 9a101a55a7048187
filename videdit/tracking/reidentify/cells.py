"""What each small square of a picture looks like: colour at two scales, and texture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Frame, Mask

CELL = 4
LONG_SIDE_PX = 320
ANGLES = 6


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture in squares of 4 x 4 pixels, at a long side of 320 pixels.

    features: (h, w, D) float32
    lab:      (h, w, 3) uint8, the mean colour
    scale:    cells per pixel of the frame, across and down
    """

    features: NDArray[np.float32]
    lab: NDArray[np.uint8]
    scale: tuple[float, float]

    @property
    def grid(self) -> tuple[int, int]:
        return self.lab.shape[0], self.lab.shape[1]

    def covered(self, mask: Mask) -> NDArray[np.float32]:
        """Return (h, w) float32 in [0, 1]: how much of each cell a mask of the frame covers."""
        share = cv2.resize(mask.astype(np.float32), self.grid[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(share, np.float32)


def cells_of(frame: Frame) -> Cells:
    """Describe a frame."""
    height, width = frame.size
    shrink = LONG_SIDE_PX / max(height, width)
    grid = (max(4, round(height * shrink / CELL)), max(4, round(width * shrink / CELL)))
    small = cv2.resize(frame.rgb8, (grid[1] * CELL, grid[0] * CELL), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    values = (lab.astype(np.float32) - np.array([128, 128, 128], np.float32)) / np.array([128, 48, 48], np.float32)
    fine = _cells(values, grid)
    around = cv2.GaussianBlur(fine, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE)
    spread = np.sqrt(np.maximum(_cells(np.square(values), grid) - np.square(fine), 0))
    texture = np.sqrt(cv2.GaussianBlur(_cells(_gradients(values[..., 0]), grid), (0, 0), 0.8))
    features = np.concatenate([fine, around, spread, texture], axis=2)
    mean = cv2.resize(lab, grid[::-1], interpolation=cv2.INTER_AREA)
    return Cells(features.astype(np.float32), np.asarray(mean, np.uint8), (grid[1] / width, grid[0] / height))


def _cells(values: NDArray[np.float32], grid: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(values, grid[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _gradients(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (h, w, 6) float32: the strength of the gradient by its direction, modulo half a turn."""
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(across, down)
    place = np.mod(angle * (ANGLES / np.pi), ANGLES)
    away = np.abs(place[..., None] - np.arange(ANGLES, dtype=np.float32))
    away = np.minimum(away, ANGLES - away)
    return np.asarray(np.maximum(0, 1 - away) * strength[..., None] * 0.5, np.float32)
