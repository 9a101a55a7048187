"""Find a lost object again by what it looks like, anywhere in the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from videdit.frames import Region
from videdit_plugins.builtin.tracker.appearance import lift
from videdit_plugins.builtin.tracker.channels import to_cells
from videdit_plugins.builtin.tracker.colours import colour_bins, log_ratio
from videdit_plugins.builtin.tracker.features import descriptors
from videdit_plugins.builtin.tracker.memory import match
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.roi import CELL, GROWTH, LEAST_SIDE_PX, STEP, Roi, grid_scale
from videdit_plugins.builtin.tracker.target import Refused, Target

LONGEST_GRID_PX = 640
CLASSIFIER, COLOUR = 3.0, 2.0
WORTH_COMPARING = 0.3
LEAST_LIKENESS = 0.25
CANDIDATES = 4
OUT_OF_REACH = 0.5
"""How much less likely is a place that was in sight while another object hid the one that is looked for."""
REFUSED_FRAMES = 5
BETTER_THAN_THEN = 1.2
"""For so many frames a place that was looked at in vain is left out, and the next best ones get their turn, unless it
looks so many times as likely as it did then: the object may be coming out from behind something."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object may be.

    likely: (h, w) float32 of work size
    centre: (x, y) in work pixels
    mean:   of what is likely in the object's box there
    """

    likely: FloatMap
    centre: tuple[float, float]
    mean: float


def find_again(
    target: Target,
    plane: Plane,
    sides: tuple[int, int],
    refused: Sequence[Refused] = (),
    reach: FloatMap | None = None,
) -> list[Place]:
    """Return where `target` may be in `plane`, the likeliest place first.

    sides:   see `roi_around`
    refused: places where it was looked for in vain
    reach:   (h, w) float32 of work size, where it can be while another one hides it; None for anywhere

    The object is sought at the size it had when last seen, in every place. Where classifier and colours agree on it,
    the frames a person gave are asked too: much may be as red as a coat, little has its buttons.
    """
    roi = _whole(plane.size, target, sides)
    lab = roi.cut_lab(plane.bgr)
    cells = descriptors(lab)
    flat = cells.reshape(-1, cells.shape[2])
    # Any cell may be the middle of the object, so each one is asked about as if it were.
    nowhere = np.zeros((len(flat), 2), np.float32)
    said = target.appearance.classify(lift(np.concatenate([flat, nowhere], axis=1)))
    colour = to_cells(log_ratio(target.given_colours, colour_bins(lab)))
    likely = (1 / (1 + np.exp(-2 * (CLASSIFIER * said + COLOUR * colour)))).astype(np.float32)
    asked = likely > WORTH_COMPARING
    found = np.zeros(len(flat), np.float32)
    if asked.any():
        answers = [match(flat[asked], nowhere[asked], one, 0.0)[1] for one in target.closest(plane.index)]
        found[asked] = np.max(answers, axis=0)
    if reach is not None:
        likely *= OUT_OF_REACH + (1 - OUT_OF_REACH) * to_cells(roi.cut(reach))
    grid = (roi.grid[0] // CELL, roi.grid[1] // CELL)
    return _places((likely * found).reshape(grid), target, roi, plane, refused)


def _places(likely: FloatMap, target: Target, roi: Roi, plane: Plane, refused: Sequence[Refused]) -> list[Place]:
    """Return the boxes of the object's size that hold most of `likely`, (rows, columns) float32 of cells."""
    high, wide = target.usual_box
    size = (max(1, round(wide * roi.zoom[0] / CELL)), max(1, round(high * roi.zoom[1] / CELL)))
    least = LEAST_LIKENESS * target.usual_area / (high * wide)
    rest = likely.copy()
    cell = CELL / roi.zoom[0], CELL / roi.zoom[1]
    whole = _means(likely, size)
    for x, y, when, then in refused:
        column, row = min(round(x / cell[0]), likely.shape[1] - 1), min(round(y / cell[1]), likely.shape[0] - 1)
        if abs(plane.index - when) <= REFUSED_FRAMES and whole[row, column] <= BETTER_THAN_THEN * then:
            rest[_box(column, row, size, likely.shape).slices] = 0
    places = []
    for _ in range(CANDIDATES):
        _, best, _, (x, y) = cv2.minMaxLoc(_means(rest, size))
        if best < least:
            break
        box = _box(x, y, size, likely.shape)
        kept = np.zeros_like(likely)
        kept[box.slices] = rest[box.slices]
        rest[box.slices] = 0
        centre = (x * cell[0], y * cell[1])
        places.append(Place(roi.paste(kept, plane.size, 0.0), centre, float(whole[y, x])))
    return places


def _means(likely: FloatMap, size: tuple[int, int]) -> FloatMap:
    return np.asarray(cv2.boxFilter(likely, -1, size, borderType=cv2.BORDER_CONSTANT), np.float32)


def _box(x: int, y: int, size: tuple[int, int], grid: tuple[int, ...]) -> Region:
    corner = x - size[0] // 2, y - size[1] // 2
    return Region(corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]).grown(0, (grid[0], grid[1]))


def _whole(size: tuple[int, int], target: Target, sides: tuple[int, int]) -> Roi:
    """Return a window of the whole frame at the scale of the object's own."""
    side = GROWTH * max(target.usual_box)
    scale = min(grid_scale(max(side, LEAST_SIDE_PX), sides), LONGEST_GRID_PX / max(size))
    grid = (max(2 * STEP, STEP * round(size[0] * scale / STEP)), max(2 * STEP, STEP * round(size[1] * scale / STEP)))
    return Roi(Region.whole(size), grid, (size[1] / 2, size[0] / 2), side)
