"""Ask the segmenter where the tracker is in doubt, and take its answer only where it can be believed.

Source: Yang et al., "Track Anything", 2023, section 3.2, step 3. What the paper leaves open, how a result is judged and
which answers are taken, is this project's own and measured by benchmarks/refinement.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, ValidationError

from videdit.errors import OptionError, faults_of
from videdit.frames import Alpha, FrameSequence, Mask
from videdit.prompts import Click
from videdit.runtime import Options
from videdit.segmenter import Hypothesis, Segmenter
from videdit.tracking.projecting import Projected, holes_of, missing_rim_px, obeyed, project
from videdit.tracking.quality import overlap

Refine: TypeAlias = Literal["auto", "on", "off"]
STRONG_RANK = 50
"""Rank of a segmenter from which `auto` refines: Segment Anything and its like."""


class RefineOptions(Options):
    """When a tracked mask is refined, and which answers are taken."""

    gate: float = Field(0.7, ge=0, le=1, description="quality below which the segmenter is asked")
    positive_points: int = Field(3, ge=1, le=16, description="points on the object, at most")
    negative_points: int = Field(
        4, ge=0, le=32, description="points on rivals, in holes and beside the object, at most"
    )
    agreement: float = Field(0.5, ge=0, le=1, description="overlap with the tracker's mask that an answer needs")
    answer_score: float = Field(0.7, ge=0, le=1, description="score of its own that an answer needs")
    growth: float = Field(2.0, ge=1, description="how many times the confirmed area an answer may be, or a part of it")
    rest_frames: int = Field(4, ge=0, description="frames without a question after a refused answer")


def check_refine_options(options: Mapping[str, Any]) -> RefineOptions:
    """Return the options; raises OptionError that names the one at fault."""
    try:
        return RefineOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise OptionError(f"refine_options.{key}: {first['msg']}") from error


@dataclass(frozen=True, slots=True)
class Decision:
    """What was asked and decided on one frame.

    why: one sentence
    """

    accepted: bool
    why: str
    quality: float
    points: tuple[Click, ...] = ()
    answer: Hypothesis | None = None
    agreement: float | None = None

    def facts(self) -> dict[str, Any]:
        """Return the decision as it is kept beside the mask, and exported."""
        facts: dict[str, Any] = {"accepted": self.accepted, "why": self.why, "quality": round(self.quality, 4)}
        if self.points:
            facts["points"] = [[round(one.x, 1), round(one.y, 1), int(one.positive)] for one in self.points]
        if self.answer is not None:
            facts["answer_score"] = round(float(self.answer.score), 4)
        if self.agreement is not None:
            facts["agreement"] = round(self.agreement, 4)
        return facts


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A mask in doubt, and what is known of the object.

    belief:         (H, W) float32 in [0, 1]
    rivals:         object id -> (H, W) bool
    quality:        the estimate of its IoU
    confirmed_area: pixels of the mask that a person confirmed last
    drift:          logarithm of the area's change since then that motion does not explain
    holed:          whether that mask had holes
    looks:          mask -> likeness of its colours to the confirmed ones, in [0, 1]
    """

    index: int
    mask: Mask
    belief: Alpha
    rivals: Mapping[int, Mask]
    quality: float
    confirmed_area: int
    drift: float
    holed: bool
    looks: Callable[[Mask], float]


class Refiner:
    """Puts doubtful masks to a segmenter."""

    def __init__(self, segmenter: Segmenter, frames: FrameSequence, options: RefineOptions) -> None:
        self._segmenter = segmenter
        self._frames = frames
        self._options = options

    def ask(self, doubtful: Doubtful) -> Decision:
        """Return what the segmenter says, and whether it is taken."""
        options = self._options
        projected = project(
            doubtful.mask,
            doubtful.belief,
            doubtful.rivals,
            doubtful.index,
            positives=options.positive_points,
            negatives=options.negative_points,
            missing_px=missing_rim_px(int(np.count_nonzero(doubtful.mask)), doubtful.drift),
            holed=doubtful.holed,
        )
        if projected is None:
            return Decision(False, "there is nothing to point at", doubtful.quality)
        answers = self._answers(projected, doubtful.index)
        refusals = []
        for answer in answers:
            agreement = overlap(answer.mask, doubtful.mask)
            why = self._refusal(answer, agreement, projected, doubtful)
            if not why:
                return Decision(True, "the answer is taken", doubtful.quality, projected.points, answer, agreement)
            refusals.append(Decision(False, why, doubtful.quality, projected.points, answer, agreement))
        return refusals[0] if refusals else Decision(False, "no answer", doubtful.quality, projected.points)

    def _answers(self, projected: Projected, index: int) -> Sequence[Hypothesis]:
        with faults_of("the segmenter", f"frame {index}"):
            answers = self._segmenter.segment(self._frames, index, projected.prompts(index), projected.mask)
        return [answer for answer in answers if answer.mask.any()]

    def _refusal(self, answer: Hypothesis, agreement: float, projected: Projected, doubtful: Doubtful) -> str:
        """Return why an answer is not taken, "" if it is."""
        options = self._options
        if answer.score < options.answer_score:
            return f"the answer's score {answer.score:.2f} is below {options.answer_score:g}"
        # A right answer overlaps a mask by that mask's own IoU: less can be asked of it where that is low.
        needed = min(options.agreement, max(LEAST_AGREEMENT * options.agreement, doubtful.quality))
        if agreement < needed:
            return f"the answer overlaps the tracker's mask by {agreement:.2f}, below {needed:.2f}"
        if obeyed(answer.mask, projected.points) < 1:
            return "the answer leaves out points of the object, or covers points beside it"
        area, before = (
            np.count_nonzero(mask) / max(1, doubtful.confirmed_area) for mask in (answer.mask, doubtful.mask)
        )
        # What comes nearer grows: then the area that motion explains counts, not the confirmed one.
        unexplained = abs(np.log(area / before) + doubtful.drift)
        if abs(np.log(area)) > max(np.log(options.growth), abs(np.log(before))) and unexplained > EXPLAINED:
            return f"the answer's area is {area:.2f} times the confirmed one"
        if doubtful.holed and fills_holes(doubtful.mask, answer.mask):
            return "the answer fills holes of the object"
        if doubtful.looks(answer.mask) < doubtful.looks(doubtful.mask) - LESS_ALIKE:
            return "the answer's colours are less like the confirmed ones than the tracker's"
        return ""


LEAST_AGREEMENT = 0.6
"""Share of the agreement that an answer needs where the tracker's mask is worth nothing."""
EXPLAINED = float(np.log(1.5))
"""Logarithm of the area up to which an answer has the size that motion makes of the confirmed one."""
LESS_ALIKE = 0.03
"""What the likeness of the colours may lose."""
FILLED = 0.5
"""Share of the holes' area above which they count as filled."""
HOLED = 0.02
"""Share of a mask's area that its holes need, to be a feature of the object and no speck."""


def is_holed(mask: Mask) -> bool:
    """Return whether a mask has holes that are a feature of its object."""
    return bool(holes_of(mask)[1].sum() > HOLED * np.count_nonzero(mask))


def fills_holes(before: Mask, after: Mask) -> bool:
    """Return whether `after` covers most of what `before` encloses as holes: the spokes of a wheel, say."""
    if not is_holed(before):
        return False
    numbers, areas = holes_of(before)
    return bool(np.count_nonzero(after & (numbers > 0)) > FILLED * areas.sum())
