"""A frame, a region of one, and the frames of a shot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.shots import Shot

Rgb: TypeAlias = NDArray[Any]
"""(H, W, 3) uint8, or uint16 at full scale (white is 65535) for sources deeper than 8 bits."""
Mask: TypeAlias = NDArray[np.bool_]
"""(H, W) bool."""
Labels: TypeAlias = NDArray[np.int32]
"""(H, W) int32: the id of the object that covers a pixel, 0 where none does."""
Alpha: TypeAlias = NDArray[np.float32]
"""(H, W) float32 in [0, 1]."""
Descriptor: TypeAlias = NDArray[np.float32]
"""(D,) float32 of length 1: what something looks like, in an engine's own terms."""


@dataclass(frozen=True, slots=True)
class Region:
    """A half-open rectangle of pixels: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        return max(0, self.y1 - self.y0)

    @property
    def empty(self) -> bool:
        return self.width == 0 or self.height == 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index an (H, W, ...) array with these to cut the region out."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def grown(self, by_px: int, size: tuple[int, int]) -> Region:
        """Grow by `by_px` on each side, kept inside a frame of `size` (height, width)."""
        height, width = size
        return Region(
            max(0, self.x0 - by_px), max(0, self.y0 - by_px), min(width, self.x1 + by_px), min(height, self.y1 + by_px)
        )

    def meets(self, other: Region) -> bool:
        """Return whether the two have a pixel in common."""
        across = min(self.x1, other.x1) > max(self.x0, other.x0)
        return across and min(self.y1, other.y1) > max(self.y0, other.y0)

    def union(self, other: Region) -> Region:
        """Return the smallest region that holds both; an empty one adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        return Region(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    @classmethod
    def whole(cls, size: tuple[int, int]) -> Region:
        """Return the region of a whole frame of `size` (height, width)."""
        return cls(0, 0, size[1], size[0])

    @classmethod
    def of(cls, mask: NDArray[Any]) -> Region:
        """Return the bounding box of what is not zero in `mask` (H, W); empty at the origin if nothing is."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return cls(0, 0, 0, 0)
        y0, y1 = int(rows[0]), int(rows[-1]) + 1
        columns = np.flatnonzero(mask[y0:y1].any(axis=0))
        return cls(int(columns[0]), y0, int(columns[-1]) + 1, y1)


@dataclass(frozen=True, slots=True)
class Frame:
    """Pixels of one moment, upright (rotation applied), before sample-aspect scaling.

    rgb:       (H, W, 3) uint8, or uint16 at full scale
    index:     number of the frame in its film, from 0
    pts:       presentation time in units of `time_base`
    time_base: seconds per unit of `pts`
    """

    rgb: Rgb
    index: int
    pts: int
    time_base: Fraction

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype not in (np.uint8, np.uint16):
            raise ShapeError(f"a frame is (H, W, 3) uint8 or uint16, not {self.rgb.shape} {self.rgb.dtype}")

    def __repr__(self) -> str:
        height, width = self.size
        return f"Frame(index={self.index}, {width}x{height} {self.rgb.dtype}, {float(self.time_seconds):.3f} s)"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def time_seconds(self) -> Fraction:
        """Presentation time."""
        return self.pts * self.time_base

    @property
    def rgb8(self) -> NDArray[np.uint8]:
        """The pixels as (H, W, 3) uint8, whatever the source's depth."""
        return self.rgb if self.rgb.dtype == np.uint8 else to_uint8(self.rgb)


def to_uint8(rgb: Rgb) -> NDArray[np.uint8]:
    """Scale uint16 full-scale pixels to uint8, rounding to nearest; uint8 is returned as it is."""
    if rgb.dtype == np.uint8:
        return rgb
    return ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)


@runtime_checkable
class FrameSequence(Protocol):
    """The frames of one shot by their index in the film; decoded when asked for, with bounded memory.

    Engines get this and nothing wider, so nothing they do can cross a cut. Any order of access is allowed;
    ascending runs are fast, and a window of recent frames is kept.
    """

    @property
    def shot(self) -> Shot: ...

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Frame:
        """Return the frame with that index in the film. Raises IndexError outside the shot."""
        ...


class ArrayFrames:
    """A FrameSequence over pixels that are in memory already: short clips, tests, other programs' arrays.

    pixels:      sequence of (H, W, 3) uint8 or uint16, all of one size
    first_index: index of the first one in its film
    """

    def __init__(
        self, pixels: Sequence[Rgb], *, first_index: int = 0, frames_per_second: Fraction = Fraction(25)
    ) -> None:
        if len(pixels) == 0:
            raise ShapeError("a shot has at least one frame")
        self._pixels = pixels
        self._time_base = 1 / frames_per_second
        self.shot = Shot(first_index, first_index + len(pixels))
        self.size: tuple[int, int] = (pixels[0].shape[0], pixels[0].shape[1])

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, index: int) -> Frame:
        if index not in self.shot:
            raise IndexError(f"frame {index} is outside the shot [{self.shot.start}, {self.shot.stop})")
        return Frame(self._pixels[index - self.shot.start], index, index, self._time_base)

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in self.shot)
