"""Which frames to look at for a hole: those that between them show most of it, near ones before far ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Mask
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.mapping import folded, grid, project, visible
from videdit_plugins.builtin.filler.pictures import Picture, Pictures
from videdit_plugins.builtin.filler.scale import Matrix

_LEVELS = ((1, 1), (8, 2), (28, 4), (48, 8), (200, 16))
"""Up to a distance, frames whose number is a multiple: fewer far away, and neighbours ask mostly for the same ones, so
that what is wrong with a source does not change from frame to frame."""
_SMALL_PX = 400
_PER_FRAME = 0.05


@dataclass(frozen=True, slots=True)
class Wanted:
    """per_pixel: sources after which a pixel has enough. most: frames looked at in all.

    least_share: of what is looked for, the least that a frame must show which has not enough yet
    """

    per_pixel: int
    most: int
    least_share: float = 0.02


def sources(index: int, shot: Shot, reach: int) -> Iterator[int]:
    """Yield the frames to try for frame `index`, nearest first, the past before the future."""
    for distance in range(1, reach + 1):
        step = next((step for most, step in _LEVELS if distance <= most), _LEVELS[-1][1])
        for other in (index - distance, index + distance):
            if other % step == 0 and other in shot:
                yield other


def useful_frames(
    index: int,
    box: Region,
    where: Mask,
    among: Iterable[int],
    pictures: Pictures,
    camera: Camera,
    wanted: Wanted,
    hidden: Callable[[int], Mask],
) -> list[tuple[Picture, Matrix]]:
    """Return the frames worth aligning with a box of frame `index`, nearest first, with their homographies.

    where:  (h, w) bool of the box: what is looked for
    among:  the frames to try, nearest first
    hidden: hidden(index) -> (h, w) bool of the small picture: what stands before the ground there
    """
    # Only counts matter: of all but small areas every second pixel will do.
    step = 2 if np.count_nonzero(where) > _SMALL_PX else 1
    coarse = where[::step, ::step]
    count = np.count_nonzero(coarse)
    if count == 0:
        return []
    x, y = (folded(plane[::step, ::step][coarse]) for plane in grid(box))
    frames, shows = [], []
    for other in among:
        # Drift does not matter for counting, and most pairs need not be matched then.
        shown = visible(hidden(other), project(camera.product(index, other), (x, y))).ravel()[:count]
        if shown.any():
            frames.append(other)
            shows.append(shown)
    chosen = most_telling(np.array([abs(other - index) for other in frames]), shows, wanted)
    return [(pictures[frames[one]], camera.between(index, frames[one])) for one in sorted(chosen)]


def most_telling(distances: NDArray[np.int64], shows: Sequence[Mask], wanted: Wanted) -> list[int]:
    """Choose frames by what they show, (pixels,) bool each, and return their numbers: next is the one that adds most.

    A pixel that n chosen frames show already adds 1 / (1 + n), and nothing once it has enough. While an object rests,
    the frames beside show slivers of what it hides; so they do not use up the places of those that show all of it.
    """
    left = np.arange(len(shows))
    shown = np.array(shows, np.bool_)
    seen = np.zeros(shown.shape[1:], np.float32)
    chosen: list[int] = []
    while len(left) and len(chosen) < wanted.most:
        lacking = (seen < wanted.per_pixel).astype(np.float32)
        adds, worth = _sums(shown, left, lacking, lacking / (1 + seen))
        enough = adds >= wanted.least_share * len(seen)
        left, worth = left[enough], worth[enough]
        if not len(left):
            break
        best = int(np.argmax(worth * nearness(distances[left])))
        chosen.append(int(left[best]))
        seen += shown[left[best]]
        left = np.delete(left, best)
    return chosen


@numba.njit(cache=True, nogil=True, fastmath=True)
def _sums(shown, frames, first, second):  # type: ignore[no-untyped-def]
    """Return the sums of two planes over what each of some frames shows, (frames,) float32 each.

    A BLAS would round as the number of its threads is, and what is chosen must not depend on that.
    """
    one, other = np.zeros(len(frames), np.float32), np.zeros(len(frames), np.float32)
    for number in range(len(frames)):
        row = shown[frames[number]]
        total, weighed = np.float32(0), np.float32(0)
        for p in range(row.size):
            here = np.float32(row[p])
            total += here * first[p]
            weighed += here * second[p]
        one[number], other[number] = total, weighed
    return one, other


def nearness(distances: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what frames so many frames away count, 1 for those that are beside."""
    return (1 / (1 + _PER_FRAME * distances)).astype(np.float32)


def box_around(hole: Mask, margin_px: float) -> Region:
    """Return the hole's box with a margin in which alignment and colours are compared."""
    return Region.of(hole).grown(max(2, round(margin_px)), (hole.shape[0], hole.shape[1]))
