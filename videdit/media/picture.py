"""One decoded frame in the source's own planes: looked at as RGB, and drawn on without touching the rest."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Alpha, Frame, Region, Rgb
from videdit.media.colour import Colour
from videdit.media.conversion import as_planar, converted
from videdit.media.orientation import Orientation
from videdit.media.pixel_formats import known_layout, plane_arrays, with_alpha
from videdit.media.planes import lay_rgb, reduced_rgb, region_rgb, resized


class Picture:
    """A frame as decoded. Coordinates are those of the upright frame.

    index:     number of the frame in its film, from 0
    pts:       presentation time in units of `time_base`
    duration:  in units of `time_base`
    """

    def __init__(
        self,
        frame: av.VideoFrame,
        *,
        index: int,
        pts: int,
        duration: int,
        time_base: Fraction,
        colour: Colour,
        orientation: Orientation,
        interlaced: bool = False,
    ) -> None:
        self.index = index
        self.pts = pts
        self.duration = duration
        self.time_base = time_base
        self._frame = as_planar(frame)
        self._colour = colour
        self._orientation = orientation
        # In interlaced 4:2:0 the chroma rows belong to the fields by turns; each field is a picture of its own.
        layout = known_layout(self._frame.format.name)
        self._by_fields = interlaced and layout.shift_y > 0 and self._frame.height % 4 == 0
        self._own = False

    def __repr__(self) -> str:
        height, width = self.size
        return f"Picture(index={self.index}, {width}x{height} {self._frame.format.name}, pts={self.pts})"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, upright."""
        return self._orientation.upright_size((self._frame.height, self._frame.width))

    @property
    def pix_fmt(self) -> str:
        """The planar pixel format the frame is held in."""
        return str(self._frame.format.name)

    @property
    def frame(self) -> av.VideoFrame:
        """The frame itself, as stored; for encoders."""
        return self._frame

    @property
    def planes(self) -> list[NDArray[Any]]:
        """(h, w) arrays of the samples as stored, not upright; for tests and measurements. Do not write."""
        return plane_arrays(self._frame)

    def rgb(self, region: Region | None = None, max_bits: int = 16) -> Rgb:
        """Return the upright pixels of a region, or of the whole picture.

        max_bits: 16 for uint16 at full scale where the source is deeper than 8 bits; 8 for uint8 always

        Returns (h, w, 3) uint8 or uint16. Only the region is converted, with the film's own matrix and range.
        """
        wanted = Region.whole(self.size) if region is None else self._checked(region)
        layout = known_layout(self.pix_fmt)
        deep = layout.bits > 8 and max_bits > 8
        dtype = np.uint16 if deep else np.uint8
        if wanted.empty:
            return np.zeros((wanted.height, wanted.width, 3), dtype)
        stored = self._orientation.stored_region(wanted, self.size)
        if not self._by_fields:
            return self._orientation.upright(region_rgb(self.planes, layout, self._colour, stored, deep))
        result = np.empty((stored.height, stored.width, 3), dtype)
        for planes, part, rows in self._fields(stored):
            result[rows] = region_rgb(planes, layout, self._colour, part, deep)
        return self._orientation.upright(result)

    def lay(self, region: Region, rgb: Rgb, alpha: Alpha) -> None:
        """Composite new pixels into the planes.

        region: where in the upright frame
        rgb:    (h, w, 3) uint8 or uint16 full scale, of the region's size
        alpha:  (h, w) float32 in [0, 1], 1 shows `rgb`

        Where alpha is 0 the planes stay byte-identical; a chroma sample changes only if one of its pixels has
        alpha. Raises ShapeError when the sizes differ.
        """
        self._checked(region)
        shape = (region.height, region.width)
        if rgb.shape != (*shape, 3) or rgb.dtype not in (np.uint8, np.uint16) or alpha.shape != shape:
            raise ShapeError(
                f"a region of {shape} takes rgb {(*shape, 3)} uint8 or uint16 and alpha {shape}, "
                f"not {rgb.shape} {rgb.dtype} and {alpha.shape}"
            )
        shown = Region.of(alpha > 0)
        if shown.empty:
            return
        inner = Region(region.x0 + shown.x0, region.y0 + shown.y0, region.x0 + shown.x1, region.y0 + shown.y1)
        stored = self._orientation.stored_region(inner, self.size)
        new = self._orientation.stored(rgb[shown.slices])
        opacity = np.clip(self._orientation.stored(alpha[shown.slices]).astype(np.float32, copy=False), 0, 1)
        self._take()
        layout = known_layout(self.pix_fmt)
        if not self._by_fields:
            lay_rgb(self.planes, layout, self._colour, stored, np.ascontiguousarray(new), opacity)
            return
        for planes, part, rows in self._fields(stored):
            lay_rgb(planes, layout, self._colour, part, np.ascontiguousarray(new[rows]), opacity[rows])

    def lay_matte(self, region: Region, matte: Alpha) -> None:
        """Make the film itself see-through in a region.

        matte: (h, w) float32 in [0, 1], opacity; multiplied with the opacity that is there

        A picture without an alpha plane gets one, opaque outside the region. Raises ShapeError when the sizes differ.
        """
        self._checked(region)
        if matte.shape != (region.height, region.width):
            raise ShapeError(f"a region of {(region.height, region.width)} takes no matte of {matte.shape}")
        self.ensure_alpha()
        if region.empty:
            return
        self._take()
        opacity = self._orientation.stored(np.clip(matte.astype(np.float32, copy=False), 0, 1))
        plane = self.planes[-1][self._orientation.stored_region(region, self.size).slices]
        plane[...] = np.rint(plane * opacity)

    def matte(self) -> Alpha:
        """Return the opacity of the upright picture, (H, W) float32 in [0, 1]; 1 everywhere without an alpha plane."""
        layout = known_layout(self.pix_fmt)
        if not layout.alpha:
            return np.ones(self.size, np.float32)
        opacity: Alpha = (self.planes[-1] / np.float32(layout.top)).astype(np.float32)
        return self._orientation.upright(opacity)

    def ensure_alpha(self) -> None:
        """Give the picture an opaque alpha plane if it has none."""
        target = with_alpha(self.pix_fmt)
        if target != self.pix_fmt:
            self._frame = converted(self._frame, target, self._colour)
            self._own = True

    def to_frame(self, max_bits: int = 16) -> Frame:
        """Return the whole upright picture with its index and time."""
        return Frame(self.rgb(max_bits=max_bits), self.index, self.pts, self.time_base)

    def to_small_frame(self, max_width_px: int) -> Frame:
        """Return the whole upright picture as uint8, reduced to at most that many pixels in width."""
        height, width = self.size
        layout = known_layout(self.pix_fmt)
        if width <= max_width_px:
            rgb = self.rgb(max_bits=8)
        elif layout.kind == "yuv" and not self._by_fields:
            reduced = self._orientation.upright_size((max(1, round(height * max_width_px / width)), max_width_px))
            rgb = self._orientation.upright(reduced_rgb(self.planes, layout, self._colour, reduced))
        else:
            rgb = resized(self.rgb(max_bits=8), (max(1, round(height * max_width_px / width)), max_width_px))
        return Frame(rgb, self.index, self.pts, self.time_base)

    def _checked(self, region: Region) -> Region:
        height, width = self.size
        if not (0 <= region.x0 <= region.x1 <= width and 0 <= region.y0 <= region.y1 <= height):
            raise ShapeError(f"{region} does not lie in a picture {width} wide and {height} high")
        return region

    def _take(self) -> None:
        """Make the planes this picture's own: the decoder may still predict other frames from them."""
        if not self._own:
            self._frame.make_writable()
            self._own = True

    def _fields(self, region: Region) -> Iterator[tuple[list[NDArray[Any]], Region, slice]]:
        """Yield for each field its planes, the region in them, and which of the region's rows they are."""
        for field in (0, 1):
            first = (field - region.y0) % 2
            count = len(range(first, region.height, 2))
            if count:
                top = (region.y0 + first) // 2
                part = Region(region.x0, top, region.x1, top + count)
                yield [plane[field::2] for plane in self.planes], part, slice(first, None, 2)
