"""Make a fill meet its surroundings: the difference on the rim, extended inwards and added."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane, extend

_LEAST_LIMIT_CODES = 24.0
_MEDIANS = 2.5
_MOST_CODES = 25.0


def rim_correction(fill: Plane, own: Plane, rim: Mask) -> Plane:
    """Return what to add to a fill so that it continues its surroundings, (h, w, 3) float32 in codes.

    fill: (h, w, 3) float32, the fill, valid on the rim too
    own:  (h, w, 3) float32, the frame
    rim:  (h, w) bool, pixels around the hole where both are known

    Rim pixels that differ much are other things, not other light, and do not count; what is added is bounded, so
    that they cannot leak in. It acts as Poisson blending with the fill's own gradients.
    """
    difference = own - fill
    red, green, blue = cv2.split(np.abs(difference))
    size = np.asarray(cv2.max(cv2.max(red, green), blue))
    limit = max(_LEAST_LIMIT_CODES, _MEDIANS * float(np.median(size[rim]))) if rim.any() else 0.0
    trust = (rim & (size < limit)).astype(np.float32)
    return np.clip(extend(difference, trust), -_MOST_CODES, _MOST_CODES)
