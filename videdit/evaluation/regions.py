"""J of DAVIS: how well two masks cover each other."""

from __future__ import annotations

import numpy as np

from videdit.errors import ShapeError
from videdit.frames import Mask


def jaccard(result: Mask, truth: Mask) -> float:
    """Return the intersection over union of two masks; 1 if both are empty, 0 if one of them is.

    result, truth: (H, W) bool

    Raises ShapeError when the sizes differ.
    Source: F. Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation", 2016,
    section 5.1.
    """
    if result.shape != truth.shape:
        raise ShapeError(f"masks of one size can be compared, not {result.shape} and {truth.shape}")
    union = int(np.count_nonzero(result | truth))
    return int(np.count_nonzero(result & truth)) / union if union else 1.0
