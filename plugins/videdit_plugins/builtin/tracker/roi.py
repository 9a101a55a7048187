"""The window around one object, and the grid of pixels its evidence lives on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region

Value = TypeVar("Value", np.uint8, np.float32)

GROWTH = 1.75
LEAST_SIDE_PX = 48
SHAPE_LIMIT = 1.5
PIXELS_PER_SIDE = 0.62
CELL = 4
"""Descriptors lie on a grid this many times coarser."""
STEP = 8


@dataclass(frozen=True, slots=True)
class Roi:
    """A window of the work-size frame, sampled on a grid.

    region: in work pixels, inside the frame
    grid:   (height, width) of the grid, multiples of 8
    centre: (x, y) of the object's box, in work pixels
    side:   longer side of the window before the frame cut it, in work pixels; the object's scale
    """

    region: Region
    grid: tuple[int, int]
    centre: tuple[float, float]
    side: float

    @property
    def zoom(self) -> tuple[float, float]:
        """Grid pixels per work pixel along x and y."""
        return self.grid[1] / self.region.width, self.grid[0] / self.region.height

    def cut(self, image: NDArray[Value], shift: tuple[int, int] = (0, 0)) -> NDArray[Value]:
        """Sample `image` (h, w, ...) of work size on the grid, the window moved by `shift` (x, y) work pixels.

        What lies outside the frame repeats its border.
        """
        height, width = image.shape[:2]
        moved = Region(
            self.region.x0 + shift[0], self.region.y0 + shift[1], self.region.x1 + shift[0], self.region.y1 + shift[1]
        )
        inside = Region(
            min(max(moved.x0, 0), width - 1),
            min(max(moved.y0, 0), height - 1),
            max(min(moved.x1, width), 1),
            max(min(moved.y1, height), 1),
        )
        piece = image[inside.slices]
        margins = (inside.y0 - moved.y0, moved.y1 - inside.y1, inside.x0 - moved.x0, moved.x1 - inside.x1)
        if any(margins):
            top, bottom, left, right = (max(0, margin) for margin in margins)
            piece = cv2.copyMakeBorder(piece, top, bottom, left, right, cv2.BORDER_REPLICATE)
            piece = piece[: moved.height, : moved.width]
        return self._sampled(np.ascontiguousarray(piece))

    def cut_lab(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Sample `bgr` (h, w, 3) uint8 of work size on the grid, in OpenCV's 8-bit Lab."""
        # Few windows are as large as the frame, and this is the dearest of its colour spaces.
        return self._sampled(np.asarray(cv2.cvtColor(bgr[self.region.slices], cv2.COLOR_BGR2LAB), np.uint8))

    def _sampled(self, piece: NDArray[Value]) -> NDArray[Value]:
        how = cv2.INTER_AREA if self.grid[0] < piece.shape[0] else cv2.INTER_LINEAR
        sampled: NDArray[Value] = cv2.resize(piece, self.grid[::-1], interpolation=how)
        return sampled

    def paste(self, values: NDArray[np.float32], size: tuple[int, int], outside: float) -> NDArray[np.float32]:
        """Return (h, w) float32 of work size with `values` (grid) in the window and `outside` elsewhere."""
        whole = np.full(size, outside, np.float32)
        whole[self.region.slices] = cv2.resize(
            values, (self.region.width, self.region.height), interpolation=cv2.INTER_LINEAR
        )
        return whole

    def places(self) -> NDArray[np.float32]:
        """Return (rows, columns, 2) float32: (x, y) of each cell from the object's centre, in sides of the window."""
        rows, columns = self.grid[0] // CELL, self.grid[1] // CELL
        xs = (self.region.x0 + (np.arange(columns) + 0.5) * self.region.width / columns - self.centre[0]) / self.side
        ys = (self.region.y0 + (np.arange(rows) + 0.5) * self.region.height / rows - self.centre[1]) / self.side
        return np.stack(np.meshgrid(xs, ys), axis=-1).astype(np.float32)


def roi_around(box: Region, size: tuple[int, int], sides: tuple[int, int]) -> Roi:
    """Return the window around an object's `box` in a frame of `size` (height, width) work pixels.

    sides: least and largest length of the grid's longer side
    """
    wide, high = max(box.width, 1), max(box.height, 1)
    longer = max(GROWTH * max(wide, high), LEAST_SIDE_PX)
    ratio = longer / max(wide, high)
    shorter = max(min(wide, high) * ratio, longer / SHAPE_LIMIT)
    across, down = (longer, shorter) if wide >= high else (shorter, longer)
    centre = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    x0, x1 = _interval(centre[0], across, size[1])
    y0, y1 = _interval(centre[1], down, size[0])
    scale = grid_scale(longer, sides)
    grid = (
        max(2 * STEP, STEP * round((y1 - y0) * scale / STEP)),
        max(2 * STEP, STEP * round((x1 - x0) * scale / STEP)),
    )
    return Roi(Region(x0, y0, x1, y1), grid, centre, longer)


def grid_scale(side: float, sides: tuple[int, int]) -> float:
    """Return the grid pixels per work pixel of a window whose longer side is `side` work pixels."""
    return min(max(PIXELS_PER_SIDE * side, sides[0]), sides[1]) / side


def _interval(centre: float, length: float, limit: int) -> tuple[int, int]:
    """Return the part of [centre - length/2, centre + length/2) inside [0, limit), of at least a few pixels."""
    least = min(limit, 16)
    start = min(max(0, round(centre - length / 2)), limit - least)
    stop = max(min(limit, round(centre + length / 2)), start + least)
    return int(start), int(min(stop, limit))
