"""The blur effect."""

from __future__ import annotations

import cv2
import numpy as np

import videdit
from videdit.frames import Rgb
from videdit.ops import blur_within, length_px
from videdit_plugins.blur.options import BlurOptions
from videdit_plugins.blur.ownership import Part, parts_of
from videdit_plugins.blur.pixelation import cell_side_px, enlarged, pixelate, with_noise

_CELLS = 8
_CELLS_OUTSIDE = 40
_RADIUS = "15%"
_RADIUS_OUTSIDE = "2%"


class Blur(videdit.Effect):
    """Pixelate, blur or paint over objects, or everything but them.

    Everything is made of the hidden pixels alone: the colours of what stays visible do not bleed in, and those of a
    kept object leave no halo around it.
    """

    Options = BlurOptions
    options: BlurOptions

    def __init__(self, options: BlurOptions | None = None, runtime: videdit.Runtime | None = None) -> None:
        super().__init__(options, runtime)
        self.where = "outside" if self.options.outside else "object"
        # What is hidden is hidden with some room; what is kept needs no rim of its surroundings.
        self.shaping = {"grow": "0" if self.options.outside else "1%", "feather": "0.5%"}

    def render(self, window: videdit.Window) -> Rgb | None:
        """Return the window's pixels with the hidden ones replaced; None if nothing is hidden."""
        if not window.alpha.any():
            return None
        if self.options.style == "solid":
            return _painted(window, self.options.colour)
        result = window.rgb.copy()
        for part in [_everything_else(window)] if self.options.outside else parts_of(window):
            inside = part.box.slices
            made = self._pixelated(window, part) if self.options.style == "pixelate" else self._blurred(window, part)
            result[inside] = cv2.copyTo(made, part.shown.view(np.uint8), np.ascontiguousarray(result[inside]))
        return result

    def _pixelated(self, window: videdit.Window, part: Part) -> Rgb:
        cells = self.options.cells or (_CELLS_OUTSIDE if self.options.outside else _CELLS)
        side_px = cell_side_px(part.size_px / cells)
        origin = (round(part.centre[0]), round(part.centre[1]))  # cells meet there
        box, offset = part.box, window.region
        region = videdit.Region(
            box.x0 + offset.x0, box.y0 + offset.y0, box.x1 + offset.x0, box.y1 + offset.y0
        )  # the box, in the frame
        rgb = window.rgb[box.slices]
        means, first_cell = pixelate(rgb, part.hidden, region, side_px, origin)
        amplitude = self.options.noise * np.iinfo(rgb.dtype).max
        return enlarged(with_noise(means, first_cell, part.object_id, amplitude), region, side_px, origin, rgb.dtype)

    def _blurred(self, window: videdit.Window, part: Part) -> Rgb:
        radius = self.options.radius or (_RADIUS_OUTSIDE if self.options.outside else _RADIUS)
        return blur_within(window.rgb[part.box.slices], part.hidden, length_px(radius, part.size_px))


def _everything_else(window: videdit.Window) -> Part:
    box = videdit.Region.whole((window.rgb.shape[0], window.rgb.shape[1]))
    shown = np.ones_like(window.mask)
    return Part(0, box, shown, ~window.mask, (0.0, 0.0), float(window.shot.size[0]))


def _painted(window: videdit.Window, colour: str) -> Rgb:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], window.rgb.dtype)
    scale = np.iinfo(window.rgb.dtype).max // 255
    return np.broadcast_to(channels * scale, window.rgb.shape).astype(window.rgb.dtype)
