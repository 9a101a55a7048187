"""Structural similarity with the window that the tables of video inpainting use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from videdit.errors import ShapeError
from videdit.frames import Mask

WINDOW_PX = 65


def ssim_map(
    result: NDArray[np.uint8] | NDArray[np.float64], truth: NDArray[np.uint8] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the similarity around each pixel, the mean of the three channels.

    result, truth: (H, W, 3) uint8 or float64 in 0..255, both sides at least 65 px

    Returns (H - 64, W - 64) float64: the border of half a window, 32 px, is left out, since windows reach beyond the
    frame there. The window is uniform, the covariance that of a sample. Raises ShapeError when the sizes differ, or are
    too small.
    Source: Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004, as
    scikit-image has it.
    """
    if result.shape != truth.shape:
        raise ShapeError(f"pictures of one size can be compared, not {result.shape} and {truth.shape}")
    if min(truth.shape[:2]) < WINDOW_PX:
        raise ShapeError(f"SSIM with windows of {WINDOW_PX} px needs pictures of that size, not {truth.shape[:2]}")
    _, similarity = structural_similarity(result, truth, channel_axis=2, win_size=WINDOW_PX, data_range=255, full=True)
    border = WINDOW_PX // 2
    inner: NDArray[np.float64] = similarity.mean(axis=2)[border:-border, border:-border]
    return inner


def ssim(similarity: NDArray[np.float64], where: Mask | None = None) -> float:
    """Return the mean of a map from `ssim_map`, over the pixels of `where` (H, W) bool that lie inside its border.

    NaN if there are none. A window around a hole's pixel also sees what lies around the hole.
    """
    if where is None:
        return float(similarity.mean())
    border = WINDOW_PX // 2
    inside = where[border:-border, border:-border]
    if inside.shape != similarity.shape:
        raise ShapeError(f"a mask {where.shape} does not fit a map {similarity.shape}")
    return float(similarity[inside].mean()) if inside.any() else float("nan")
