"""All that is kept of one object between two frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.tracker.appearance import Appearance
from videdit_plugins.builtin.tracker.memory import Exemplar, Places
from videdit_plugins.builtin.tracker.planes import FloatMap

KEPT_GIVEN = 8

Refused = tuple[float, float, int, float]
"""(x, y, frame, mean) of a place where an object was looked for in vain, in work pixels, and how likely it looked."""


class Decoy(NamedTuple):
    """What looks like an object and is not it: its centre in work pixels, and how likely it looked."""

    x: float
    y: float
    mean: float


@dataclass(slots=True)
class Target:
    """One object.

    probability:    (h, w) float32 of work size, on the last frame handled
    given:          frames a person gave; the first is never dropped
    given_colours:  (2, 16, 16, 16) float32 histograms of the given frames, None before the first
    recent_colours: the same of the tracked ones
    usual_box:      running mean of the (height, width) of the object's box, in work pixels
    usual_area:     running mean of the area, in work pixels
    first_match:    match with the given frames on the first tracked frame, 0 before it
    usual_match:    running mean of the match with the given frames, 0 before the first tracked frame
    usual_contrast: running mean of the contrast with its surroundings, 0 before the first tracked frame
    usual_apart:    running mean of how far it is from the ground, 0 as long as that is not known
    gap:            largest distance between parts of the given mask, in square roots of its area
    lost:           for how many frames it has not been seen
    doubted:        for how many frames what was followed has hardly looked like it
    left:           whether it touched the frame's border when it was last seen
    last_places:    what the network remembers of the last frame it was seen on, None without one
    refused:        places where it was looked for in vain of late
    decoys:         (x, y, mean) of what looked like it when it was last seen for sure, in work pixels, and how likely;
                    None while it is seen for sure
    friends:        ids of objects it may share pixels with
    reach:          (h / 2, w / 2) bool, where it can be while another object may hide it, None if none does
    """

    probability: FloatMap
    usual_box: tuple[float, float] = (0.0, 0.0)
    usual_area: float = 0.0
    first_match: float = 0.0
    usual_match: float = 0.0
    usual_contrast: float = 0.0
    usual_apart: float = 0.0
    gap: float = 0.0
    lost: int = 0
    doubted: int = 0
    left: bool = False
    refused: list[Refused] = field(default_factory=list)
    decoys: list[Decoy] | None = None
    friends: set[int] = field(default_factory=set)
    given: list[Exemplar] = field(default_factory=list)
    appearance: Appearance = field(default_factory=Appearance.empty)
    given_colours: NDArray[np.float32] | None = None
    recent_colours: NDArray[np.float32] | None = None
    last_places: Places | None = None
    reach: NDArray[np.bool_] | None = None

    @property
    def known(self) -> bool:
        """Whether a mask that is not empty has been given."""
        return bool(self.given)

    def closest(self, index: int) -> list[Exemplar]:
        """Return the first given frame, and of the others the one nearest to frame `index`."""
        return self.given[:1] + sorted(self.given[1:], key=lambda one: abs(one.index - index))[:1]

    SCALARS: ClassVar = (
        "usual_area",
        "first_match",
        "usual_match",
        "usual_contrast",
        "usual_apart",
        "gap",
        "lost",
        "doubted",
        "left",
    )
