"""Check a removal without truth: a second hole of the same shape beside the object, where the film shows what was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from videdit import Filler, FrameSequence, MaskSequence, Region
from videdit.filler import HoledFrames
from videdit.frames import Mask

_SAMPLE_EVERY = 60
_MOST_SAMPLES = 3
_GAP_SHARE = 0.15
_LEAST_GAP_PX = 4
_LEAST_SHARE = 0.5
_CAP_DB = 60.0


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the second hole lies: the object's, moved by `dy` and `dx` pixels, on every frame."""

    dy: int
    dx: int

    def of(self, mask: Mask) -> Mask:
        """Return the moved mask, (H, W) bool, without what overlaps the object itself."""
        height, width = mask.shape
        moved = np.zeros_like(mask)
        into = _overlap(height, self.dy), _overlap(width, self.dx)
        source = _overlap(height, -self.dy), _overlap(width, -self.dx)
        moved[into] = mask[source]
        return np.asarray(moved & ~mask)


def _overlap(length: int, shift: int) -> slice:
    return slice(max(0, shift), max(0, min(length, length + shift)))


def samples(holes: MaskSequence, indices: range) -> list[int]:
    """Choose the frames to look at: evenly, one for 60 frames, three at most, and only such with a hole."""
    count = min(_MOST_SAMPLES, 1 + len(indices) // _SAMPLE_EVERY)
    places = [indices[(2 * number + 1) * len(indices) // (2 * count)] for number in range(count)]
    return [index for index in places if holes[index].any()]


def beside(masks: Sequence[Mask]) -> Beside | None:
    """Return the place where most of the second hole shows on these frames; None if less than half of it does anywhere.

    masks: (H, W) bool, at least one, none empty
    """
    best, best_share = None, _LEAST_SHARE
    area = sum(int(np.count_nonzero(mask)) for mask in masks)
    for shift in _shifts(masks):
        share = sum(int(np.count_nonzero(shift.of(mask))) for mask in masks) / area
        if share > best_share + 1e-6:
            best, best_share = shift, share
    return best


def _shifts(masks: Sequence[Mask]) -> Iterator[Beside]:
    boxes = [Region.of(mask) for mask in masks]
    tall, wide = max(box.height for box in boxes), max(box.width for box in boxes)
    down = tall + max(_LEAST_GAP_PX, round(_GAP_SHARE * tall))
    across = wide + max(_LEAST_GAP_PX, round(_GAP_SHARE * wide))
    # Beside before above and below: there the ground is mostly at the same distance.
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        yield Beside(dy * down, dx * across)


class BothHoles:
    """A MaskSequence of the object's hole and the second one."""

    def __init__(self, holes: MaskSequence, second: Beside) -> None:
        self._holes = holes
        self._second = second

    def __getitem__(self, index: int) -> Mask:
        hole = self._holes[index]
        return hole | self._second.of(hole)


class SecondHoles:
    """A MaskSequence of the second hole alone."""

    def __init__(self, holes: MaskSequence, second: Beside) -> None:
        self._holes = holes
        self._second = second

    def __getitem__(self, index: int) -> Mask:
        return self._second.of(self._holes[index])


def psnr_beside(
    filler: Filler, frames: FrameSequence, holes: MaskSequence, second: Beside, indices: Sequence[int]
) -> float:
    """Fill both holes on some frames and return the PSNR of the second one's fill, in dB; at most 60."""
    both = BothHoles(holes, second)
    filler.start(HoledFrames(frames, SecondHoles(holes, second)), both)
    total, count = 0.0, 0
    for index in indices:
        where = second.of(holes[index])
        filled = filler.fill(index)
        if filled is None or not where.any():
            continue
        truth = frames[index].rgb
        top = float(np.iinfo(truth.dtype).max)
        inside = where[filled.region.slices]
        difference = (filled.rgb[inside].astype(np.float64) - truth[filled.region.slices][inside]) / top
        total += float(np.square(difference).sum())
        count += difference.size
    if count == 0:
        return 0.0
    return min(_CAP_DB, float(-10 * np.log10(max(total / count, 1e-12))))
