"""Where a thing is, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Boxes: TypeAlias = NDArray[np.float64]
"""(N, 4) float64: left, top, right, bottom in pixels of the upright frame."""
Source: TypeAlias = Literal["detected", "filled", "manual"]
Doubt: TypeAlias = Literal["", "faint", "late", "lost", "gap"]
"""faint: the detector was never sure of it; late: it was there in the middle of the picture at once; lost: it was gone
from the middle of the picture at once; gap: not found again for long."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A thing on one frame.

    box:    left, top, right, bottom in pixels
    score:  the detector's; of a filled one, the lower of its neighbours'
    source: "detected" by the detector, "filled" in between or at an end, "manual" where a person said so
    """

    index: int
    box: tuple[float, float, float, float]
    score: float
    source: Source
    doubt: Doubt = ""


@dataclass(frozen=True, slots=True)
class Tracklet:
    """A thing followed through one shot.

    sightings: one for each frame it is on, in order
    looks:     what it looks like, one row of length 1 each; empty if the detector cannot tell
    """

    sightings: tuple[Sighting, ...]
    looks: tuple[tuple[float, ...], ...] = ()

    @property
    def best(self) -> Sighting:
        """The sighting that shows it best: the surest of the larger ones."""
        return max(self.sightings, key=lambda one: (one.source != "filled", one.score * _area(one.box) ** 0.25))


def _area(box: tuple[float, float, float, float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def as_boxes(boxes: Sequence[Sequence[float] | NDArray[np.float64]]) -> Boxes:
    """Return boxes as an array; (0, 4) if there are none."""
    return np.array(boxes, np.float64).reshape(-1, 4)


def as_tuple(box: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return one box as plain numbers."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return x0, y0, x1, y1
