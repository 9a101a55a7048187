"""Carry boxes from frame to frame by optical flow.

Kalal, Mikolajczyk, Matas, "Forward-Backward Error: Automatic Detection of Tracking Failures", 2010: points that do not
come back to where they started are not believed; the box moves and scales by the medians of those that do.
"""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.detections.sightings import Boxes

_POINTS = 5  # a side, of the grid in each box
_LONGER_PX = 480  # larger pictures cost more and show the motion no better
_WINDOW = (13, 13)
_LEVELS = 3
_BACK_WITHIN_PX = 1.0
_LEAST_POINTS = 5
_MOST_SCALE = 1.15  # between two frames


class Carrier:
    """Small grey pictures of the last frames, and the motion between them.

    depth: how many are kept
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._scale = 1.0
        self._pictures: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def push(self, index: int, grey: NDArray[np.uint8]) -> None:
        """Take the picture of frame `index`: (h, w) uint8."""
        self._scale = min(1.0, _LONGER_PX / max(grey.shape))
        if self._scale < 1:
            size = (round(grey.shape[1] * self._scale), round(grey.shape[0] * self._scale))
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        self._pictures[index] = grey
        while len(self._pictures) > self._depth:
            self._pictures.popitem(last=False)

    def has(self, index: int) -> bool:
        """Return whether that frame is still kept."""
        return index in self._pictures

    def carry(self, boxes: Boxes, source: int, target: int) -> tuple[Boxes, NDArray[np.float64]]:
        """Carry boxes from frame `source` to its neighbour `target`, both of them kept.

        boxes: (N, 4) in pixels of the pictures as they were given

        Returns the boxes there, and (N,) how far each is to be believed, in [0, 1]: the share of points that came back.
        A box without enough of these stays where it is.
        """
        if len(boxes) == 0:
            return boxes.copy(), np.zeros(0)
        before, after = self._pictures[source], self._pictures[target]
        scale = self._scale
        points = _grid(scale * boxes)
        flat = points.reshape(-1, 1, 2)
        there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, flat, None, winSize=_WINDOW, maxLevel=_LEVELS)
        back, returned, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, winSize=_WINDOW, maxLevel=_LEVELS)
        error = np.linalg.norm((back - flat).reshape(-1, 2), axis=1)
        good = (found.reshape(-1) > 0) & (returned.reshape(-1) > 0) & (error < _BACK_WITHIN_PX)
        height, width = before.shape
        inside = (flat[:, 0] >= 0).all(axis=1) & (flat[:, 0, 0] < width) & (flat[:, 0, 1] < height)
        good = (good & inside).reshape(len(boxes), -1)
        moved = there.reshape(points.shape)
        result, trust = boxes.copy(), good.mean(axis=1)
        for number, usable in enumerate(good):
            if usable.sum() >= _LEAST_POINTS:
                result[number] = _moved(scale * boxes[number], points[number][usable], moved[number][usable]) / scale
            else:
                trust[number] = 0
        return result, trust


def _grid(boxes: Boxes) -> NDArray[np.float32]:
    """Return (N, points, 2) places inside the ellipse of each box, where the thing is rather than its surroundings."""
    steps = np.linspace(-0.7, 0.7, _POINTS)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    inside = x * x + y * y < 0.75
    unit = np.stack([x[inside], y[inside]], axis=1)
    middle = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    half = (boxes[:, None, 2:] - boxes[:, None, :2]) / 2
    return np.ascontiguousarray(middle + half * unit, np.float32)


def _moved(box: NDArray[np.float64], points: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.float64]:
    shift = _median(there - points)
    one, other = np.triu_indices(len(points), 1)
    spread, its = points[one] - points[other], there[one] - there[other]
    before = np.sqrt((spread * spread).sum(axis=1))
    apart = before > 0
    ratios = np.sqrt((its * its).sum(axis=1))[apart] / before[apart]
    scale = min(_MOST_SCALE, max(1 / _MOST_SCALE, float(_median(ratios)))) if ratios.size else 1.0
    middle = (box[:2] + box[2:]) / 2 + shift
    half = (box[2:] - box[:2]) / 2 * scale
    return np.concatenate([middle - half, middle + half])


def _median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median over the first axis; of few values numpy's own takes several times as long."""
    ordered = np.sort(values, axis=0)
    return np.asarray((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2, np.float32)
