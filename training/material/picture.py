"""A picture and its segments."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SegmentedPicture:
    """A picture to cut objects out of.

    name:     where it came from
    rgb:      (H, W, 3) uint8
    segments: (H, W) uint16 label map; every pixel belongs to one segment, labels are positive
    objects:  labels of segments that are known to be whole objects; may be empty
    """

    name: str
    rgb: NDArray[np.uint8]
    segments: NDArray[np.uint16]
    objects: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.rgb.shape[:2] != self.segments.shape:
            raise ValueError(f"{self.name}: pixels {self.rgb.shape} and segments {self.segments.shape}")

    def shrunk(self, longest: int) -> SegmentedPicture:
        """Return the picture with its longer side at most `longest` pixels."""
        height, width = self.segments.shape
        scale = longest / max(height, width)
        if scale >= 1:
            return self
        size = (round(width * scale), round(height * scale))
        rgb = np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        segments = np.asarray(cv2.resize(self.segments, size, interpolation=cv2.INTER_NEAREST), np.uint16)
        return SegmentedPicture(self.name, rgb, segments, self.objects)


def read_image(path: str, how: int) -> NDArray[np.uint8]:
    """Return the pixels of an image file, colours as RGB. Raises FileNotFoundError if it cannot be read."""
    pixels = cv2.imread(path, how)
    if pixels is None:
        raise FileNotFoundError(path)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels, np.uint8)
