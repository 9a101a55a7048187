"""F of DAVIS: how well the outlines of two masks meet."""

from __future__ import annotations

import functools
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import disk

from videdit.errors import ShapeError
from videdit.frames import Mask

REACH_OF_DIAGONAL = 0.008


def boundary(mask: Mask) -> Mask:
    """Mark the pixels of a mask's outline: those that differ from the pixel right, below, or below right of them.

    mask: (H, W) bool

    Returns (H, W) bool. The line lies half a pixel towards the origin, and the frame's border is none, as in the
    evaluation code of DAVIS.
    """
    edges: Mask = np.zeros(mask.shape, dtype=np.bool_)
    inner = mask[:-1, :-1]
    edges[:-1, :-1] = (inner != mask[:-1, 1:]) | (inner != mask[1:, :-1]) | (inner != mask[1:, 1:])
    edges[-1, :-1] = mask[-1, :-1] != mask[-1, 1:]
    edges[:-1, -1] = mask[:-1, -1] != mask[1:, -1]
    return edges


def reach_px(size: tuple[int, int], of_diagonal: float = REACH_OF_DIAGONAL) -> int:
    """Return how far two outlines may lie apart in a frame of `size` (height, width): 8 px at 854x480."""
    return math.ceil(of_diagonal * math.hypot(*size))


def boundary_f(result: Mask, truth: Mask, of_diagonal: float = REACH_OF_DIAGONAL) -> float:
    """Return the F measure of the outlines of two masks; 1 if neither has an outline, 0 if only one has.

    result, truth: (H, W) bool
    of_diagonal:   how far outlines may lie apart, in diagonals of the frame, rounded up to whole pixels

    Raises ShapeError when the sizes differ.
    Source: Perazzi et al. 2016, section 5.1, with the dilation that DAVIS's code puts in the place of matching.
    """
    if result.shape != truth.shape:
        raise ShapeError(f"masks of one size can be compared, not {result.shape} and {truth.shape}")
    ours, theirs = boundary(result), boundary(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    reach = reach_px((truth.shape[0], truth.shape[1]), of_diagonal)
    precision = _share_near(ours, theirs, reach)
    recall = _share_near(theirs, ours, reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share_near(line: Mask, other: Mask, reach: int) -> float:
    near = cv2.dilate(other.view(np.uint8), _disc(reach)) > 0
    return int(np.count_nonzero(line & near)) / int(np.count_nonzero(line))


@functools.cache
def _disc(radius_px: int) -> NDArray[Any]:
    # x² + y² <= r²; OpenCV's own ellipse has another shape.
    return np.asarray(disk(radius_px, dtype=np.uint8))
