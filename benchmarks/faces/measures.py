"""What is covered of faces whose places are known, and what is left open between two frames that are covered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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


def places_of(truth: Mapping[int, Mapping[int, Box]], clear: Mapping[int, Sequence[Box]]) -> dict[int, dict[int, Box]]:
    """Return frame -> face -> box for every frame between two with boxes drawn by hand.

    clear: what a detector finds in the undisturbed film. Where one of its boxes lies on the line between the drawn ones
           it is the place, otherwise the line is.
    """
    places: dict[int, dict[int, Box]] = {index: dict(boxes) for index, boxes in truth.items()}
    for before, after in itertools.pairwise(sorted(truth)):
        for face in truth[before].keys() & truth[after].keys():
            for index in range(before + 1, after):
                share = (index - before) / (after - before)
                pairs = zip(truth[before][face], truth[after][face], strict=True)
                x0, y0, x1, y1 = ((1 - share) * a + share * b for a, b in pairs)
                line = (x0, y0, x1, y1)
                near = max(clear.get(index, ()), key=lambda box: overlap(line, box), default=line)
                places.setdefault(index, {})[face] = near if overlap(line, near) > _SAME_FACE else line
    return places


def open_faces(
    places: Mapping[int, Mapping[int, Box]], size: tuple[int, int], covered: Callable[[int], Mask]
) -> set[tuple[int, int]]:
    """Return frame and number of every face of which more than a tenth is open."""
    result = set()
    for index, boxes in places.items():
        for face, box in boxes.items():
            inside = ellipse(box, size)
            if int((inside & ~covered(index)).sum()) > (1 - _COVERED) * int(inside.sum()):
                result.add((index, face))
    return result


def covered_around(places: Mapping[int, Mapping[int, Box]], left_open: Set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the faces that are covered on one of the frames before and on one of those after."""
    everywhere = {(index, face) for index, boxes in places.items() for face in boxes}
    covered = everywhere - left_open
    reach = range(1, LONGEST_GAP_FRAMES + 1)
    return {
        (index, face)
        for index, face in everywhere
        if any((index - step, face) in covered for step in reach)
        and any((index + step, face) in covered for step in reach)
    }
