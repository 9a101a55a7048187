"""Pixel formats as planes of numbers, and which planar format holds another one without loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

Kind: TypeAlias = Literal["yuv", "rgb", "gray"]


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """A planar, little-endian format of whole numbers.

    kind:    "yuv" (planes Y, Cb, Cr), "rgb" (planes G, B, R) or "gray" (plane Y)
    bits:    of one sample
    shift_x, shift_y: chroma planes are 2**shift smaller
    alpha:   the last plane is opacity
    """

    name: str
    kind: Kind
    bits: int
    shift_x: int
    shift_y: int
    alpha: bool

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self.bits <= 8 else np.uint16

    @property
    def top(self) -> int:
        """The largest sample."""
        return (1 << self.bits) - 1

    @property
    def chroma(self) -> str:
        """In the usual notation: "4:2:0"."""
        if self.kind != "yuv":
            return "4:0:0" if self.kind == "gray" else "4:4:4"
        known = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0", (2, 0): "4:1:1", (2, 2): "4:1:0", (0, 1): "4:4:0"}
        return known.get((self.shift_x, self.shift_y), f"1/{2**self.shift_x} x 1/{2**self.shift_y}")

    @property
    def colour_planes(self) -> int:
        return 1 if self.kind == "gray" else 3


@lru_cache(maxsize=256)
def layout_of(name: str) -> PixelLayout | None:
    """Return the layout of a format that is planar already, None for any other."""
    form = av.VideoFormat(name)
    parts = form.components
    planes = [part.plane for part in parts]
    own_planes = len(set(planes)) == len(planes) and "msb" not in name and "f16" not in name and "f32" not in name
    if form.has_palette or form.is_big_endian or form.is_bit_stream or form.is_bayer or not parts or not own_planes:
        return None
    if parts[0].bits not in (8, 9, 10, 12, 14, 16) or name.startswith(("xyz", "p0", "bayer")):
        return None
    alpha = len(parts) in (2, 4)
    if len(parts) <= 2:
        return None if alpha else PixelLayout(name, "gray", parts[0].bits, 0, 0, False)
    if form.is_rgb:
        return PixelLayout(name, "rgb", parts[0].bits, 0, 0, alpha)
    wide = av.VideoFormat(name, 64, 64)
    shift_x = 6 - int(wide.chroma_width(64)).bit_length() + 1
    shift_y = 6 - int(wide.chroma_height(64)).bit_length() + 1
    return PixelLayout(name, "yuv", parts[0].bits, shift_x, shift_y, alpha)


@lru_cache(maxsize=256)
def planar_name(name: str) -> str:
    """Return the planar format that holds every picture of format `name` without loss; `name` itself if planar."""
    if layout_of(name) is not None:
        return name
    form = av.VideoFormat(name, 64, 64)
    parts = form.components
    bits = 16 if "f16" in name or "f32" in name else max(8, *(part.bits for part in parts))
    alpha = form.has_palette or len(parts) in (2, 4)
    if len(parts) == 1 and not form.has_palette and not form.is_bayer:
        return _first_known("gray", bits, "")
    if form.is_rgb or form.has_palette or form.is_bayer or len(parts) <= 2:
        return _first_known("gbrap" if alpha else "gbrp", bits, "")
    chroma = {(32, 64): "422", (32, 32): "420", (64, 64): "444", (16, 64): "411"}
    shape = chroma.get((form.chroma_width(64), form.chroma_height(64)), "444")
    return _first_known(f"yuv{'a' if alpha else ''}{shape}p", bits, "yuv444p16le")


def _first_known(stem: str, bits: int, otherwise: str) -> str:
    for deep in (8, 9, 10, 12, 14, 16):
        name = stem if deep == 8 else f"{stem}{deep}le"
        if deep >= bits and is_format(name):
            return name
    return otherwise


@lru_cache(maxsize=256)
def is_format(name: str) -> bool:
    """Whether the library knows a pixel format of that name."""
    try:
        av.VideoFormat(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=64)
def with_alpha(name: str) -> str:
    """Return the planar format of the same kind that has an alpha plane as well; deeper if there is none so deep."""
    layout = layout_of(name)
    if layout is None or layout.alpha:
        return name
    if layout.kind != "yuv":
        return _first_known("gbrap", layout.bits, "gbrap16le")
    shape = {(0, 0): "444", (1, 0): "422", (1, 1): "420"}.get((layout.shift_x, layout.shift_y), "444")
    return _first_known(f"yuva{shape}p", layout.bits, "yuva444p16le")


def known_layout(name: str) -> PixelLayout:
    """Return the layout of a planar format. Raises ValueError for others."""
    layout = layout_of(name)
    if layout is None:
        raise ValueError(f"{name} is not planar")
    return layout


def plane_arrays(frame: av.VideoFrame) -> list[NDArray[Any]]:
    """Return writable (h, w) views of the planes of a planar frame; they share the frame's memory."""
    dtype = np.dtype(known_layout(frame.format.name).dtype)
    views = []
    for plane in frame.planes:
        stride = abs(plane.line_size) // dtype.itemsize
        rows = np.frombuffer(memoryview(plane), dtype).reshape(plane.height, stride)[:, : plane.width]
        views.append(rows[::-1] if plane.line_size < 0 else rows)
    return views
