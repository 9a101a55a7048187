"""What is covered of faces whose places are known, and what is left open between two frames that are covered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Box: TypeAlias = tuple[float, float, float, float]
Mask: TypeAlias = NDArray[np.bool_]
TRUTH = Path(__file__).with_name("truth.json")

LONGEST_GAP_FRAMES = 12
_SAME_FACE = 0.3  # overlap of two boxes
_COVERED = 0.9  # of the area of a face


def read_truth(film: str, height: int) -> dict[int, dict[int, Box]]:
    """Return frame -> face -> box, in pixels of the film at that height."""
    told = json.loads(TRUTH.read_text(encoding="utf-8"))["films"][film]
    scale = height / told["height"]
    truth: dict[int, dict[int, Box]] = {}
    for row in told["boxes"]:
        x0, y0, x1, y1 = (scale * value for value in row["box"])
        truth.setdefault(row["frame"], {})[row["face"]] = (x0, y0, x1, y1)
    return truth


def ellipse(box: Box, size: tuple[int, int], grow: float = 1.0) -> Mask:
    """Return the ellipse in a box, whose sides are `grow` times as long: (H, W) bool."""
    y, x = np.ogrid[: size[0], : size[1]]
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x, half_y = grow * (box[2] - box[0]) / 2, grow * (box[3] - box[1]) / 2
    inside: Mask = ((x + 0.5 - middle_x) / half_x) ** 2 + ((y + 0.5 - middle_y) / half_y) ** 2 <= 1
    return inside


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of the area of all faces together.

    missed:  left open of faces
    in_vain: covered where no face is
    open:    faces of which more than a tenth is left open, and how many there are
    """

    missed: float
    in_vain: float
    open: int
    faces: int


def coverage(truth: Mapping[int, Mapping[int, Box]], size: tuple[int, int], covered: Callable[[int], Mask]) -> Coverage:
    """Compare what is covered with the ellipses in the boxes that were drawn by hand."""
    missed = vain = total = 0
    left_open = count = 0
    for index, boxes in truth.items():
        mask = covered(index)
        faces = [ellipse(box, size) for box in boxes.values()]
        for face in faces:
            lost = int((face & ~mask).sum())
            missed += lost
            total += int(face.sum())
            left_open += lost > (1 - _COVERED) * int(face.sum())
            count += 1
        vain += int((mask & ~np.logical_or.reduce(faces)).sum())
    return Coverage(missed / total, vain / total, left_open, count)


def overlap(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return width * height / (sum(areas) - width * height)


def linked(found: Mapping[int, Sequence[Box]]) -> list[dict[int, Box]]:
    """Link single frames' boxes to rows, through gaps of at most LONGEST_GAP_FRAMES."""
    rows: list[dict[int, Box]] = []
    for index in sorted(found):
        boxes = found[index]
        open_rows = [row for row in rows if index - max(row) <= LONGEST_GAP_FRAMES + 1]
        cost = np.array([[_distance(row[max(row)], box) for box in boxes] for row in open_rows]).reshape(
            len(open_rows), len(boxes)
        )
        taken = set()
        for i, j in zip(*linear_sum_assignment(cost), strict=True):
            if cost[i, j] < 1:
                open_rows[i][index] = boxes[j]
                taken.add(j)
        rows += [{index: box} for j, box in enumerate(boxes) if j not in taken]
    return rows


def _distance(first: Box, second: Box) -> float:
    """Return how far two boxes' middles are apart, in sizes of the first; above 1 for very different sizes."""
    size, other = (np.sqrt((box[2] - box[0]) * (box[3] - box[1])) for box in (first, second))
    apart = np.hypot(first[0] + first[2] - second[0] - second[2], first[1] + first[3] - second[1] - second[3]) / 2
    return float(apart / size) if 0.5 < size / other < 2 else 9.0


def gaps(found: Mapping[int, Sequence[Box]], truth: Mapping[int, Mapping[int, Box]]) -> list[tuple[int, Box]]:
    """Return frame and place of every face that is found before and after, but not there.

    Rows that are no face, by the boxes drawn by hand, do not count. The place lies on the line between its neighbours.
    """
    result = []
    for row in linked(found):
        is_face = any(
            overlap(row[index], box) > _SAME_FACE for index in row if index in truth for box in truth[index].values()
        )
        frames = sorted(row)
        for before, after in itertools.pairwise(frames):
            for index in range(before + 1, after) if is_face else ():
                share = (index - before) / (after - before)
                x0, y0, x1, y1 = ((1 - share) * a + share * b for a, b in zip(row[before], row[after], strict=True))
                result.append((index, (x0, y0, x1, y1)))
    return result


def still_open(places: Sequence[tuple[int, Box]], size: tuple[int, int], covered: Callable[[int], Mask]) -> int:
    """Return of how many of these faces more than a tenth is open."""
    count = 0
    for index, box in places:
        face = ellipse(box, size)
        count += int((face & ~covered(index)).sum()) > (1 - _COVERED) * int(face.sum())
    return count
