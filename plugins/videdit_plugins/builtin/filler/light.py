"""What brings one frame's colours to the light of another.

Exposure and white balance drift while a camera turns, the same all over the picture. Lenses darken corners and things
shine from where they are seen, so some of the light changes from place to place.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import extend

_EVERY = 4
"""Every fourth row and column tell it well enough."""
_ALIKE_CODES = 30.0
"""What differs by so much counts half: the more, the more likely it is something else, not other light."""
_MOST_CODES = 25.0
_SQUARE_PX = 4


def light_between(own: NDArray[np.uint8], other: NDArray[np.uint8], common: Mask) -> NDArray[np.float32]:
    """Return (3,) float32, the codes to add to `other` for the light of `own`, (h, w, 3) uint8 each; 0 if unknown.

    common: (h, w) bool, what both show. Few of these pixels may show other things.
    """
    counts = np.zeros((3, 511), np.int64)
    _count(own, other, common, counts)
    total = counts[0].sum()
    if total == 0:
        return np.zeros(3, np.float32)
    # Of an even number the mean of the two in the middle.
    middle = np.array([(total - 1) // 2, total // 2])
    return np.array([np.searchsorted(of.cumsum(), middle, side="right").mean() - 255 for of in counts], np.float32)


@numba.njit(cache=True, nogil=True)
def _count(own, other, common, counts):  # type: ignore[no-untyped-def]
    """Fill in how often each channel differs by -255..255 codes."""
    for y in range(0, common.shape[0], _EVERY):
        for x in range(0, common.shape[1], _EVERY):
            if common[y, x]:
                for channel in range(3):
                    counts[channel, 255 + np.int64(own[y, x, channel]) - np.int64(other[y, x, channel])] += 1


def in_light(picture: NDArray[np.uint8], codes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return `picture`, (h, w, C) uint8, with `codes`, (C,), added to its channels."""
    if not codes.any():
        return picture
    brighter = np.clip(np.rint(np.arange(256)[:, None, None] + codes), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, brighter))


def in_light_of_places(other: NDArray[np.uint8], own: NDArray[np.uint8], common: Mask) -> NDArray[np.uint8]:
    """Return `other`, (h, w, 3) uint8, with the light that `own`, (h, w, 3) uint8, has in each place.

    common: (h, w) bool, what both show; from there the difference flows over the rest
    """
    height, width = common.shape
    size = -(-height // _SQUARE_PX), -(-width // _SQUARE_PX)
    # What flows is smooth, so squares will do.
    apart, trust = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    _compare(own, other, common, apart, trust)
    light = np.clip(extend(apart, trust, sweeps=1), -_MOST_CODES, _MOST_CODES)
    result = np.empty_like(other)
    _add(light, other, result)
    return result


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _compare(own, other, common, apart, trust):  # type: ignore[no-untyped-def]
    """Fill in the mean difference of squares and for what share it holds; every second row and column will do."""
    rows, columns = trust.shape
    for row in range(rows):
        for column in range(columns):
            red, green, blue, total = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for y in range(row * _SQUARE_PX, min((row + 1) * _SQUARE_PX, common.shape[0]), 2):
                for x in range(column * _SQUARE_PX, min((column + 1) * _SQUARE_PX, common.shape[1]), 2):
                    if common[y, x]:
                        r = np.float32(own[y, x, 0]) - np.float32(other[y, x, 0])
                        g = np.float32(own[y, x, 1]) - np.float32(other[y, x, 1])
                        b = np.float32(own[y, x, 2]) - np.float32(other[y, x, 2])
                        most = max(abs(r), abs(g), abs(b)) * np.float32(1 / _ALIKE_CODES)
                        share = np.float32(1) / (np.float32(1) + most * most)
                        red += share * r
                        green += share * g
                        blue += share * b
                        total += share
            if total > 0:
                apart[row, column, 0] = red / total
                apart[row, column, 1] = green / total
                apart[row, column, 2] = blue / total
                trust[row, column] = total * np.float32(4 / _SQUARE_PX**2)


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _add(light, picture, result):  # type: ignore[no-untyped-def]
    """Fill in a picture with the light of squares added, (rows, columns, 3), mixed between their middles."""
    height, width, _ = picture.shape
    rows, columns, _ = light.shape
    # Along the rows first, so that nothing is looked up pixel by pixel.
    wide = np.zeros((rows, width * 3), np.float32)
    for x in range(width):
        at = (x + 0.5) / _SQUARE_PX - 0.5
        left = int(np.floor(at))
        first, second, part = max(left, 0), min(left + 1, columns - 1), np.float32(at - left)
        for row in range(rows):
            for channel in range(3):
                one = light[row, first, channel]
                wide[row, 3 * x + channel] = one + part * (light[row, second, channel] - one) + np.float32(0.5)
    flat, into = picture.reshape(height, width * 3), result.reshape(height, width * 3)
    for y in range(height):
        at = (y + 0.5) / _SQUARE_PX - 0.5
        above = int(np.floor(at))
        share, top, bottom = np.float32(at - above), wide[max(above, 0)], wide[min(above + 1, rows - 1)]
        own, to = flat[y], into[y]
        for i in range(width * 3):
            value = np.float32(own[i]) + top[i] + share * (bottom[i] - top[i])
            to[i] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
