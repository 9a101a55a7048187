"""HDR10 side data: the mastering display (SMPTE ST 2086) and the content light level (CTA-861.3)."""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import av
from av.sidedata.sidedata import Type


@dataclass(frozen=True, slots=True)
class MasteringDisplay:
    """Chromaticities (x, y) in units of 0.00002 and luminances in units of 0.0001 cd/m2, as the standard counts."""

    red: tuple[int, int]
    green: tuple[int, int]
    blue: tuple[int, int]
    white: tuple[int, int]
    max_luminance: int
    min_luminance: int


@dataclass(frozen=True, slots=True)
class ContentLight:
    """In cd/m2: the brightest pixel of the film, and the brightest frame average."""

    max_content: int
    max_average: int


@dataclass(frozen=True, slots=True)
class Hdr:
    """What the file says beyond its colour tags, either part None if it says nothing."""

    mastering: MasteringDisplay | None = None
    light: ContentLight | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def mastering_text(self) -> str:
        """As x264, x265 and SVT-AV1 read it: G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min), in the standard's units."""
        if self.mastering is None:
            return ""
        m = self.mastering
        points = "".join(
            f"{name}({x},{y})" for name, (x, y) in (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
        )
        return f"{points}L({m.max_luminance},{m.min_luminance})"

    @property
    def light_text(self) -> str:
        """As the same encoders read it: max_content,max_average."""
        return f"{self.light.max_content},{self.light.max_average}" if self.light else ""


def read_hdr(frame: av.VideoFrame) -> Hdr | None:
    """Return the HDR10 side data of a decoded frame, None if it has neither part."""
    data = _side_data(frame)
    mastering = _mastering(data[Type.MASTERING_DISPLAY_METADATA]) if Type.MASTERING_DISPLAY_METADATA in data else None
    light = None
    if Type.CONTENT_LIGHT_LEVEL in data:
        light = ContentLight(*struct.unpack_from("=II", data[Type.CONTENT_LIGHT_LEVEL]))
    return Hdr(mastering, light) if mastering or light else None


def _mastering(data: bytes) -> MasteringDisplay | None:
    """Read ten rationals (three primaries, white, min and max luminance) and two flags."""
    numbers = struct.unpack_from("=20i2i", data)
    if not (numbers[20] and numbers[21]):
        return None
    values = [Fraction(numbers[2 * i], numbers[2 * i + 1] or 1) for i in range(10)]
    red, green, blue, white = ((round(values[i] * 50000), round(values[i + 1] * 50000)) for i in (0, 2, 4, 6))
    return MasteringDisplay(red, green, blue, white, round(values[9] * 10000), round(values[8] * 10000))


def display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    """Return the nine numbers of a frame's display matrix, None if it has none."""
    data = _side_data(frame).get(Type.DISPLAYMATRIX)
    return None if data is None else struct.unpack_from("=9i", data)


def _side_data(frame: av.VideoFrame) -> dict[Type, bytes]:
    sides: Any = frame.side_data
    return {side.type: bytes(side) for side in sides}
