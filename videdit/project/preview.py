"""What a person sees before anything is tracked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask


@dataclass(frozen=True, slots=True)
class Preview:
    """A still with what the prompts select on it.

    rgb:    (H, W, 3) uint8
    masks:  object name -> (H, W) bool
    scores: object name -> estimate of the IoU, in [0, 1]
    """

    index: int
    rgb: NDArray[np.uint8]
    masks: Mapping[str, Mask]
    scores: Mapping[str, float]
