"""From CenterFace's four maps to boxes.

Xu, Yan, Yang, Liu, "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019, sections 3.1 and 3.2.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_PX = 4
"""Pixels of the picture to one cell of the maps."""


def decode(
    heat: NDArray[np.float32],
    scale: NDArray[np.float32],
    offset: NDArray[np.float32],
    marks: NDArray[np.float32],
    *,
    least_score: float,
    overlap: float,
) -> NDArray[np.float32]:
    """Turn the maps into faces, best first.

    heat:   (h, w) in [0, 1], how likely the middle of a face lies in the cell
    scale:  (2, h, w) logarithm of the face's height and width, in cells
    offset: (2, h, w) where in the cell the middle lies, down and to the right, from the cell's own middle, in cells
    marks:  (10, h, w) eyes, nose, corners of the mouth: for each its place down and to the right of the box's corner,
            as a share of the box

    Returns (N, 15) float32: left, top, right, bottom in pixels of the picture, x and y of five marks, score.
    """
    rows, columns = np.nonzero(heat > least_score)
    if len(rows) == 0:
        return np.zeros((0, 15), np.float32)
    height, width = CELL_PX * np.exp(scale[:, rows, columns])
    middle_y = CELL_PX * (rows + 0.5 + offset[0, rows, columns])
    middle_x = CELL_PX * (columns + 0.5 + offset[1, rows, columns])
    left, top = middle_x - width / 2, middle_y - height / 2
    share = marks[:, rows, columns].reshape(5, 2, -1)
    points = np.stack([left + share[:, 1] * width, top + share[:, 0] * height], axis=1).reshape(10, -1)
    faces = np.vstack([left, top, left + width, top + height, points, heat[rows, columns]]).T.astype(np.float32)
    order = np.argsort(-faces[:, 14], kind="stable")
    faces = faces[order]
    corners = np.column_stack([faces[:, :2], faces[:, 2:4] - faces[:, :2]])
    kept = cv2.dnn.NMSBoxes(corners.tolist(), faces[:, 14].tolist(), least_score, overlap)
    return np.asarray(faces[np.sort(np.asarray(kept, int).reshape(-1))], np.float32)
