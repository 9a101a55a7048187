"""Hold found changes against true ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.shots.films import Span
from videdit.shot_detector import ShotChange

TOLERANCE_FRAMES = 2
KINDS = ("cut", "dissolve", "long dissolve", "fade")


@dataclass(slots=True)
class Score:
    """Counts over any number of films; `+=` by calling `add` once for each.

    found, true: by kind of the true change
    named:       of those found, how many were given their right kind
    false:       by what fooled the detector: a trap, "twice" (a second finding for one change) or "motion"
    """

    true: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: int = 0
    false: Counter[str] = field(default_factory=Counter)

    def add(self, changes: Sequence[ShotChange], truth: Sequence[Span], traps: Sequence[Span]) -> None:
        """Count one film. A true change is matched by at most one finding, within two frames of it or of its span."""
        self.true.update(span.kind for span in truth)
        unmatched = list(truth)
        for change in changes:
            span = next((one for one in unmatched if _meets(change.index, one)), None)
            if span is not None:
                unmatched.remove(span)
                self.found[span.kind] += 1
                self.named += change.kind == span.kind.removeprefix("long ")
            elif any(_meets(change.index, one) for one in truth):
                self.false["twice"] += 1
            else:
                self.false[next((one.kind for one in traps if _meets(change.index, one)), "motion")] += 1

    def recall(self, kind: str | None = None) -> float:
        """Return the share of true changes that were found, of one kind or of all."""
        found, true = (self.found.total(), self.true.total()) if kind is None else (self.found[kind], self.true[kind])
        return found / true if true else 1.0

    def precision(self, kind: str | None = None) -> float:
        """Return the share of findings that are true. A false alarm has no true kind, so it counts against each."""
        found = self.found.total() if kind is None else self.found[kind]
        return found / (found + self.false.total()) if found else 0.0

    def f1(self, kind: str | None = None) -> float:
        """Return the harmonic mean of precision and recall."""
        precision, recall = self.precision(kind), self.recall(kind)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _meets(index: int, span: Span) -> bool:
    return span.start - TOLERANCE_FRAMES <= index <= max(span.start, span.stop - 1) + TOLERANCE_FRAMES
