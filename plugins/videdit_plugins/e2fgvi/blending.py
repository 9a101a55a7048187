"""Make one fill of what several windows predict for a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Fill = NDArray[np.float32]


def blend(fills: Sequence[tuple[int, Fill]]) -> Fill:
    """Return the weighted mean.

    fills: weight, and (h, w, 3) float32 in [0, 1]
    """
    total = sum(weight for weight, _ in fills)
    mean = sum((weight / total) * rgb.astype(np.float64) for weight, rgb in fills)
    return np.asarray(mean, np.float32)


def rounded(rgb: Fill, dtype: Any) -> NDArray[Any]:
    """Return (h, w, 3) float32 in [0, 1] as `dtype`, uint8 or uint16 at full scale."""
    scaled: NDArray[Any] = np.rint(np.clip(rgb, 0, 1) * np.iinfo(dtype).max).astype(dtype)
    return scaled


def blend_running(fills: Sequence[Fill], dtype: Any) -> NDArray[Any]:
    """Return the fills in order, each blended half and half with what came before it, fractions cut off.

    This is what the authors' procedure does: the last window counts as much as all before it.

    fills: (h, w, 3) float32 in [0, 1]

    Returns (h, w, 3) of `dtype`, uint8 or uint16 at full scale. Predictions are cut to 8 bits either way, as theirs
    are; of 16 bits the blend of them is kept to the fraction, which is what their evaluation measures.
    """
    running, *others = (np.floor(np.clip(rgb, 0, 1) * 255) for rgb in fills)
    for one in others:
        running = running * 0.5 + one * 0.5
    return (running if dtype == np.uint8 else np.rint(running * 257)).astype(dtype)
