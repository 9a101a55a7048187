"""What an object looked like on frames where its mask is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Frame, Mask, Region
from videdit.tracking.reidentify.cells import Cells, cells_of

INSIDE, OUTSIDE = 0.7, 0.02
LEAST_CELLS = 6
MOST_CELLS, MOST_GROUND_CELLS = 500, 500
PATCH = 12
"""Side of the square that an object's box is brought to, to compare layout and shape."""


@dataclass(frozen=True, slots=True)
class View:
    """One object on one frame.

    cells:  (n, D) float32 of the object; ground: (m, D) of what is not the object
    colour: (512,) float32, shares of its colours, adding up to 1
    patch:  (12, 12, 3) float32 Lab in its box; shape: (12, 12) float32 in [0, 1], its mask there
    box_px: height and width of its box; area_px: of its mask
    learned: what an engine's own descriptor says, (D,) float32 of length 1, by role
    ground_learned: the same of what surrounds it
    """

    cells: NDArray[np.float32]
    ground: NDArray[np.float32]
    colour: NDArray[np.float32]
    patch: NDArray[np.float32]
    shape: NDArray[np.float32]
    box_px: tuple[int, int]
    area_px: int
    learned: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    ground_learned: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def view_of(frame: Frame, mask: Mask, cells: Cells | None = None) -> View | None:
    """Look at an object on a frame; None if it is too small to tell anything."""
    cells = cells if cells is not None else cells_of(frame)
    share = cells.covered(mask)
    inside = share >= INSIDE
    if np.count_nonzero(inside) < LEAST_CELLS:
        inside = share >= min(INSIDE, float(share.max()) * 0.6)
        if not mask.any() or np.count_nonzero(inside) < 2:
            return None
    region = Region.of(mask)
    crop, part = frame.rgb8[region.slices], mask[region.slices]
    lab = cv2.cvtColor(cv2.resize(crop, (PATCH, PATCH), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    shape = cv2.resize(part.astype(np.float32), (PATCH, PATCH), interpolation=cv2.INTER_AREA)
    return View(
        _thinned(cells.features[inside], MOST_CELLS),
        _thinned(cells.features[share <= OUTSIDE], MOST_GROUND_CELLS),
        _colours(cv2.cvtColor(crop, cv2.COLOR_RGB2LAB)[part]),
        lab.astype(np.float32),
        np.asarray(shape, np.float32),
        (region.height, region.width),
        int(np.count_nonzero(mask)),
    )


def _thinned(rows: NDArray[np.float32], at_most: int) -> NDArray[np.float32]:
    step = -(-len(rows) // at_most) if len(rows) else 1
    return np.ascontiguousarray(rows[::step])


def _colours(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (512,) float32: shares of 8 x 8 x 8 colours; chroma is looked at in the middle half of its range."""
    light = lab[:, 0].astype(np.int32) // 32
    chroma = np.clip((lab[:, 1:].astype(np.int32) - 64) // 16, 0, 7)
    counts = np.bincount((light * 8 + chroma[:, 0]) * 8 + chroma[:, 1], minlength=512).astype(np.float32)
    cube: NDArray[np.float32] = counts.reshape(8, 8, 8)
    for axis in range(3):
        before = np.take(cube, np.maximum(np.arange(8) - 1, 0), axis)
        after = np.take(cube, np.minimum(np.arange(8) + 1, 7), axis)
        cube = np.asarray((before + 2 * cube + after) / 4, np.float32)
    return np.asarray(cube.ravel() / max(1.0, float(cube.sum())), np.float32)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Confirmed appearances of one object.

    near: what counts as alike: the usual distance of a cell of one view to the nearest of the other views
    """

    views: tuple[View, ...]
    near: float

    @classmethod
    def of(cls, views: Sequence[View]) -> Gallery:
        distances = []
        for number, one in enumerate(views):
            others = [other.cells for other in [*views[:number], *views[number + 1 :]]]
            if others:
                distances.append(np.median(nearest(one.cells, np.concatenate(others))))
        return cls(tuple(views), max(0.05, float(np.mean(distances))) if distances else 0.25)

    @property
    def cells(self) -> NDArray[np.float32]:
        return np.concatenate([one.cells for one in self.views])

    @property
    def ground(self) -> NDArray[np.float32]:
        return np.concatenate([one.ground for one in self.views])


def nearest(asked: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,) float32: the distance of each row to the nearest row of `known`."""
    if len(known) == 0:
        return np.full(len(asked), np.inf, np.float32)
    squares = (asked**2).sum(1)[:, None] - 2 * asked @ known.T + (known**2).sum(1)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), np.float32)
