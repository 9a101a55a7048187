"""What is kept of one object on one frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from videdit.errors import ProjectError
from videdit.masks.packed import PackedMask
from videdit.masks.packed_probability import PackedProbability
from videdit.objects import MAX_OBJECT_ID

Origin: TypeAlias = Literal[
    "prompt",  # a segmenter made it of what a person pointed at
    "corrected",  # a person drew or confirmed it after tracking
    "imported",  # it came from a file
    "detected",  # a detector found it
    "tracked",  # a tracker carried it here
    "refined",  # tracked, then improved by a segmenter
    "filled",  # made of the masks of neighbouring frames
    "reidentified",  # found again by its looks, after a cut or an occlusion
    "absent",  # the object was looked for and is not on the frame
]
"""Where a mask came from."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)


# More than any film has; what lies beyond, a date in a file's name for one, does not fit the database.
_LAST_INDEX = 2**40


@dataclass(frozen=True, slots=True)
class MaskEntry:
    """One object on one frame. An empty mask says that the object is absent there.

    object_id: 1..65535
    index:     number of the frame in its film, from 0
    score:     estimate of the IoU with the truth, in [0, 1]
    origin:    where the mask came from
    evidence:  named figures that the score was made of; as JSON can hold them
    probability: how likely what lies around the mask is the object's too; None if nobody can tell
    """

    object_id: int
    index: int
    mask: PackedMask
    score: float = 1.0
    origin: Origin = "imported"
    evidence: Mapping[str, Any] = field(default_factory=dict)
    probability: PackedProbability | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.object_id <= MAX_OBJECT_ID:
            raise ProjectError(f"object id {self.object_id} is not in 1..{MAX_OBJECT_ID}", where=f"frame {self.index}")
        if not 0 <= self.index <= _LAST_INDEX:
            raise ProjectError(f"{self.index} is no frame number", where=f"object {self.object_id}")
        if self.origin not in ORIGINS:
            raise ProjectError(
                f"{self.origin!r} is no origin of a mask", where=self.where, next_step=f"one of {', '.join(ORIGINS)}"
            )
        if not math.isfinite(self.score):
            raise ProjectError(f"a score is a finite number, not {self.score}", where=self.where)

    @property
    def where(self) -> str:
        """The object and the frame, as errors name them."""
        return f"object {self.object_id}, frame {self.index}"
