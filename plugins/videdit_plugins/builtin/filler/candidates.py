"""Which frames to look at for a hole: nearest first, as long as each shows something useful."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from videdit import Region, Shot
from videdit.frames import Mask
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.mapping import grid, project, visible
from videdit_plugins.builtin.filler.pictures import Picture, Pictures
from videdit_plugins.builtin.filler.scale import Matrix

_LEVELS = ((1, 1), (8, 2), (28, 4), (48, 8), (200, 16))
"""Up to a distance, frames whose number is a multiple: fewer far away, and neighbours ask mostly for the same ones, so
that what is wrong with a source does not change from frame to frame."""
_SMALL_PX = 400


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
    """Return the frames worth aligning with a box of frame `index`, with their homographies.

    where:  (h, w) bool of the box: what is looked for
    among:  the frames to try
    hidden: hidden(index) -> (h, w) bool of the small picture: what stands before the ground there
    """
    # Only counts matter: of all but small areas every second pixel will do.
    step = 2 if np.count_nonzero(where) > _SMALL_PX else 1
    coarse = where[::step, ::step]
    area = max(1, int(np.count_nonzero(coarse)))
    seen = np.zeros(coarse.shape, np.int32)
    x, y = (plane[::step, ::step].copy() for plane in grid(box))
    chosen: list[tuple[Picture, Matrix]] = []
    for other in among:
        # Drift does not matter for counting, and most pairs need not be matched then.
        shown = coarse & visible(hidden(other), project(camera.product(index, other), (x, y)))
        if np.count_nonzero(shown & (seen < wanted.per_pixel)) < wanted.least_share * area:
            continue
        chosen.append((pictures[other], camera.between(index, other)))
        seen += shown
        if len(chosen) >= wanted.most:
            break
    return chosen


def box_around(hole: Mask, margin_px: float) -> Region:
    """Return the hole's box with a margin in which alignment and colours are compared."""
    return Region.of(hole).grown(max(2, round(margin_px)), (hole.shape[0], hole.shape[1]))
