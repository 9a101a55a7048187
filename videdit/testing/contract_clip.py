"""A small film in memory for the contract checks: a textured disc over textured, moving ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from videdit.frames import ArrayFrames, Mask, Rgb


def texture(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Return (height, width, 3) smooth noise in colour, the same for the same seed."""
    draw = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for step in (4, 8, 16):
        coarse = draw.uniform(0, 1, (height // step + 2, width // step + 2, 3))
        rows = np.arange(height) / step
        columns = np.arange(width) / step
        y, x = rows.astype(int), columns.astype(int)
        fy, fx = (rows - y)[:, None, None], (columns - x)[None, :, None]
        top = coarse[y][:, x] * (1 - fx) + coarse[y][:, x + 1] * fx
        low = coarse[y + 1][:, x] * (1 - fx) + coarse[y + 1][:, x + 1] * fx
        total += (top * (1 - fy) + low * fy) * step
    scaled: NDArray[np.uint8] = (30 + 195 * (total - total.min()) / np.ptp(total)).astype(np.uint8)
    return scaled


class Clip:
    """Frames and true masks of a disc that moves to the right while the ground pans to the left.

    size: (height, width); deep: uint16 pixels
    """

    def __init__(self, count: int = 8, size: tuple[int, int] = (72, 96), *, deep: bool = False, first: int = 0) -> None:
        height, width = size
        ground = texture(height, width + 2 * count + 8, 1)
        thing = texture(height, width, 2)[..., ::-1]
        yy, xx = np.mgrid[:height, :width]
        radius = 0.22 * height
        self.masks: list[Mask] = []
        pixels: list[Rgb] = []
        for t in range(count):
            inside = (yy - height * 0.5) ** 2 + (xx - width * 0.35 - 1.5 * t) ** 2 < radius**2
            rgb = np.where(inside[..., None], np.roll(thing, (0, round(1.5 * t)), (0, 1)), ground[:, t : t + width])
            pixels.append(rgb.astype(np.uint16) * 257 if deep else rgb.astype(np.uint8))
            self.masks.append(inside)
        self.frames = ArrayFrames(pixels, first_index=first)

    def __getitem__(self, index: int) -> Mask:
        """Return the true mask of a frame: a Clip is a MaskSequence."""
        if index not in self.frames.shot:
            raise IndexError(index)
        return self.masks[index - self.frames.shot.start]


class NoMasks:
    """A MaskSequence of a clip with nothing in it."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip

    def __getitem__(self, index: int) -> Mask:
        return np.zeros_like(self._clip[index])
