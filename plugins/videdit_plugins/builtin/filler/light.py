"""What brings one frame's colours to the light of another: exposure and white balance drift while a camera turns."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask

_EVERY = 4
"""Every fourth row and column tell it well enough."""


def light_between(own: NDArray[np.uint8], other: NDArray[np.uint8], common: Mask) -> NDArray[np.float32]:
    """Return (3,) float32, the codes to add to `other` for the light of `own`, (h, w, 3) uint8 each; 0 if unknown.

    common: (h, w) bool, what both show. Few of these pixels may show other things.
    """
    some = common[::_EVERY, ::_EVERY]
    if not some.any():
        return np.zeros(3, np.float32)
    apart = own[::_EVERY, ::_EVERY][some].astype(np.int16) - other[::_EVERY, ::_EVERY][some]
    return np.asarray(np.median(apart, axis=0), np.float32)


def in_light(picture: NDArray[np.uint8], codes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return `picture`, (h, w, C) uint8, with `codes`, (C,), added to its channels."""
    if not codes.any():
        return picture
    brighter = np.clip(np.rint(np.arange(256)[:, None, None] + codes), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, brighter))
