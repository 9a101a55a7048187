"""Turn prompts into the questions that Segment Anything answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit.prompts import Box, Click, MaskPrompt, Prompt, Stroke

PIXELS_PER_STROKE_POINT = 24
"""A stroke gets one point for each of these, up to the bound: a short one means one place."""


@dataclass(slots=True)
class Question:
    """Points and at most one box, about one thing.

    points: (x, y, whether it belongs to the object), pixels of the frame
    box:    the box, corners included, or None
    """

    points: list[tuple[float, float, bool]] = field(default_factory=list)
    box: tuple[float, float, float, float] | None = None

    @property
    def ambiguous(self) -> bool:
        """One point may mean a part, the thing, or all of which it is part."""
        return self.box is None and len(self.points) == 1

    @property
    def points_at_something(self) -> bool:
        return self.box is not None or any(positive for _, _, positive in self.points)


def questions(prompts: Sequence[Prompt], stroke_points: int) -> list[Question]:
    """Return one question for each box, and one for the positive points that lie in no box.

    A point within a box joins that box; a negative point concerns every question. The object is what the answers
    cover together. Without boxes there is one question, which may be empty.
    """
    found = [Question(box=_corners(one)) for one in prompts if isinstance(one, Box)]
    points = [point for one in prompts for point in _points(one, stroke_points)]
    loose = [point for point in points if point[2] and not any(_holds(one.box, point) for one in found)]
    if loose or not found:
        found.append(Question(list(loose)))
    for question in found:
        inside = [point for point in points if point[2] and point not in loose and _holds(question.box, point)]
        question.points += inside + [point for point in points if not point[2]]
    return found


def drawn_mask(prompts: Sequence[Prompt]) -> Mask | None:
    """Return the last mask among the prompts, if it is not empty."""
    masks = [one.mask for one in prompts if isinstance(one, MaskPrompt) and one.mask is not None and one.mask.any()]
    return masks[-1] if masks else None


def mask_box(mask: Mask) -> tuple[float, float, float, float]:
    """Return the corners of what a mask covers, included."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])


def along(points: NDArray[np.float64], at_most: int) -> NDArray[np.float64]:
    """Return points spread evenly along a line, (n, 2), by its length: at least one, its middle."""
    steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(0)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    count = min(at_most, 1 + int(at[-1] // PIXELS_PER_STROKE_POINT))
    wanted = (np.arange(count) + 0.5) / count * at[-1]
    return np.stack([np.interp(wanted, at, points[:, axis]) for axis in (0, 1)], axis=1)


def _points(prompt: Prompt, stroke_points: int) -> list[tuple[float, float, bool]]:
    if isinstance(prompt, Click):
        return [(prompt.x, prompt.y, prompt.positive)]
    if isinstance(prompt, Stroke):
        spread = along(np.asarray(prompt.points, np.float64), stroke_points)
        return [(float(x), float(y), prompt.positive) for x, y in spread]
    return []


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, max(box.x0, box.x1 - 1), max(box.y0, box.y1 - 1)


def _holds(box: tuple[float, float, float, float] | None, point: tuple[float, float, bool]) -> bool:
    return box is not None and box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
