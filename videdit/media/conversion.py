"""From one pixel format to another without loss, where the other can hold it; otherwise to the nearest."""

from __future__ import annotations

from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit.media.colour import Colour, from_rgb_transform
from videdit.media.pixel_formats import PixelLayout, known_layout, layout_of, planar_name, plane_arrays
from videdit.media.planes import region_rgb


def as_planar(frame: av.VideoFrame) -> av.VideoFrame:
    """Return the frame in a planar format that loses nothing; the same frame if it is planar already."""
    name = planar_name(frame.format.name)
    if name == frame.format.name:
        return frame
    return frame.reformat(format=name, threads=1)


def blank(name: str, size: tuple[int, int], like: av.VideoFrame | None = None) -> av.VideoFrame:
    """Return a frame of (height, width) with the colour tags of `like`; its pixels are not set."""
    frame = av.VideoFrame(size[1], size[0], name)
    if like is not None:
        frame.colorspace, frame.color_range = like.colorspace, like.color_range
        frame.color_primaries, frame.color_trc = like.color_primaries, like.color_trc
    return frame


def converted(frame: av.VideoFrame, target: str, colour: Colour) -> av.VideoFrame:
    """Return a planar frame in another pixel format.

    More bits, finer chroma and an opaque alpha plane are added exactly; fewer bits are rounded and chroma averaged.
    Packed targets are reached through their planar relative.
    """
    if frame.format.name == target:
        return frame
    layout = layout_of(target)
    if layout is None:
        return converted(frame, planar_name(target), colour).reformat(format=target, threads=1)
    source = known_layout(frame.format.name)
    new = blank(target, (frame.height, frame.width), frame)
    old_planes, new_planes = plane_arrays(frame), plane_arrays(new)
    if source.kind == layout.kind or {source.kind, layout.kind} == {"gray", "yuv"}:
        new_planes[0][...] = _depth(old_planes[0], source, layout, colour)
        _convert_chroma(old_planes, new_planes, source, layout, colour)
    elif source.kind == "gray":
        for plane in new_planes[:3]:
            plane[...] = _depth(old_planes[0], source, layout, colour, widen=not colour.full_range)
    else:
        _cross(frame, new_planes, source, layout, colour)
    if layout.alpha:
        alpha = _opacity(old_planes[-1], source, layout) if source.alpha else np.array(layout.top)
        new_planes[-1][...] = alpha
    return new


def _depth(
    plane: NDArray[Any],
    source: PixelLayout,
    target: PixelLayout,
    colour: Colour,
    *,
    widen: bool = False,
    chroma: bool = False,
) -> NDArray[Any]:
    """Change the number of bits: by a shift in limited range, by the ratio of the tops in full range.

    widen:  from limited to full range at the same time
    chroma: the samples lie around the middle, not above 0
    """
    if widen:
        zero, span = 16 << (source.bits - 8), 219 << (source.bits - 8)
        return _rounded((plane.astype(np.float32) - zero) * (target.top / span), target)
    if source.bits == target.bits:
        return plane
    if colour.full_range or source.kind == "rgb":
        old_zero, new_zero = (1 << (source.bits - 1), 1 << (target.bits - 1)) if chroma else (0, 0)
        return _rounded((plane - float(old_zero)) * (target.top / source.top) + new_zero, target)
    if target.bits > source.bits:
        return plane.astype(np.uint16) << (target.bits - source.bits)
    return _rounded(plane / np.float32(2 ** (source.bits - target.bits)), target)


def _opacity(plane: NDArray[Any], source: PixelLayout, target: PixelLayout) -> NDArray[Any]:
    return plane if source.bits == target.bits else _rounded(plane * np.float64(target.top / source.top), target)


def _rounded(values: NDArray[Any], target: PixelLayout) -> NDArray[Any]:
    samples: NDArray[Any] = np.clip(np.rint(values), 0, target.top).astype(target.dtype)
    return samples


def _convert_chroma(
    old: list[NDArray[Any]], new: list[NDArray[Any]], source: PixelLayout, target: PixelLayout, colour: Colour
) -> None:
    if target.kind == "gray":
        return
    for index in (1, 2):
        if source.kind == "gray":
            new[index][...] = 2 ** (target.bits - 1)
            continue
        plane = _depth(old[index], source, target, colour, chroma=True)
        if (source.shift_x, source.shift_y) != (target.shift_x, target.shift_y):
            plane = _reshaped(plane, source, target, new[index].shape)
        new[index][...] = plane


def _reshaped(plane: NDArray[Any], source: PixelLayout, target: PixelLayout, shape: tuple[int, ...]) -> NDArray[Any]:
    """Repeat chroma samples for a finer grid, average them for a coarser one."""
    grow_x, grow_y = max(0, source.shift_x - target.shift_x), max(0, source.shift_y - target.shift_y)
    wide = np.repeat(np.repeat(plane, 1 << grow_y, axis=0), 1 << grow_x, axis=1)
    shrink_x, shrink_y = max(0, target.shift_x - source.shift_x), max(0, target.shift_y - source.shift_y)
    if shrink_x or shrink_y:
        rows, columns = shape[0] << shrink_y, shape[1] << shrink_x
        wide = cv2.copyMakeBorder(
            wide, 0, max(0, rows - wide.shape[0]), 0, max(0, columns - wide.shape[1]), cv2.BORDER_REPLICATE
        )
        wide = cv2.resize(wide[:rows, :columns], (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return wide[: shape[0], : shape[1]]


def _cross(
    frame: av.VideoFrame, new: list[NDArray[Any]], source: PixelLayout, target: PixelLayout, colour: Colour
) -> None:
    """Convert between RGB and Y'CbCr, in the film's matrix, or BT.709 of limited range from RGB."""
    old = plane_arrays(frame)
    rgb = region_rgb(old, source, colour, Region.whole((frame.height, frame.width)), target.bits > 8)
    white = 65535 if target.bits > 8 else 255
    if target.kind == "rgb":
        for plane, channel in zip(new[:3], (1, 2, 0), strict=True):
            plane[...] = _rounded(rgb[..., channel] * np.float64(target.top / white), target)
        return
    matrix = colour.matrix if colour.matrix != "rgb" else "bt709"
    full = colour.full_range and colour.matrix != "rgb"
    ycc = cv2.transform(rgb.astype(np.float32), from_rgb_transform(matrix, full, target.bits, white))
    fine = PixelLayout("", "yuv", target.bits, 0, 0, False)
    new[0][...] = _rounded(ycc[..., 0], target)
    for index in range(1, target.colour_planes):
        plane = _rounded(ycc[..., index], target)
        same = (target.shift_x, target.shift_y) == (0, 0)
        new[index][...] = plane if same else _reshaped(plane, fine, target, new[index].shape)
