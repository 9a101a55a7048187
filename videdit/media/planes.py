"""Arithmetic on planes: a region to RGB, and RGB laid into a region. Chroma is one value for all its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Region, Rgb
from videdit.media.colour import Colour, from_rgb_transform, to_rgb_transform
from videdit.media.pixel_formats import PixelLayout

Planes = Sequence[NDArray[Any]]


def region_rgb(planes: Planes, layout: PixelLayout, colour: Colour, region: Region, deep: bool) -> Rgb:
    """Return the region's pixels.

    planes: as stored, Y Cb Cr or G B R or Y, of the whole picture
    deep:   True for uint16 at full scale, False for uint8

    Returns (h, w, 3). A pixel gets the chroma sample it shares, not a blend of neighbours: a region gives the same
    numbers as the whole picture, and RGB laid back unchanged gives the same chroma.
    """
    white = 65535 if deep else 255
    if layout.kind == "rgb":
        green, blue, red = (np.ascontiguousarray(plane[region.slices]) for plane in planes[:3])
        return _scaled(cv2.merge([red, green, blue]), layout.top, white)
    luma = np.ascontiguousarray(planes[0][region.slices])
    if layout.kind == "gray":
        full = colour.full_range
        transform = to_rgb_transform("bt709", full, layout.bits, white)[:1]
        grey = _saturated(luma * transform[0, 0] + transform[0, 3], white)
        return np.repeat(grey[..., None], 3, axis=2)
    chroma = [_spread(plane, layout, region) for plane in planes[1:3]]
    rgb: Rgb = cv2.transform(
        cv2.merge([luma, *chroma]), to_rgb_transform(colour.matrix, colour.full_range, layout.bits, white)
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
        new = rgb.astype(np.float32)
        new *= layout.top / white
        for plane, channel in zip(planes[:3], (1, 2, 0), strict=True):
            _mix(plane[region.slices], new[..., channel] * alpha, alpha, layout.top)
        return
    matrix = "bt709" if layout.kind == "gray" else colour.matrix
    transform = from_rgb_transform(matrix, colour.full_range, layout.bits, int(white))
    rows = transform[: layout.colour_planes]
    new = cv2.transform(rgb.astype(np.float32), rows).reshape(*alpha.shape, -1)
    _mix(planes[0][region.slices], new[..., 0] * alpha, alpha, layout.top)
    if layout.kind == "yuv":
        chroma = new[..., 1:] * alpha[..., None]
        _lay_chroma(planes, layout, region, chroma, alpha)


def _lay_chroma(
    planes: Planes, layout: PixelLayout, region: Region, weighted: NDArray[np.float32], alpha: Alpha
) -> None:
    """Mix the chroma planes; `weighted` is (h, w, 2) new chroma times alpha."""
    step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
    if step_x == step_y == 1:
        for index in (0, 1):
            _mix(planes[1 + index][region.slices], weighted[..., index], alpha, layout.top)
        return
    picture = planes[0].shape
    x0, y0 = region.x0 // step_x, region.y0 // step_y
    x1, y1 = -(-region.x1 // step_x), -(-region.y1 // step_y)
    top, left = region.y0 - y0 * step_y, region.x0 - x0 * step_x
    bottom, right = y1 * step_y - region.y1, x1 * step_x - region.x1
    together = cv2.merge([np.ascontiguousarray(weighted), np.ascontiguousarray(alpha)])
    together = cv2.copyMakeBorder(together, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    means = cv2.resize(together, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    # Samples at an odd right or lower edge have fewer pixels inside the picture than the box they were averaged over.
    if x1 * step_x > picture[1]:
        means[:, -1] *= step_x / (picture[1] - (x1 - 1) * step_x)
    if y1 * step_y > picture[0]:
        means[-1, :] *= step_y / (picture[0] - (y1 - 1) * step_y)
    mean_alpha = np.minimum(means[..., 2], np.float32(1))
    for index in (0, 1):
        _mix(planes[1 + index][y0:y1, x0:x1], means[..., index], mean_alpha, layout.top)


def _mix(plane: NDArray[Any], weighted: NDArray[np.float32], alpha: NDArray[np.float32], top: int) -> None:
    """Set plane = plane * (1 - alpha) + weighted, rounded; exact where alpha is 0 (float32 holds all 16 bits)."""
    mixed = plane * (1 - alpha)
    mixed += weighted
    np.rint(mixed, out=mixed)
    np.clip(mixed, 0, top, out=mixed)
    plane[...] = mixed
