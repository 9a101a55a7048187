"""What stands where the object stands, when it is elsewhere: the same place of the scene on frames farther away.

Motion tells what moves now; a foot on the ground, a wheel or paint without texture does not. A second later the object
has gone on, and the place where it was shows the ground.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

LADDER = (2, 4, 8, 12, 16, 20, 24)
"""Frames that the camera is followed over, each way, in frames of distance: each from what the ones before foretell."""
COMPARED_FROM = 8
"""Frames nearer than this show the object nearly where it is."""
_LEAST_COMPARED = 2
_NEAREST_SHARE = 1 / 3
"""Of the frames that show a place this share is as like it as the distance says, or more."""

_CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX = 400, 0.005, 6.0
_WINDOW, _LEVELS = (15, 15), 3
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)
_ROUND_TRIP_PX, _INLIER_PX = 0.7, 1.5
_LEAST_CORNERS, _LEAST_INLIERS = 12, 0.25
_SCALES = (0.4, 2.5)

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

Homography = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """How one frame differs from what others show at the same places of the scene, at the working size.

    distance: (H, W) float32, in CIELAB, 0 where it is not known
    unshaded: (H, W) float32, the same with the ground taken as dark as the frame is there, as a shadow makes it
    known:    (H, W) bool, where enough other frames show the place
    trust:    in [0, 1], how far the frames agree all over the picture
    """

    distance: NDArray[np.float32]
    unshaded: NDArray[np.float32]
    known: NDArray[np.bool_]
    trust: float


def no_ground(size: tuple[int, int]) -> Ground:
    """Return what is known of a frame when no other shows its places."""
    nothing = np.zeros(size, np.float32)
    return Ground(nothing, nothing, np.zeros(size, np.bool_), 0.0)


def compare_with_ground(rgb: NDArray[np.uint8], others: Mapping[int, NDArray[np.uint8]]) -> Ground:
    """Compare a frame with others of its shot.

    rgb:    (H, W, 3) uint8
    others: offset in frames -> (H, W, 3) uint8; offsets of LADDER, and the same below 0, as far as the shot reaches
    """
    size = rgb.shape[0], rgb.shape[1]
    if sum(abs(offset) >= COMPARED_FROM for offset in others) < _LEAST_COMPARED:
        return no_ground(size)
    ways = {offset: way for offset, way in _ways(rgb, others).items() if abs(offset) >= COMPARED_FROM}
    if len(ways) < _LEAST_COMPARED:
        return no_ground(size)
    here = _lab(rgb)
    compared = [_compared(here, others[offset], way) for offset, way in ways.items()]
    seen = np.stack([one.shown for one in compared])
    count = seen.sum(axis=0)
    known = count >= _LEAST_COMPARED
    if not known.any():
        return no_ground(size)
    distances = _ordered([one.distance for one in compared], seen)
    unshaded = _ordered([one.unshaded for one in compared], seen)
    usual = float(np.quantile(_at_share(unshaded, count, 0.5)[known], _USUAL))
    return Ground(
        np.where(known, _at_share(distances, count, _NEAREST_SHARE), np.float32(0)),
        np.where(known, _at_share(unshaded, count, _NEAREST_SHARE), np.float32(0)),
        known,
        1 / (1 + (usual / _UNRELIABLE) ** 2),
    )


def _ordered(distances: Sequence[NDArray[np.float32]], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (N, H, W) from the nearest to the farthest; what a frame does not show comes last."""
    return np.sort(np.where(seen, np.stack(distances), np.float32(np.inf)), axis=0)


def _at_share(ordered: NDArray[np.float32], count: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    rank = np.rint(share * np.maximum(count - 1, 0)).astype(np.int64)
    return cast(NDArray[np.float32], np.take_along_axis(ordered, rank[None], axis=0)[0])


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    levels = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), _SOFTEN_PX), cv2.COLOR_RGB2Lab).astype(np.float32)
    return cast(NDArray[np.float32], levels * _LAB_SCALE - _LAB_ZERO)


class _Compared(NamedTuple):
    """Distances (H, W) float32, and where the other frame shows the place, (H, W) bool."""

    distance: NDArray[np.float32]
    unshaded: NDArray[np.float32]
    shown: NDArray[np.bool_]


def _compared(here: NDArray[np.float32], other: NDArray[np.uint8], way: Homography) -> _Compared:
    """Compare `here` (H, W, 3), in CIELAB, with another frame in RGB that `way` leads to."""
    height, width = here.shape[:2]
    moved = cv2.warpPerspective(
        other, way, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    whole = np.ones((height, width), np.uint8)
    shown = cv2.warpPerspective(whole, way, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST) > 0
    there = _lab(cast(NDArray[np.uint8], moved))
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


def _ways(rgb: NDArray[np.uint8], others: Mapping[int, NDArray[np.uint8]]) -> dict[int, Homography]:
    """Return where the places of the frame lie on others, as far as the camera can be followed."""
    here = _Corners.of(rgb)
    few = here.thinned()
    ways: dict[int, Homography] = {}
    for side in (-1, 1):
        known: dict[int, Homography] = {0: np.eye(3)}
        last = here
        for distance in LADDER:
            if side * distance not in others:
                break
            now = _Corners.of(others[side * distance])
            way = _followed(few if len(known) > 1 else here, now, _foretold(known, distance))
            if way is None and len(known) > 1:
                # A camera that does not go on as it went is followed from the last frame.
                step = _followed(last, now, np.eye(3))
                way = None if step is None else step @ known[max(known)]
            if way is None:
                break
            known[distance] = ways[side * distance] = way / way[2, 2]
            last = now
    return ways


def _foretold(known: Mapping[int, Homography], distance: int) -> Homography:
    """Go on from the last frame as the camera went over as many frames before it, if they are known."""
    last = max(known)
    before = 2 * last - distance
    return known[last] @ np.linalg.inv(known[before]) @ known[last] if before in known else known[last]


class _Corners:
    """A picture in grey and its corners, which are looked for when they are asked for."""

    def __init__(self, grey: NDArray[np.uint8], places: NDArray[np.float32] | None = None) -> None:
        self.grey = grey
        self._places = places

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> _Corners:
        return cls(cast(NDArray[np.uint8], cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))

    @property
    def places(self) -> NDArray[np.float32]:
        """(N, 1, 2) float32, x and y."""
        if self._places is None:
            found = cv2.goodFeaturesToTrack(self.grey, _CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX)
            self._places = np.zeros((0, 1, 2), np.float32) if found is None else cast(NDArray[np.float32], found)
        return self._places

    def thinned(self) -> _Corners:
        return _Corners(self.grey, np.ascontiguousarray(self.places[::3]))


def _followed(a: _Corners, b: _Corners, start: Homography) -> Homography | None:
    """Return `start`, the way from `a` to `b`, corrected by corners; None if too few of them agree."""
    if len(a.places) < _LEAST_CORNERS:
        return None
    height, width = a.grey.shape
    moved = cv2.warpPerspective(b.grey, start, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(a.grey, moved, a.places, None, None, None, _WINDOW, _LEVELS, _STOP)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(moved, a.grey, there, None, None, None, _WINDOW, _LEVELS, _STOP)
    good = (ok[:, 0] == 1) & (ok_back[:, 0] == 1) & (np.abs(back - a.places).max(axis=(1, 2)) < _ROUND_TRIP_PX)
    if np.count_nonzero(good) < _LEAST_CORNERS:
        return None
    found, kept = cv2.findHomography(a.places[good], there[good], cv2.USAC_MAGSAC, _INLIER_PX, maxIters=2000)
    least = max(_LEAST_CORNERS, _LEAST_INLIERS * np.count_nonzero(good))
    if found is None or not np.isfinite(found).all() or np.count_nonzero(kept) < least:
        return None
    way = start @ found
    way /= way[2, 2]
    if not _SCALES[0] < abs(float(np.linalg.det(way[:2, :2]))) < _SCALES[1]:
        return None
    return np.asarray(way, np.float64)
