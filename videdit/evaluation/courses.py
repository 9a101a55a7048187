"""Mean, recall and decay of a figure over the frames of a sequence, as DAVIS takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RECALL_ABOVE = 0.5
_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Course:
    """How a figure went through a sequence; NaN where nothing was measured.

    mean:   over the frames
    recall: share of the frames above 0.5
    decay:  mean of the first quarter less that of the last; positive where it gets worse
    """

    mean: float
    recall: float
    decay: float


def course_of(values: Sequence[float]) -> Course:
    """Return mean, recall and decay of one object's values, one for each frame that counts.

    The quarters share their border frames, as in DAVIS's code. Its Python form keeps frame numbers in 8 bits, so that
    the decay of sequences beyond 255 frames is wrong there; here it is not.
    """
    series = np.asarray(values, dtype=np.float64)
    if series.size == 0:
        return Course(float("nan"), float("nan"), float("nan"))
    # The small term rounds halves up, where numpy would round them to even.
    borders = (np.round(np.linspace(1, series.size, _QUARTERS + 1) + 1e-10) - 1).astype(int)
    first = series[borders[0] : borders[1] + 1]
    last = series[borders[-2] : borders[-1] + 1]
    return Course(float(series.mean()), float((series > RECALL_ABOVE).mean()), float(first.mean() - last.mean()))


def counted(frame_count: int) -> range:
    """Return the frames that DAVIS counts: all but the first, which is given, and the last."""
    return range(1, frame_count - 1)
