"""The camera's motion: homographies between the frames of a shot, from corners outside the holes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Shot
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Matrix
from videdit_plugins.builtin.filler.workers import Workers
from videdit_plugins.builtin.homography import fitted, followed_both_ways

_CORNERS = 500
_FEW_CORNERS = 250
_CORNER_QUALITY = 0.005
_CORNER_DISTANCE_PX = 6.0
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.02)
_LEAST_INLIERS = 10
_STILL_PX = 0.12
"""A camera that moves less than this between two frames stands still; resampling would only blur."""
_MATCHED = ((2, 1), (8, 2), (200, 4))
"""Up to a distance, the frames that are matched: those whose number is a multiple."""
_PAIRS_KEPT = 8192
_CORNERS_KEPT = 256


class Camera:
    """Homographies of small coordinates, by pairs of frame indices; each is estimated once while it is kept.

    Neighbouring frames are matched directly. Distant ones start from the product of the steps between them and are
    matched once more, which takes the drift out; of frames beside one another, one is matched for all. A pair and its
    inverse are one estimate, so the order of questions does not matter.
    """

    def __init__(self, pictures: Pictures, shot: Shot) -> None:
        self._pictures = pictures
        self._shot = shot
        self._pairs: Cache[tuple[int, int], Matrix] = Cache(_PAIRS_KEPT)
        self._products: Cache[tuple[int, int], Matrix] = Cache(_PAIRS_KEPT)
        self._corners: Cache[int, NDArray[np.float32]] = Cache(_CORNERS_KEPT)

    def between(self, a: int, b: int) -> Matrix:
        """Return the map of coordinates of frame `a` to those of frame `b`, last entry 1."""
        if a == b:
            return np.eye(3)
        if a > b:
            return _normal(np.linalg.inv(self.between(b, a)))
        return self._pairs.get((a, b), self._estimated)

    def walk(self, frames: range, workers: Workers) -> None:
        """Match the neighbours among `frames` ahead, in several threads."""
        new = [(a, a + 1) for a in frames[:-1] if (a, a + 1) not in self._pairs]
        workers.map(lambda pair: self.between(*pair), new)

    def product(self, a: int, b: int) -> Matrix:
        """Return the map from `a` to `b` chained from neighbour to neighbour: never lost, but it drifts."""
        if a > b:
            return _normal(np.linalg.inv(self.product(b, a)))
        if b - a <= 1:
            return self.between(a, b)
        # From the farthest that is kept: who asks for a far one first would else go as deep as it is far.
        kept = next((middle for middle in range(b, a + 1, -1) if (a, middle) in self._products), a + 2)
        for middle in range(kept, b):
            self._products.get((a, middle), self._chained)
        return self._products.get((a, b), self._chained)

    def _chained(self, pair: tuple[int, int]) -> Matrix:
        a, b = pair
        return _normal(self.between(b - 1, b) @ self.product(a, b - 1))

    def _estimated(self, pair: tuple[int, int]) -> Matrix:
        a, b = pair
        near = self._beside(a, b - a), self._beside(b, b - a)
        if near != pair and near[1] > near[0] + 1:
            return _normal(self.product(near[1], b) @ self.between(*near) @ self.product(a, near[0]))
        return self._matched(a, b, np.eye(3) if b == a + 1 else self.product(a, b))

    def _beside(self, index: int, distance: int) -> int:
        """Return the frame near `index` that is matched for it with one at a distance: a step or two do not drift."""
        every = next((every for most, every in _MATCHED if distance <= most), _MATCHED[-1][1])
        near = (index + every // 2) // every * every
        return near if near in self._shot else index

    def _matched(self, a: int, b: int, start: Matrix) -> Matrix:
        """Return `start` (a to b) corrected by tracking corners; `start` itself if too few agree."""
        first, second = self._pictures[a], self._pictures[b]
        points = self._corners.get(a, self._corners_of)
        moved = b != a + 1
        height, width = first.grey.shape
        target, hidden = second.grey, second.wide
        if moved:
            flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
            target = cv2.warpPerspective(target, start, (width, height), flags=flags)
            outside = cv2.warpPerspective(
                hidden.view(np.uint8) * 255, start, (width, height), flags=flags, borderValue=255
            )
            hidden = np.asarray(outside) > 0
        # A start that is nearly right needs fewer corners, and no search from far away.
        few = np.ascontiguousarray(points[:: max(1, len(points) // _FEW_CORNERS)]) if moved else points
        found, inliers = _track(first.grey, target, few, hidden, 2 if moved else 3)
        if inliers < _LEAST_INLIERS:
            return start
        result = _normal(start @ found)
        scale = abs(np.linalg.det(result[:2, :2]))
        if not 0.5 < scale < 2:
            return start
        return np.eye(3) if _still(result, (height, width)) else result

    def _corners_of(self, index: int) -> NDArray[np.float32]:
        picture = self._pictures[index]
        distance = self._pictures.scale.px(_CORNER_DISTANCE_PX)
        free = (~picture.wide).view(np.uint8)
        found = cv2.goodFeaturesToTrack(picture.grey, _CORNERS, _CORNER_QUALITY, distance, mask=free)
        return np.zeros((0, 1, 2), np.float32) if found is None else np.asarray(found)


def _track(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    points: NDArray[np.float32],
    hidden: NDArray[np.bool_],
    levels: int,
) -> tuple[Matrix, int]:
    """Follow `points` (N, 1, 2) from `first` to `second`; return the homography and how many points agree with it."""
    if len(points) < _LEAST_INLIERS:
        return np.eye(3), 0
    ahead, good = followed_both_ways(first, second, points, levels, _STOP)
    height, width = first.shape
    place = np.rint(ahead[:, 0]).astype(np.int32)
    inside = (place[:, 0] >= 0) & (place[:, 0] < width) & (place[:, 1] >= 0) & (place[:, 1] < height)
    good &= inside
    good[good] &= ~hidden[place[good, 1], place[good, 0]]
    if np.count_nonzero(good) < _LEAST_INLIERS:
        return np.eye(3), 0
    found, kept = fitted(points[good], ahead[good])
    return (np.eye(3), 0) if found is None else (found, kept)


def _still(homography: Matrix, size: tuple[int, int]) -> bool:
    height, width = size
    corners = np.array([[[0, 0], [width, 0], [0, height], [width, height]]], np.float64)
    return bool(np.abs(cv2.perspectiveTransform(corners, homography) - corners).max() < _STILL_PX)


def _normal(homography: NDArray[Any]) -> Matrix:
    return np.asarray(homography / homography[2, 2], np.float64)
