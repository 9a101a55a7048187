"""A mask of the working size to one of the frame's own size, its contour laid along the frame's own edges.

The guided filter of He, Sun and Tang (2013) in the fast form of He and Sun (2015): the local linear models are found
at the working size and applied to the frame's full-size pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region

_RADIUS_PX = 2
_SMOOTHNESS = 3e-4
_REACH_PX = 4
"""Pixels of the working size around the contour where the full-size mask may differ from the small one."""
_SURE = 20.0
"""Log-odds beyond which nothing is left to doubt."""
_LEAST_SIDE = 0.25
"""A pixel of a mask is in it by so much more than a half at least, however much belief speaks against it."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What the filter needs of a frame, whatever the mask.

    rgb:     (H, W, 3) uint8, full size
    small:   (h, w, 3) float32 in 0..1, working size
    mean:    (h, w, 3) float32, local means of `small`
    inverse: (h, w, 3, 3) float32, inverses of the local covariances of its channels
    """

    rgb: NDArray[np.uint8]
    small: NDArray[np.float32]
    mean: NDArray[np.float32]
    inverse: NDArray[np.float32]


def guide(rgb: NDArray[np.uint8], small_rgb: NDArray[np.uint8]) -> Guide:
    """Prepare a frame's pixels at full and at working size."""
    small = (small_rgb / np.float32(255)).astype(np.float32)
    mean = _around(small)
    covariance = np.empty((*small.shape[:2], 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            pair = _around(small[..., i] * small[..., j]) - mean[..., i] * mean[..., j]
            covariance[..., i, j] = covariance[..., j, i] = pair
    return Guide(rgb, small, mean, _inverse(covariance + _SMOOTHNESS * np.eye(3, dtype=np.float32)))


def to_full_size(mask: Mask, belief: NDArray[np.float32], seen: Guide) -> Mask:
    """Enlarge `mask` (h, w) bool to the frame's size.

    belief: (h, w) float32, log-odds of the object; says where between two pixels the contour runs
    """
    size = (seen.rgb.shape[0], seen.rgb.shape[1])
    share = _shares(mask, belief)
    coarse: Mask = cv2.resize(share, size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    band = _near_contour(mask)
    region = Region.of(band)
    if region.empty:
        return coarse
    slope, offset = _models(share, seen)
    full = _scaled(region, mask.shape, size)
    at = _places(full, mask.shape, size)
    fine = _sampled(offset, at)
    for channel in range(3):
        fine += _sampled(slope[..., channel], at) * (seen.rgb[full.slices][..., channel] * np.float32(1 / 255))
    inside = _sampled(band.astype(np.float32), at) > 0.5
    coarse[full.slices] = np.where(inside, fine > 0.5, coarse[full.slices])
    return coarse


def _shares(mask: Mask, belief: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (h, w) float32 in [0, 1], above a half in `mask` alone: how much of a pixel the object seems to cover."""
    likely = 1 / (1 + np.exp(-np.clip(belief, -_SURE, _SURE)))
    least, most = np.float32(0.5 + _LEAST_SIDE), np.float32(0.5 - _LEAST_SIDE)
    return np.where(mask, np.maximum(likely, least), np.minimum(likely, most)).astype(np.float32)


def _inverse(matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Invert symmetric positive (..., 3, 3) float32 by cofactors, ten times faster than numpy's one by one."""
    a, b, c = (matrices[..., 0, k].astype(np.float64) for k in range(3))
    d, e, f = (matrices[..., i, j].astype(np.float64) for i, j in ((1, 1), (1, 2), (2, 2)))
    inverse = np.empty(matrices.shape, np.float32)
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    scale = 1 / (a * first + b * second + c * third)
    inverse[..., 0, 0] = first * scale
    inverse[..., 1, 1] = (a * f - c * c) * scale
    inverse[..., 2, 2] = (a * d - b * b) * scale
    inverse[..., 0, 1] = inverse[..., 1, 0] = second * scale
    inverse[..., 0, 2] = inverse[..., 2, 0] = third * scale
    inverse[..., 1, 2] = inverse[..., 2, 1] = (b * c - a * e) * scale
    return inverse


def _models(values: NDArray[np.float32], seen: Guide) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return slope (h, w, 3) and offset (h, w) that give `values` from the pixels' colours, smoothed."""
    mean = _around(values)
    covariance = _around(seen.small * values[..., None]) - seen.mean * mean[..., None]
    slope = np.einsum("hwij,hwj->hwi", seen.inverse, covariance)
    offset = mean - np.einsum("hwc,hwc->hw", slope, seen.mean)
    return _around(slope), _around(offset)


def _around(values: NDArray[Any]) -> NDArray[np.float32]:
    side = 2 * _RADIUS_PX + 1
    averaged = cv2.boxFilter(values.astype(np.float32), -1, (side, side), borderType=cv2.BORDER_REFLECT)
    return cast(NDArray[np.float32], averaged)


def _near_contour(mask: Mask) -> Mask:
    kernel = np.ones((2 * _REACH_PX + 1,) * 2, np.uint8)
    plain = mask.astype(np.uint8)
    return cast(Mask, cv2.dilate(plain, kernel) != cv2.erode(plain, kernel))


def _scaled(region: Region, small: tuple[int, ...], full: tuple[int, int]) -> Region:
    rows, columns = full[0] / small[0], full[1] / small[1]
    x1, y1 = min(full[1], int(np.ceil(region.x1 * columns))), min(full[0], int(np.ceil(region.y1 * rows)))
    return Region(int(region.x0 * columns), int(region.y0 * rows), x1, y1)


def _places(region: Region, small: tuple[int, ...], full: tuple[int, int]) -> list[NDArray[np.float32]]:
    """Return where the pixels of `region` of a picture of size `full` lie in one of size `small`: x and y."""
    rows, columns = small[0] / full[0], small[1] / full[1]
    xs = ((np.arange(region.x0, region.x1) + 0.5) * columns - 0.5).astype(np.float32)
    ys = ((np.arange(region.y0, region.y1) + 0.5) * rows - 0.5).astype(np.float32)
    return list(np.meshgrid(xs, ys))


def _sampled(values: NDArray[np.float32], at: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return `values` (h, w) at places between its pixels."""
    found = cv2.remap(values, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast(NDArray[np.float32], found)
