"""What part of the frames the network sees, and how large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from videdit import Region
from videdit_e2fgvi import padded_size
from videdit_plugins.e2fgvi.windows import REACH, Schedule

_LEAST_CONTEXT_PX = 64
_SHRINK = 0.97
_BLOCK = 4
"""Windows that may share a crop. Holes are asked for as far ahead, and where others' pixels come first a hole is only
known when the frame has been filled from them."""
_SHARED_SCALE = 0.95
_SHARED_PIXELS = 1.25


@dataclass(frozen=True, slots=True)
class Crop:
    """A region of the frames, and its size as the network sees it.

    region: of the frames, in their own pixels
    size:   (height, width) that it is scaled to
    fixed:  the only (height, width) that the network takes; None if it takes all that it can divide
    """

    region: Region
    size: tuple[int, int]
    fixed: tuple[int, int] | None = None

    @property
    def padded(self) -> tuple[int, int]:
        """The size that the network brings it to."""
        return padded_size(self.size) if self.fixed is None else self.fixed

    @property
    def pixels(self) -> int:
        """How many pixels the network sees."""
        return self.padded[0] * self.padded[1]

    @property
    def scale(self) -> float:
        """Its height against that of the region."""
        return self.size[0] / self.region.height


def crop_around(box: Region, frame_size: tuple[int, int], most_pixels: int) -> Crop:
    """Return a crop that holds `box` with surroundings of at least 64 px, or half the box, on each side.

    It takes in as much more of the frame as the network would have to make up to reach a size it can divide.
    most_pixels: what the network sees at most; at least 60 x 108
    """
    least = _with_context(box, frame_size)
    scale = 1.0
    while (size := _padded(least, scale))[0] * size[1] > most_pixels:
        scale *= _SHRINK
    return Crop(*_widened(least, frame_size, size, scale))


def crop_for(box: Region, frame_size: tuple[int, int], fixed: tuple[int, int]) -> Crop:
    """Return a crop as `crop_around` does for a network that takes one size alone, (height, width)."""
    least = _with_context(box, frame_size)
    scale = min(1.0, fixed[0] / least.height, fixed[1] / least.width)
    return Crop(*_widened(least, frame_size, fixed, scale), fixed)


def _with_context(box: Region, frame_size: tuple[int, int]) -> Region:
    x, y = max(_LEAST_CONTEXT_PX, box.width // 2), max(_LEAST_CONTEXT_PX, box.height // 2)
    height, width = frame_size
    return Region(max(0, box.x0 - x), max(0, box.y0 - y), min(width, box.x1 + x), min(height, box.y1 + y))


def _widened(
    least: Region, frame_size: tuple[int, int], most: tuple[int, int], scale: float
) -> tuple[Region, tuple[int, int]]:
    """Return a region that is about `most` (height, width) when scaled, and its size then."""
    x0, x1 = _widen(least.x0, least.x1, int(most[1] / scale), frame_size[1])
    y0, y1 = _widen(least.y0, least.y1, int(most[0] / scale), frame_size[0])
    # Rounding must not step over the size that was counted with.
    small = min(most[0], max(1, round((y1 - y0) * scale))), min(most[1], max(1, round((x1 - x0) * scale)))
    return Region(x0, y0, x1, y1), small


def _padded(region: Region, scale: float) -> tuple[int, int]:
    return padded_size((max(1, round(region.height * scale)), max(1, round(region.width * scale))))


def _widen(start: int, stop: int, length: int, limit: int) -> tuple[int, int]:
    """Widen [start, stop) to `length` on both sides alike, inside [0, limit)."""
    length = min(max(length, stop - start), limit)
    start = min(max(0, start - (length - (stop - start)) // 2), limit - length)
    return start, start + length


class Cropping:
    """The crop of each window of a shot.

    Neighbouring windows share one where it suits them, so that what is known of a frame can be kept from one to the
    next. Which do depends on the holes alone.

    box_of:      returns the box of the holes of several frames
    most_pixels: what the network sees at most
    whole:       always take the whole frame
    fixed:       the only (height, width) that the network takes; a whole frame is brought to it
    """

    def __init__(
        self,
        schedule: Schedule,
        frame_size: tuple[int, int],
        box_of: Callable[[range], Region],
        most_pixels: int,
        *,
        whole: bool,
        fixed: tuple[int, int] | None = None,
    ) -> None:
        self._schedule = schedule
        self._frame_size = frame_size
        self._box_of = box_of
        self._most_pixels = most_pixels
        self._whole = whole
        self._fixed = fixed
        self._shared: dict[int, Crop | None] = {}

    def of(self, middle: int) -> Crop:
        """Return the crop of the window around frame `middle`, whose local frames have a hole."""
        if self._whole:
            everything = Region.whole(self._frame_size)
            return self._around(everything) if self._fixed is None else Crop(everything, self._fixed, self._fixed)
        block = (middle - self._schedule.shot.start) // REACH // _BLOCK
        if block not in self._shared:
            self._shared[block] = self._share(block)
        return self._shared[block] or self._around(self._box_of(self._schedule.local(middle)))

    def _share(self, block: int) -> Crop | None:
        """Return one crop for a block of windows; None if windows of their own show more or cost less."""
        shot = self._schedule.shot
        first = shot.start + block * _BLOCK * REACH
        middles = range(first, min(first + _BLOCK * REACH, shot.stop), REACH)
        boxes = [self._box_of(self._schedule.local(middle)) for middle in middles]
        own = [self._around(box) for box in boxes if not box.empty]
        together = self._around(reduce(Region.union, boxes))
        fine_enough = together.scale >= _SHARED_SCALE * min(crop.scale for crop in own)
        cheap_enough = together.pixels <= _SHARED_PIXELS * max(crop.pixels for crop in own)
        return together if fine_enough and cheap_enough else None

    def _around(self, box: Region) -> Crop:
        if self._fixed is not None:
            return crop_for(box, self._frame_size, self._fixed)
        return crop_around(box, self._frame_size, self._most_pixels)
