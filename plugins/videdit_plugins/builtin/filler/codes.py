"""Codes of 0..255, in which the filler reckons, and the units of the frames themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Rgb

_UINT16_UNITS = 257


def units_per_code(like: NDArray[Any]) -> int:
    """Return how many units of the frame `like`, uint8 or uint16, make one code."""
    return _UINT16_UNITS if like.dtype == np.uint16 else 1


def in_codes(rgb: NDArray[np.float32], correction: NDArray[np.float32], like: Rgb) -> Rgb:
    """Return `rgb`, in the units of the frame `like`, plus `correction` in codes of 0..255, rounded to its dtype."""
    unit = units_per_code(like)
    return np.asarray(np.clip(np.rint(rgb + unit * correction), 0, 255 * unit).astype(like.dtype))
