"""What several frames agree that the ground looks like, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask

LEAST_SEEN = 3
"""Of two frames that differ nobody knows which one shows the ground."""
_LEAST_CODES = 10.0
"""Noise and compression differ by less."""
_TYPICAL = 4.0
"""Times the median difference from the ground: where the camera's motion is followed badly, everything differs."""
_SPREADS = 3.0
"""Times the spread: what ripples, or sways, differs from one frame to the next."""
_AT_ONCE = 512
"""Pixels that are sorted together: few enough to stay in the processor's first cache."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a frame differs from the ground.

    difference: (h, w) uint8, codes, as from `Agreement.difference`
    most:       (h, w) float32, codes by which the ground may differ from itself
    known:      (h, w) bool, where the ground is
    """

    difference: NDArray[np.uint8]
    most: NDArray[np.float32]
    known: Mask

    def contradicted(self, share: float | NDArray[np.float32] = 1.0) -> Mask:
        """Return (h, w) bool: where the frame shows something else than the ground.

        share: of `most` that is asked for; one, or (h, w)
        """
        return np.asarray(self.known & (self.difference > share * self.most))


@dataclass(frozen=True, slots=True)
class Agreement:
    """The median of what frames show, and how far they are from it.

    rgb:    (h, w, 3) uint8, of an even number of frames the lower one in the middle
    spread: (h, w) uint8, the median deviation of the channel that deviates most, in codes
    known:  (h, w) bool, at least three frames show the pixel; elsewhere the others are 0
    """

    rgb: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    known: Mask

    @classmethod
    def of(cls, shown: NDArray[np.uint8], seen: Mask, where: Mask) -> Agreement:
        """Look at the pixels `where`, (h, w) bool.

        shown: (frames, h, w, 3) uint8
        seen:  (frames, h, w) bool
        """
        count = np.count_nonzero(seen, axis=0)
        known = where & (count >= LEAST_SEEN)
        places = np.flatnonzero(known)
        rgb, spread = np.zeros((*where.shape, 3), np.uint8), np.zeros(where.shape, np.uint8)
        flat = shown.reshape(len(shown), -1, 3), seen.reshape(len(seen), -1)
        _agree(*flat, places, (count.flat[places] - 1) // 2, rgb.reshape(-1, 3), spread.reshape(-1))
        return cls(rgb, spread, known)

    def compared(self, rgb: NDArray[np.uint8]) -> Comparison:
        """Compare a frame (h, w, 3) uint8 with the ground."""
        difference = self.difference(rgb)
        typical = float(np.median(difference[self.known])) if self.known.any() else 0.0
        restless = _SPREADS * cv2.dilate(self.spread, np.ones((3, 3), np.uint8)).astype(np.float32)
        return Comparison(difference, np.maximum(restless, max(_LEAST_CODES, _TYPICAL * typical)), self.known)

    def difference(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return by how many codes a frame (h, w, 3) uint8 differs from the ground, (h, w), in the worst channel.

        Known pixels and those beside them are compared, since alignment may be off by one; 255 elsewhere.
        """
        result = np.full(self.known.shape, 255, np.uint8)
        _least_difference(np.ascontiguousarray(rgb), self.rgb, self.known, result)
        return result


@numba.njit(cache=True, nogil=True)
def _agree(shown, seen, places, middle, rgb, spread):  # type: ignore[no-untyped-def]
    """Fill in the last two at `places`, where `middle` seen ones are below the median; pixels are flat here."""
    frames = len(shown)
    values = np.empty((frames, 3 * _AT_ONCE), np.uint8)
    away = np.empty((frames, _AT_ONCE), np.uint8)
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        for v in range(frames):
            for i, p in enumerate(some):
                # No branch here: what is seen changes from pixel to pixel.
                unseen = np.uint8(255 * (1 - seen[v, p]))
                for channel in range(3):
                    values[v, 3 * i + channel] = shown[v, p, channel] | unseen
        _sort(values, 3 * len(some))
        for i, p in enumerate(some):
            for channel in range(3):
                rgb[p, channel] = values[middle[start + i], 3 * i + channel]
        for v in range(frames):
            for i, p in enumerate(some):
                away[v, i] = _difference(shown[v, p], rgb[p]) | np.uint8(255 * (1 - seen[v, p]))
        _sort(away, len(some))
        for i, p in enumerate(some):
            spread[p] = away[middle[start + i], i]


@numba.njit(cache=True, nogil=True)
def _sort(values, width):  # type: ignore[no-untyped-def]
    """Sort the first `width` columns, as far as the middle: what was not seen is 255, so it comes last."""
    for rank in range((len(values) + 1) // 2):
        for other in range(rank + 1, len(values)):
            for i in range(width):
                one, two = values[rank, i], values[other, i]
                values[rank, i], values[other, i] = min(one, two), max(one, two)


@numba.njit(cache=True, nogil=True)
def _least_difference(rgb, ground, known, result):  # type: ignore[no-untyped-def]
    height, width = known.shape
    for y in range(height):
        for x in range(width):
            if known[y, x]:
                for v in range(max(0, y - 1), min(height, y + 2)):
                    for u in range(max(0, x - 1), min(width, x + 2)):
                        if known[v, u]:
                            result[y, x] = min(result[y, x], _difference(rgb[y, x], ground[v, u]))


@numba.njit(cache=True, nogil=True)
def _difference(one, other):  # type: ignore[no-untyped-def]
    """Return by how many codes two colours differ in the worst channel."""
    worst = np.uint8(0)
    for channel in range(3):
        a, b = one[channel], other[channel]
        worst = max(worst, np.uint8(max(a, b) - min(a, b)))
    return worst
