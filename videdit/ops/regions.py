"""Rectangles that engines can work on."""

from __future__ import annotations

from videdit.frames import Region


def align_region(region: Region, multiple_of: int, size: tuple[int, int]) -> Region:
    """Widen a region to the grid of `multiple_of` pixels, inside a frame of `size` (height, width).

    Its sides become multiples of `multiple_of`, except where the frame itself ends between two grid lines. The grid
    begins at the frame's origin, so a region that moves by less than a cell keeps its place and its content's phase.
    """
    if region.empty:
        return region
    height, width = size

    def down(value: int) -> int:
        return value // multiple_of * multiple_of

    def up(value: int) -> int:
        return -(-value // multiple_of) * multiple_of

    return Region(down(region.x0), down(region.y0), min(width, up(region.x1)), min(height, up(region.y1)))
