"""What the quality score is worth on a sequence that nothing about it was chosen on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videdit.evaluation import auroc
from videdit.tracking import quality

GRID: Mapping[str, tuple[float, ...]] = {
    "overlap": (0.8, 1.0),
    "support": (0.0, 0.25),
    "steady": (0.0, 0.15, 0.25),
    "looks": (0.0, 0.1, 0.2),
    "tracker": (0.0, 0.05, 0.15),
}
"""Exponents that a form of the score may have; each combination is a form."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One sequence, frame by frame.

    figures: those of `quality.figures`; None where the object is absent
    own:     the score that was given, which is the tracker's where the object is absent
    failed:  whether the mask is wrong
    """

    figures: Sequence[Mapping[str, float] | None]
    own: Sequence[float]
    failed: Sequence[bool]


def left_out_auroc(sequences: Sequence[Judged]) -> tuple[float, float]:
    """Return the AUROC over all frames, each sequence scored with the form that finds the failures of the others best.

    First as the scores are; then each as its rank among the scores of the other sequences, in the same form: different
    forms have different scales, so that their scores cannot be compared with each other, but ranks can.
    """
    forms = [dict(zip(GRID, powers, strict=True)) for powers in itertools.product(*GRID.values())]
    tables = [[_scores(one, form) for one in sequences] for form in forms]
    raw, ranked = [], []
    for place in range(len(sequences)):
        others = [index for index in range(len(sequences)) if index != place]
        failed = [wrong for index in others for wrong in sequences[index].failed]
        pooled = [np.concatenate([table[index] for index in others]) for table in tables]
        best = max(range(len(forms)), key=lambda form: auroc(list(pooled[form]), failed))
        raw.append(tables[best][place])
        ranked.append(np.searchsorted(np.sort(pooled[best]), tables[best][place]) / len(failed))
    every = [wrong for one in sequences for wrong in one.failed]
    return auroc(list(np.concatenate(raw)), every), auroc(list(np.concatenate(ranked)), every)


def _scores(one: Judged, form: Mapping[str, float]) -> NDArray[np.float64]:
    found, before = [], 1.0
    fresh_start = False
    for figures, own in zip(one.figures, one.own, strict=True):
        if figures is None:
            found.append(own)
            fresh_start = True
            continue
        now = quality.score(figures, form)
        before = now if fresh_start else quality.held_back(now, before)
        fresh_start = False
        found.append(before)
    return np.array(found)
