"""Masks of simple shapes whose every pixel is known."""

from __future__ import annotations

import numpy as np

from videdit.frames import Mask


def disc(size: tuple[int, int], centre: tuple[float, float], radius_px: float) -> Mask:
    """Return a mask (h, w) of the pixels at most `radius_px` from `centre`, which is x and y.

    size: height and width
    """
    y, x = np.mgrid[: size[0], : size[1]]
    mask: Mask = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius_px**2
    return mask


def wheel(size: tuple[int, int], centre: tuple[float, float], radius_px: float) -> Mask:
    """Return a rim of 3 px with a hub and two spokes, thin and holed; arguments as of `disc`."""
    y, x = np.mgrid[: size[0], : size[1]]
    whole = disc(size, centre, radius_px)
    spokes: Mask = (abs(y - centre[1]) <= 1) | (abs(x - centre[0]) <= 1)
    return (whole & ~disc(size, centre, radius_px - 3)) | (whole & spokes) | disc(size, centre, 4)
