"""What several frames agree that the ground looks like, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask

_LEAST_SEEN = 3
_SHIFTS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The median of what frames show, and how far they are from it.

    rgb:    (h, w, 3) uint8
    spread: (h, w) float32, the median deviation of the channel that deviates most, in codes
    known:  (h, w) bool, three frames or more show the pixel
    """

    rgb: NDArray[np.uint8]
    spread: NDArray[np.float32]
    known: Mask

    @classmethod
    def of(cls, shown: NDArray[np.uint8], seen: Mask, where: Mask) -> Agreement:
        """Look at the pixels `where`, (h, w) bool.

        shown: (frames, h, w, 3) uint8
        seen:  (frames, h, w) bool
        """
        rgb, spread = np.zeros(shown.shape[1:], np.uint8), np.zeros(where.shape, np.float32)
        known = where & (np.count_nonzero(seen, axis=0) >= _LEAST_SEEN)
        count = len(shown)
        _medians(
            shown.reshape(count, -1, 3), seen.reshape(count, -1), known.ravel(), rgb.reshape(-1, 3), spread.ravel()
        )
        return cls(rgb, spread, known)

    def difference(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return by how many codes `rgb` (h, w, 3) uint8 differs from the ground, (h, w), in the worst channel.

        Of the ground the pixel itself and those beside it are compared, since alignment may be off by one.
        """
        least = np.full(self.known.shape, 255, np.uint8)
        for y, x in _SHIFTS:
            red, green, blue = cv2.split(cv2.absdiff(rgb, np.roll(self.rgb, (y, x), (0, 1))))
            least = np.minimum(least, cv2.max(cv2.max(red, green), blue))
        return least


@numba.njit(cache=True, nogil=True)
def _medians(shown, seen, where, rgb, spread):  # type: ignore[no-untyped-def]
    """Fill in the last two for the pixels `where`."""
    count = len(shown)
    values = np.empty(count, np.int32)
    for p in range(where.size):
        if not where[p]:
            continue
        for channel in range(3):
            n = 0
            for v in range(count):
                if seen[v, p]:
                    values[n] = shown[v, p, channel]
                    n += 1
            rgb[p, channel] = _median(values, n)
        n = 0
        for v in range(count):
            if seen[v, p]:
                most = 0
                for channel in range(3):
                    most = max(most, abs(np.int32(shown[v, p, channel]) - np.int32(rgb[p, channel])))
                values[n] = most
                n += 1
        spread[p] = _median(values, n)


@numba.njit(cache=True, nogil=True)
def _median(values, n):  # type: ignore[no-untyped-def]
    """Return the middle one of the first `n` values, of an even number the lower one; sorts them."""
    for i in range(1, n):
        one, place = values[i], i
        while place > 0 and values[place - 1] > one:
            values[place] = values[place - 1]
            place -= 1
        values[place] = one
    return values[(n - 1) // 2]
