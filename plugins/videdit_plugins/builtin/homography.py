"""Homographies between two frames, by corners that are followed from one to the other."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

_CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX = 400, 0.005, 6.0
_WINDOW, _LEVELS = (15, 15), 3
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
