"""How well an engine's own score finds the frames that failed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from videdit.errors import ShapeError

FAILED_BELOW = 0.7
"""IoU below which a mask counts as failed."""


def auroc(scores: Sequence[float], failed: Sequence[bool]) -> float:
    """Return the chance that a failed frame has a lower score than a good one; ties count half.

    scores: one for each frame; the higher, the surer the engine was
    failed: whether the frame failed

    Returns NaN if no frame failed, or all did. Raises ShapeError if the lengths differ.
    """
    if len(scores) != len(failed):
        raise ShapeError(f"{len(scores)} scores do not fit {len(failed)} frames")
    bad = np.asarray(failed, dtype=np.bool_)
    bad_count = int(bad.sum())
    good_count = bad.size - bad_count
    if bad_count == 0 or good_count == 0:
        return float("nan")
    # Ranks make Mann and Whitney's statistic of n log n steps; ties get their mean rank.
    of_good = rankdata(np.asarray(scores, dtype=np.float64))[~bad].sum()
    return float((of_good - good_count * (good_count + 1) / 2) / (good_count * bad_count))
