"""How much work each quality level spends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from videdit.runtime import Quality


@dataclass(frozen=True, slots=True)
class Effort:
    """One level.

    grid_sides: least and largest length of the longer side of a window's grid
    fine_flow:  whether the flow is refined
    edges:      whether outlines are pulled to the edges of the picture
    behind:     whether frames are compared with what others show at the same places
    learned:    whether the network is asked
    """

    grid_sides: tuple[int, int]
    fine_flow: bool
    edges: bool
    behind: bool
    learned: bool


EFFORTS: Mapping[Quality, Effort] = {
    "draft": Effort((112, 176), fine_flow=False, edges=False, behind=False, learned=False),
    "standard": Effort((160, 240), fine_flow=True, edges=True, behind=True, learned=True),
    "best": Effort((224, 352), fine_flow=True, edges=True, behind=True, learned=True),
}
