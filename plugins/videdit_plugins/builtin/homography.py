"""Homographies between two frames, by corners that are followed from one to the other."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

_CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX = 400, 0.005, 6.0
_WINDOW = (15, 15)
_LEVELS = 3
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)
_ROUND_TRIP_PX, _INLIER_PX = 0.7, 1.5
_LEAST_CORNERS, _LEAST_INLIERS = 12, 0.25
_SCALES = (0.4, 2.5)

Homography = NDArray[np.float64]
"""(3, 3) float64, maps coordinates of one frame to those of another; its last entry is 1."""


class Corners:
    """A picture in grey and its corners, which are looked for when they are asked for."""

    def __init__(self, grey: NDArray[np.uint8], places: NDArray[np.float32] | None = None) -> None:
        self.grey = grey
        self._places = places

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Corners:
        return cls(cast(NDArray[np.uint8], cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))

    @property
    def places(self) -> NDArray[np.float32]:
        """(N, 1, 2) float32, x and y."""
        if self._places is None:
            found = cv2.goodFeaturesToTrack(self.grey, _CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX)
            self._places = np.zeros((0, 1, 2), np.float32) if found is None else cast(NDArray[np.float32], found)
        return self._places

    def thinned(self) -> Corners:
        return Corners(self.grey, np.ascontiguousarray(self.places[::3]))


def followed(a: Corners, b: Corners, start: Homography) -> Homography | None:
    """Return `start`, the way from `a` to `b`, corrected by corners; None if too few of them agree."""
    if len(a.places) < _LEAST_CORNERS:
        return None
    height, width = a.grey.shape
    moved = cv2.warpPerspective(b.grey, start, (width, height), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR)
    there, good = followed_both_ways(a.grey, moved, a.places, _LEVELS, _STOP)
    if np.count_nonzero(good) < _LEAST_CORNERS:
        return None
    found, kept = fitted(a.places[good], there[good])
    if found is None or kept < max(_LEAST_CORNERS, _LEAST_INLIERS * np.count_nonzero(good)):
        return None
    way = start @ found
    way /= way[2, 2]
    if not _SCALES[0] < abs(float(np.linalg.det(way[:2, :2]))) < _SCALES[1]:
        return None
    return np.asarray(way, np.float64)


def followed_both_ways(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    points: NDArray[np.float32],
    levels: int,
    stop: tuple[int, int, float],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Follow `points` (N, 1, 2) from one grey picture to another and back.

    Returns where they are, (N, 1, 2) float32, and which of them came back to where they began, (N,) bool.
    """
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, points, None, None, None, _WINDOW, levels, stop)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None, None, None, _WINDOW, levels, stop)
    good = (ok[:, 0] == 1) & (ok_back[:, 0] == 1) & (np.abs(back - points).max(axis=(1, 2)) < _ROUND_TRIP_PX)
    return cast(NDArray[np.float32], there), np.asarray(good)


def fitted(points: NDArray[np.float32], there: NDArray[np.float32]) -> tuple[Homography | None, int]:
    """Return the homography that most of `points` (N, 1, 2) follow, None if there is none, and how many agree."""
    found, kept = cv2.findHomography(points, there, cv2.USAC_MAGSAC, _INLIER_PX, maxIters=2000)
    if found is None or not np.isfinite(found).all():
        return None, 0
    return np.asarray(found, np.float64), int(np.count_nonzero(kept))
