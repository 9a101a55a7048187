"""Arithmetic on planes: a region to RGB, and RGB laid into a region. Chroma is one value for all its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Region, Rgb
from videdit.media.colour import Colour, from_rgb_transform, grey_levels, to_rgb_transform
from videdit.media.pixel_formats import PixelLayout

Planes = Sequence[NDArray[Any]]


def region_rgb(planes: Planes, layout: PixelLayout, colour: Colour, region: Region, deep: bool) -> Rgb:
    """Return the region's pixels.

    planes: as stored, Y Cb Cr or G B R or Y, of the whole picture
    deep:   True for uint16 at full scale, False for uint8

    Returns (h, w, 3). A pixel gets the chroma sample it shares, not a blend of neighbours: a region gives the same
    numbers as the whole picture (in 16 bits to the last step), and RGB laid back unchanged gives the same chroma.
    """
    white = 65535 if deep else 255
    if layout.kind == "rgb":
        green, blue, red = (np.ascontiguousarray(plane[region.slices]) for plane in planes[:3])
        return _scaled(cv2.merge([red, green, blue]), layout.top, white)
    luma = np.ascontiguousarray(planes[0][region.slices])
    if layout.kind == "gray":
        black, span = grey_levels(colour.full_range, layout.bits)
        grey = _saturated((luma - black) * (white / span), white)
        return np.repeat(grey[..., None], 3, axis=2)
    return _from_yuv([luma, *(_spread(plane, layout, region) for plane in planes[1:3])], layout, colour, deep)


def reduced_rgb(planes: Planes, layout: PixelLayout, colour: Colour, size: tuple[int, int]) -> Rgb:
    """Return the whole picture, reduced while it is still in planes, which is where the time goes.

    planes: Y Cb Cr, as stored
    size:   (h, w) of the result, smaller than the picture

    Returns (h, w, 3) uint8: within rounding the picture of `region_rgb`, reduced.
    """
    return _from_yuv([resized(np.ascontiguousarray(plane), size) for plane in planes[:3]], layout, colour, deep=False)


def resized(samples: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return (h, w) or (h, w, c) samples at another (h, w)."""
    # Means over areas cost several times as much, and are needed only where pixels would be skipped.
    means = samples.shape[1] >= 2 * size[1]
    interpolation = cv2.INTER_AREA if means else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(samples, size[::-1], interpolation=interpolation))


def _from_yuv(planes: Planes, layout: PixelLayout, colour: Colour, deep: bool) -> Rgb:
    white = 65535 if deep else 255
    rgb: Rgb = cv2.transform(
        cv2.merge(list(planes)), to_rgb_transform(colour.matrix, colour.full_range, layout.bits, white)
    )
    # A deep source asked for in 8 bits is still counted in the wide type here, with white at 255.
    if deep or layout.bits == 8:
        return rgb
    narrow: Rgb = np.minimum(rgb, 255).astype(np.uint8)
    return narrow


def _spread(plane: NDArray[Any], layout: PixelLayout, region: Region) -> NDArray[Any]:
    """Return the chroma of each pixel of the region, (h, w)."""
    x, y = layout.shift_x, layout.shift_y
    if x == y == 0:
        return np.ascontiguousarray(plane[region.slices])
    x0, y0 = region.x0 >> x, region.y0 >> y
    part = plane[y0 : ((region.y1 - 1) >> y) + 1, x0 : ((region.x1 - 1) >> x) + 1]
    size = (part.shape[1] << x, part.shape[0] << y)
    wide = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_NEAREST)
    left, top = region.x0 - (x0 << x), region.y0 - (y0 << y)
    return np.ascontiguousarray(wide[top : top + region.height, left : left + region.width])


def _saturated(values: NDArray[Any], top: int) -> NDArray[Any]:
    dtype = np.uint8 if top <= 255 else np.uint16
    samples: NDArray[Any] = np.clip(np.rint(values), 0, top).astype(dtype)
    return samples


def _scaled(samples: NDArray[Any], top: int, white: int) -> NDArray[Any]:
    return samples if top == white else _saturated(samples * (white / top), white)


def lay_rgb(planes: Planes, layout: PixelLayout, colour: Colour, region: Region, rgb: Rgb, alpha: Alpha) -> None:
    """Blend new RGB into the planes, in place.

    region: where in the stored picture; rgb and alpha have its size
    rgb:    (h, w, 3) uint8 or uint16 full scale
    alpha:  (h, w) float32 in [0, 1]

    A sample whose pixels all have alpha 0 keeps its value. A chroma sample takes the mean of its pixels' new
    chroma weighted by their alpha, mixed in by their mean alpha, so that colour beside the object does not bleed in.
    """
    white = 255.0 if rgb.dtype == np.uint8 else 65535.0
    if layout.kind == "rgb":
        red, green, blue = cv2.split(rgb.astype(np.float32) * np.float32(layout.top / white))
        for plane, new in zip(planes[:3], (green, blue, red), strict=True):
            _mix(plane[region.slices], new * alpha, alpha, layout.top)
        return
    matrix = "bt709" if layout.kind == "gray" else colour.matrix
    transform = from_rgb_transform(matrix, colour.full_range, layout.bits, int(white))
    luma, *chroma = cv2.split(cv2.transform(rgb.astype(np.float32), transform))
    _mix(planes[0][region.slices], luma * alpha, alpha, layout.top)
    if layout.kind == "gray":
        return
    part, mean_alpha = _chroma_part(layout, region), _mean(alpha, planes[0].shape, layout, region)
    for plane, new in zip(planes[1:3], chroma, strict=True):
        _mix(plane[part.slices], _mean(new * alpha, planes[0].shape, layout, region), mean_alpha, layout.top)


def _chroma_part(layout: PixelLayout, region: Region) -> Region:
    """Return the chroma samples that have a pixel in the region."""
    x, y = layout.shift_x, layout.shift_y
    return Region(region.x0 >> x, region.y0 >> y, ((region.x1 - 1) >> x) + 1, ((region.y1 - 1) >> y) + 1)


def _mean(
    values: NDArray[np.float32], picture: tuple[int, ...], layout: PixelLayout, region: Region
) -> NDArray[np.float32]:
    """Return the mean of a region's values over the pixels of each chroma sample; pixels outside the region count 0."""
    step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
    if step_x == step_y == 1:
        return values
    part = _chroma_part(layout, region)
    left, top = region.x0 - part.x0 * step_x, region.y0 - part.y0 * step_y
    right, bottom = part.x1 * step_x - region.x1, part.y1 * step_y - region.y1
    if left or top or right or bottom:
        values = cv2.copyMakeBorder(values, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    means: NDArray[np.float32] = cv2.resize(values, (part.width, part.height), interpolation=cv2.INTER_AREA)
    # Samples at an odd right or lower edge have fewer pixels inside the picture than the box they were averaged over.
    if part.x1 * step_x > picture[1]:
        means[:, -1] *= step_x / (picture[1] - (part.x1 - 1) * step_x)
    if part.y1 * step_y > picture[0]:
        means[-1, :] *= step_y / (picture[0] - (part.y1 - 1) * step_y)
    return means


def _mix(plane: NDArray[Any], weighted: NDArray[np.float32], alpha: NDArray[np.float32], top: int) -> None:
    """Set plane = plane * (1 - alpha) + weighted, rounded; exact where alpha is 0 (float32 holds all 16 bits).

    weighted: the new values times alpha; written over
    """
    old = plane.astype(np.float32)
    weighted += old
    old *= alpha
    weighted -= old
    np.rint(weighted, out=weighted)
    np.clip(weighted, 0, top, out=weighted)
    plane[...] = weighted
