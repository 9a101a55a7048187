"""What stands where the object stands, when it is elsewhere: the same place of the scene on frames farther away.

Motion tells what moves now; a foot on the ground, a wheel or paint without texture does not. A second later the object
has gone on, and the place where it was shows the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.homography import Homography

NEAREST = 8
"""Frames of distance; nearer ones show the object nearly where it is."""
_LEAST_COMPARED = 2
_ENOUGH = 4
"""Of so many frames the comparison is worth all it can be: a shot's first and last frames are compared with fewer."""
_NEAREST_SHARE = 1 / 3
"""Of the frames that show a place this share is as like it as the distance says, or more."""

_SOFTEN_PX = 0.8
_SHIFTS = np.ones((3, 3), np.uint8)
"""Frames aligned by one homography are off by a pixel here and there."""
_SQUARES = [(np.arange(256, dtype=np.float32) * scale) ** 2 for scale in (0.7 * 100 / 255, 1, 1)]
"""Of differences in OpenCV's 8-bit Lab, in CIELAB; lightness counts less than hue."""
_B = 2
_BLACK = np.float32(16 * 2.55)
_DARK = (-_BLACK, np.float32(128), np.float32(128))
_NOT_SHOWN = 1e6
_SHADE_PX = 7
_DARKEST = 0.585
"""A shadow leaves at least a fifth of the light: as much of L* + 16, which goes with the third root of it."""
_BLUER = 12.0
"""How far b* may fall as well in the deepest shadow, which the sky lights alone."""

_USUAL = 0.75
_UNRELIABLE = 5.0
"""Distance (CIELAB) of three quarters of the picture at which the comparison is worth half."""
_NO_GROUND = 6.5
"""Distance from the ground, in CIELAB, at which a pixel is as likely the object's as not."""
_LIKE_GROUND = 1.5
"""How much more it says that a pixel is like the ground than that it is not, which other things may be as well."""
_STANDS_OUT = 0.4
"""By so much an object that is not the ground is farther from it than the picture on average, in natural logarithms."""
_ALIKE = -0.5
"""Below this, `Ground.like` says that a pixel is the ground's."""
_RARER = 2.0
"""If pixels like the ground are rarer in an object than elsewhere by this, in natural logarithms, they count whole.

What stays, or moves on by less than its own length, has many: it covered itself on the other frames.
"""
_NEVER = 0.02
"""Added to shares, so that their ratio is finite."""

Plane = NDArray[np.float32]
Level = NDArray[np.uint8]
SoftLab = NDArray[np.uint8]
"""(H, W, 3) uint8, a picture softened a little, in OpenCV's 8-bit Lab."""


@dataclass(frozen=True, slots=True)
class Ground:
    """How one frame differs from what others show at the same places of the scene.

    unlike: (H, W) float32, natural logarithm of how many times farther a pixel is from the ground than one that is as
            likely the object's as not; from the ground as dark as the frame is there, as a shadow makes it
    like:   (H, W) float32, the same from the ground as it is, at most 0
    known:  (H, W) bool, where enough other frames show the place; elsewhere both are 0
    trust:  in [0, 1], how far the frames agree all over the picture, less if there are few
    usual:  mean of `unlike` where it is known
    """

    unlike: NDArray[np.float32]
    like: NDArray[np.float32]
    known: NDArray[np.bool_]
    trust: float
    usual: float

    def evidence(self, part: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Ask whether a pixel differs from what other frames show at its place.

        part: (H, W) bool, a guess of the object

        Returns (H, W) float32, log-odds in -3..2; all near 0 when `part` is no farther from the ground than the rest of
        the picture, for then the object stood there on the other frames as well, or nothing is known of them. The less
        rare it is in `part` to be like the ground, the less that counts. What is dark may be the object or its shadow:
        it is neither like the ground nor unlike it.
        """
        there = part & self.known
        if not there.any():
            return np.zeros(self.known.shape, np.float32)
        trust = self.trust * (1 - np.exp(-(self._out(there) ** 2)))
        like = np.float32(_LIKE_GROUND * self._rarity(there))
        return cast(NDArray[np.float32], np.float32(trust) * (np.clip(self.unlike, 0, 2) + like * self.like))

    def apart(self, part: NDArray[np.bool_]) -> float | None:
        """Return how much farther `part` (H, W) bool is from the ground than the rest of the picture, at least 0.

        What is surely not the ground has 1 and more, even where the frames agree badly. None where too little is known.
        """
        there = part & self.known
        return self._out(there) if 2 * np.count_nonzero(there) > np.count_nonzero(part) else None

    def _out(self, there: NDArray[np.bool_]) -> float:
        return max(0.0, float(self.unlike[there].mean()) - self.usual) / _STANDS_OUT

    def _rarity(self, there: NDArray[np.bool_]) -> float:
        """Return in [0, 1] how much rarer it is among pixels of the object to be like the ground than among others."""
        own, other = (np.mean(self.like[one] < _ALIKE) if one.any() else 0.0 for one in (there, self.known & ~there))
        return float(np.clip(np.log((other + _NEVER) / (own + _NEVER)) / _RARER, 0, 1))


def no_ground(size: tuple[int, int]) -> Ground:
    """Return what is known of a frame when no other shows its places."""
    nothing = np.zeros(size, np.float32)
    return Ground(nothing, nothing, np.zeros(size, np.bool_), 0.0, 0.0)


def soft_lab(rgb: NDArray[np.uint8]) -> SoftLab:
    """Return a picture (H, W, 3), RGB, as `compare` takes it."""
    return cast(SoftLab, cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), _SOFTEN_PX), cv2.COLOR_RGB2Lab))


def compare(here: SoftLab, others: Sequence[tuple[SoftLab, Homography]]) -> Ground:
    """Compare a frame with others of its shot, each with the way to it from the frame's coordinates."""
    size = here.shape[0], here.shape[1]
    if len(others) < _LEAST_COMPARED:
        return no_ground(size)
    planes = cv2.split(here)
    compared = [_compared(planes, there, way) for there, way in others]
    count = np.zeros(size, np.uint8)
    for one in compared:
        count += one.shown
    known = np.asarray(count >= _LEAST_COMPARED, np.bool_)
    if not known.any():
        return no_ground(size)
    distances = in_order([one.distance for one in compared])
    unshaded = in_order([one.unshaded for one in compared])
    middle = float(np.quantile(_at_share(unshaded, count, 0.5)[known], _USUAL))
    unlike = _against_usual(_at_share(unshaded, count, _NEAREST_SHARE))
    like = np.minimum(_against_usual(_at_share(distances, count, _NEAREST_SHARE)), 0)
    unlike[~known] = like[~known] = 0
    trust = min(1.0, len(others) / _ENOUGH) / (1 + (middle / _UNRELIABLE) ** 2)
    return Ground(unlike, like, known, trust, float(unlike[known].mean()))


def _against_usual(distance: Plane) -> Plane:
    return cast(Plane, cv2.log(distance + 1)) - np.float32(np.log1p(_NO_GROUND))


def in_order(distances: Sequence[Plane]) -> list[Plane]:
    """Return the values of each pixel from the least to the greatest.

    Whole pictures are put in order by pairs: of a handful that takes a fraction of the time of a sort along the axis.
    """
    ordered = list(distances)
    for last in range(len(ordered) - 1, 0, -1):
        for one in range(last):
            less, more = ordered[one], ordered[one + 1]
            ordered[one], ordered[one + 1] = np.minimum(less, more), np.maximum(less, more)
    return ordered


def _at_share(ordered: Sequence[Plane], count: NDArray[np.uint8], share: float) -> Plane:
    """Return the value at `share` of the `count` least of each pixel, 0 where there are too few."""
    chosen = np.zeros(count.shape, np.float32)
    for among in range(_LEAST_COMPARED, len(ordered) + 1):
        np.copyto(chosen, ordered[round(share * (among - 1))], where=count == among)
    return chosen


class _Compared(NamedTuple):
    """Distances (H, W) float32, beyond all others where the other frame does not show the place, and where it does."""

    distance: Plane
    unshaded: Plane
    shown: NDArray[np.bool_]


def _compared(here: Sequence[Level], other: SoftLab, way: Homography) -> _Compared:
    """Compare the planes of a frame with another frame that `way` leads to."""
    height, width = here[0].shape
    how = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    there = cv2.split(cv2.warpPerspective(other, way, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE))
    whole = np.ones((height, width), np.uint8)
    shown = cv2.warpPerspective(whole, way, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST) > 0
    window = (_SHADE_PX, _SHADE_PX)
    light_here, light_there = (cv2.blur(one[0], window).astype(np.float32) + _BLACK for one in (here, there))
    shade = np.clip(light_here / light_there, _DARKEST, 1)
    shaded = [(one * shade + (1 - shade) * dark).astype(np.uint8) for one, dark in zip(there, _DARK, strict=True)]
    bluer = (_BLUER * (1 - shade * shade * shade)).astype(np.uint8)
    distance, unshaded = _distance(here, there, None), _distance(here, shaded, bluer)
    for one in (distance, unshaded):
        one[~shown] = _NOT_SHOWN
    return _Compared(distance, unshaded, np.asarray(shown))


def _distance(here: Sequence[Level], there: Sequence[Level], bluer: Level | None) -> Plane:
    """Return how far colours are from all that lie around, (H, W) float32 in CIELAB; b* may be lower by `bluer`."""
    total = np.zeros(here[0].shape, np.float32)
    for number, (one, other) in enumerate(zip(here, there, strict=True)):
        below = cv2.subtract(cv2.erode(other, _SHIFTS), one)
        if bluer is not None and number == _B:
            below = cv2.subtract(below, bluer)
        # Saturating at 0, as OpenCV's differences do, one of the two is always 0.
        total += cv2.LUT(cv2.add(below, cv2.subtract(one, cv2.dilate(other, _SHIFTS))), _SQUARES[number])
    return cast(Plane, cv2.sqrt(total))
