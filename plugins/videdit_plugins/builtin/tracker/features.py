"""What each cell of a window looks like: colour, texture and surroundings at several scales."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.roi import CELL

ANGLES = 6
AROUND = ((-2, 0), (2, 0), (0, -2), (0, 2))


def descriptors(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe each cell of 4 x 4 pixels.

    lab: (h, w, 3) uint8, OpenCV's 8-bit Lab; h and w multiples of 4

    Returns (h / 4, w / 4, D) float32. Colour enters at three scales and from four neighbours, texture as
    histograms of gradient directions at two scales and as the spread of each colour channel.
    """
    height, width = lab.shape[:2]
    cells = (width // CELL, height // CELL)
    values = lab.astype(np.float32)
    values *= np.array([1 / 255, 1 / 80, 1 / 80], np.float32)
    values -= np.array([0.5, 1.6, 1.6], np.float32)
    fine = cv2.resize(values, cells, interpolation=cv2.INTER_AREA)
    square = cv2.resize(np.square(values), cells, interpolation=cv2.INTER_AREA)
    middle, wide = _blur(fine, 1.5), _blur(fine, 4.0)
    spread = np.sqrt(np.maximum(_blur(square, 1.0) - np.square(_blur(fine, 1.0)), 0))
    texture = np.dstack([cv2.resize(one, cells, interpolation=cv2.INTER_AREA) for one in _gradients(values[..., 0])])
    texture = _blur(texture, 0.8)
    coarse = _blur(texture, 2.5)
    around = [_shifted(middle, x, y) - fine for x, y in AROUND]
    parts = [1.6 * fine, 1.3 * middle, 0.3 * wide, *(0.5 * one for one in around)]
    parts += [1.5 * spread, 1.2 * np.sqrt(texture), 1.2 * np.sqrt(coarse)]
    return np.concatenate(parts, axis=2)


def _blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return blurred


def _shifted(image: NDArray[np.float32], x: int, y: int) -> NDArray[np.float32]:
    rows = np.clip(np.arange(image.shape[0]) + y, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) + x, 0, image.shape[1] - 1)
    return image[rows[:, None], columns]


def _gradients(light: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Yield six (h, w) float32: the strength of the gradient, shared between the two nearest of six directions."""
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.25)
    strength, angle = cv2.cartToPolar(across, down)
    place = np.mod(angle * (ANGLES / np.pi), ANGLES)
    for number in range(ANGLES):
        away = np.abs(place - np.float32(number))
        yield np.maximum(0, 1 - np.minimum(away, ANGLES - away)) * strength
