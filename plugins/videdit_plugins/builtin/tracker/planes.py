"""A frame at the size the tracker works at, in the colour spaces its evidence is made of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import FrameSequence
from videdit_plugins.builtin.cache import Cache

FloatMap = NDArray[np.float32]
COARSE = 2
"""The camera's rough motion is looked for in pictures this many times smaller."""
KEPT_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Plane:
    """One frame at work size.

    index:  number of the frame in its film
    bgr:    (h, w, 3) uint8
    gray:   (h, w) uint8
    coarse: (h / 2, w / 2) uint8, gray
    """

    index: int
    bgr: NDArray[np.uint8]
    gray: NDArray[np.uint8]
    coarse: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in work pixels."""
        return self.gray.shape[0], self.gray.shape[1]


def work_size(size: tuple[int, int], work_pixels: int) -> tuple[int, int]:
    """Return (height, width) of at most about `work_pixels` pixels, in the proportions of `size`; never larger."""
    scale = min(1.0, (work_pixels / (size[0] * size[1])) ** 0.5)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


class Planes:
    """The frames of a shot at work size; the last few are kept."""

    def __init__(self, frames: FrameSequence, work_pixels: int) -> None:
        self._frames = frames
        self.size = work_size(frames.size, work_pixels)
        self._kept: Cache[int, Plane] = Cache(KEPT_FRAMES)

    def __getitem__(self, index: int) -> Plane:
        return self._kept.get(index, lambda index: _plane(index, self._frames[index].rgb8, self.size))

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8, the frame at the film's own size, its colours in the order of `Plane.bgr`."""
        return np.asarray(self._frames[index].rgb8[..., ::-1], np.uint8)


def _plane(index: int, rgb: NDArray[np.uint8], size: tuple[int, int]) -> Plane:
    if rgb.shape[:2] != size:
        rgb = cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    coarse_size = (max(1, size[1] // COARSE), max(1, size[0] // COARSE))
    coarse = cv2.resize(gray, coarse_size, interpolation=cv2.INTER_AREA)
    return Plane(index, bgr, gray, coarse)
