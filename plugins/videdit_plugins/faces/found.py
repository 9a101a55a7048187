"""Faces as rows of figures, and as Detections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import videdit

LABEL = "face"


def detections(faces: NDArray[np.float32], size: tuple[int, int]) -> list[videdit.Detection]:
    """Return faces cut to a frame of `size` (height, width), best first; what lies wholly outside is dropped.

    faces: (N, 15) left, top, right, bottom, x and y of five marks, score
    """
    height, width = size
    result = []
    for row in faces[np.argsort(-faces[:, 14], kind="stable")].tolist():
        x0, y0, x1, y1 = max(0.0, row[0]), max(0.0, row[1]), min(float(width), row[2]), min(float(height), row[3])
        if x0 < x1 and y0 < y1:
            points = tuple(zip(row[4:14:2], row[5:14:2], strict=True))
            result.append(videdit.Detection(x0, y0, x1, y1, min(1.0, row[14]), LABEL, points))
    return result


def yunet_row(found: videdit.Detection) -> NDArray[np.float32]:
    """Return a face as OpenCV's face functions take it: (15,) left, top, width, height, five marks, score."""
    marks: Sequence[float] = [value for point in found.points for value in point]
    return np.array([found.x0, found.y0, found.x1 - found.x0, found.y1 - found.y0, *marks, found.score], np.float32)
