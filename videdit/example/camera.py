"""A pinhole camera that only turns, so a frame is one homography away from a wide picture of the scene.

The world is measured in metres: x to the right, y up, z away from the camera, which stands above the origin.
Linear light, (H, W, 3) float32, where 1 is a white card in the sun.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

HEIGHT_METRES = 1.5
"""Of the camera above the ground."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera looks, and how.

    focal_px: focal length; size: height and width in pixels
    pan, tilt, roll: in radians; to the right, up, clockwise
    """

    focal_px: float
    size: tuple[int, int]
    pan: float = 0.0
    tilt: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) matrix from camera directions to world directions."""
        turn = _rotation(self.pan, 1) @ _rotation(-self.tilt, 0) @ _rotation(-self.roll, 2)
        return np.asarray(turn, np.float64)

    @property
    def intrinsics(self) -> NDArray[np.float64]:
        """(3, 3) matrix from camera directions (y up) to pixels (y down)."""
        height, width = self.size
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        return np.array([[self.focal_px, 0, middle_x], [0, -self.focal_px, middle_y], [0, 0, 1]], np.float64)

    def rays(self, columns: NDArray[Any], rows: NDArray[Any]) -> Floats:
        """Return the world directions (rows, columns, 3), of length one, through a grid of pixel positions."""
        x, y = np.meshgrid(columns, rows)
        to_world = (self.rotation @ np.linalg.inv(self.intrinsics)).astype(np.float32)
        directions = np.stack([x, y, np.ones_like(x)], axis=-1) @ to_world.T
        return np.asarray(directions / np.linalg.norm(directions, axis=-1, keepdims=True), np.float32)

    def project(self, point: NDArray[np.float64]) -> tuple[float, float, float]:
        """Return x, y in pixels and the depth in metres of a world point (3,)."""
        seen = self.rotation.T @ (point - np.array([0.0, HEIGHT_METRES, 0.0]))
        x, y, depth = self.intrinsics @ seen
        return float(x / depth), float(y / depth), float(depth)

    def from_other(self, other: View) -> NDArray[np.float64]:
        """Return the homography (3, 3) from pixels of this view to those of another one."""
        mapping = other.intrinsics @ other.rotation.T @ self.rotation @ np.linalg.inv(self.intrinsics)
        return np.asarray(mapping, np.float64)


def _rotation(angle: float, axis: int) -> NDArray[np.float64]:
    """Rotate about the x, y or z axis."""
    sine, cosine = np.sin(angle), np.cos(angle)
    one, other = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[one, one] = matrix[other, other] = cosine
    matrix[one, other], matrix[other, one] = -sine, sine
    return matrix


def to_srgb(linear: Floats) -> Floats:
    """Turn linear light into sRGB values in [0, 255], not yet rounded, with a soft shoulder for highlights."""
    curve = _curve()
    # By table, over the square root of the light: sRGB is nearly straight there, so 8192 steps are exact enough.
    place = np.sqrt(np.clip(linear, 0.0, _BRIGHTEST)) * np.float32((len(curve) - 1) / np.sqrt(_BRIGHTEST))
    return curve[place.astype(np.int32)]


_BRIGHTEST = 4.0


@cache
def _curve() -> Floats:
    light = np.linspace(0, np.sqrt(_BRIGHTEST), 8192) ** 2
    # Straight up to 0.7, then bent, so that the sun on a ball does not clip hard.
    bent = np.where(light < 0.7, light, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.45))
    low, high = 12.92 * bent, 1.055 * np.power(bent, 1 / 2.4) - 0.055
    return np.asarray(255.0 * np.where(bent <= 0.0031308, low, high), np.float32)
