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

NEAREST, FARTHEST = 8, 24
"""Frames of distance; nearer ones show the object nearly where it is."""
_LEAST_COMPARED = 2
_NEAREST_SHARE = 1 / 3
"""Of the frames that show a place this share is as like it as the distance says, or more."""

_SOFTEN_PX = 0.8
_SHIFTS = np.ones((3, 3), np.uint8)
"""Frames aligned by one homography are off by a pixel here and there."""
_LIGHTNESS = 0.7
_LAB_SCALE, _LAB_ZERO = np.array([100 / 255, 1, 1], np.float32), np.array([0, 128, 128], np.float32)
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

SoftLab = NDArray[np.uint8]
"""(H, W, 3) uint8, a picture softened a little, in OpenCV's 8-bit Lab."""


@dataclass(frozen=True, slots=True)
class Ground:
    """How one frame differs from what others show at the same places of the scene.

    unlike: (H, W) float32, natural logarithm of how many times farther a pixel is from the ground than one that is as
            likely the object's as not; from the ground as dark as the frame is there, as a shadow makes it
    like:   (H, W) float32, the same from the ground as it is, at most 0
    known:  (H, W) bool, where enough other frames show the place; elsewhere both are 0
    trust:  in [0, 1], how far the frames agree all over the picture
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
        the picture, for then the object stood there on the other frames as well, or nothing is known of them. What is
        dark may be the object or its shadow: it is neither like the ground nor unlike it.
        """
        there = part & self.known
        if not there.any():
            return np.zeros(self.known.shape, np.float32)
        out = max(0.0, float(self.unlike[there].mean()) - self.usual) / _STANDS_OUT
        trust = self.trust * (1 - np.exp(-(out**2)))
        return cast(NDArray[np.float32], np.float32(trust) * (np.clip(self.unlike, 0, 2) + _LIKE_GROUND * self.like))


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
    lab = _in_cielab(here)
    compared = [_compared(lab, there, way) for there, way in others]
    seen = np.stack([one.shown for one in compared])
    count = seen.sum(axis=0)
    known = count >= _LEAST_COMPARED
    if not known.any():
        return no_ground(size)
    distances = _ordered([one.distance for one in compared], seen)
    unshaded = _ordered([one.unshaded for one in compared], seen)
    middle = float(np.quantile(_at_share(unshaded, count, 0.5)[known], _USUAL))
    unlike = _compared_with_usual(_at_share(unshaded, count, _NEAREST_SHARE), known)
    like = np.minimum(_compared_with_usual(_at_share(distances, count, _NEAREST_SHARE), known), 0)
    return Ground(unlike, like, known, 1 / (1 + (middle / _UNRELIABLE) ** 2), float(unlike[known].mean()))


def _compared_with_usual(distance: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.where(known, np.log1p(np.where(known, distance, 0)) - np.float32(np.log1p(_NO_GROUND)), np.float32(0))


def _ordered(distances: Sequence[NDArray[np.float32]], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (N, H, W) from the nearest to the farthest; what a frame does not show comes last."""
    return np.sort(np.where(seen, np.stack(distances), np.float32(np.inf)), axis=0)


def _at_share(ordered: NDArray[np.float32], count: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    rank = np.rint(share * np.maximum(count - 1, 0)).astype(np.int64)
    return cast(NDArray[np.float32], np.take_along_axis(ordered, rank[None], axis=0)[0])


def _in_cielab(levels: SoftLab) -> NDArray[np.float32]:
    return cast(NDArray[np.float32], levels * _LAB_SCALE - _LAB_ZERO)


class _Compared(NamedTuple):
    """Distances (H, W) float32, and where the other frame shows the place, (H, W) bool."""

    distance: NDArray[np.float32]
    unshaded: NDArray[np.float32]
    shown: NDArray[np.bool_]


def _compared(here: NDArray[np.float32], other: SoftLab, way: Homography) -> _Compared:
    """Compare `here` (H, W, 3), in CIELAB, with another frame that `way` leads to."""
    height, width = here.shape[:2]
    how = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    moved = cv2.warpPerspective(other, way, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    whole = np.ones((height, width), np.uint8)
    shown = cv2.warpPerspective(whole, way, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST) > 0
    there = _in_cielab(cast(SoftLab, moved))
    window = (_SHADE_PX, _SHADE_PX)
    shade = np.clip(cv2.blur(here[..., 0] + 16, window) / cv2.blur(there[..., 0] + 16, window), _DARKEST, 1)
    shaded = there * shade[..., None]
    shaded[..., 0] -= 16 * (1 - shade)
    bluer = _BLUER * (1 - shade**3)
    return _Compared(_distance(here, there, 0), _distance(here, shaded, bluer), np.asarray(shown))


def _distance(
    here: NDArray[np.float32], there: NDArray[np.float32], bluer: NDArray[np.float32] | float
) -> NDArray[np.float32]:
    """Return how far colours (H, W, 3) are from all that lie around; b* may be lower by `bluer`."""
    below = np.maximum(cv2.erode(there, _SHIFTS) - here, 0)
    below[..., 2] = np.maximum(below[..., 2] - bluer, 0)
    apart = below + np.maximum(here - cv2.dilate(there, _SHIFTS), 0)
    apart[..., 0] *= _LIGHTNESS
    return cast(NDArray[np.float32], np.sqrt(np.einsum("hwc,hwc->hw", apart, apart)))
