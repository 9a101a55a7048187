"""How much darker the ground of a frame is than when it is lit."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import cv2
import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.ground import Lit, Look

MEAN = np.full((1, 3), 1 / 3)
"""Of the channels, for `cv2.transform`."""
_SMOOTH_PX = 2.0
_ROUGH_PX = 3.0
_AROUND_PX = 30.0
_COARSE = 4
_SLIGHT = log(0.92)
_NEARLY_BLACK = 0.02
_TINTED = 0.35
_ROUGH_ANYWAY, _ROUGH_SHARE = 0.06, 0.45


@dataclass(frozen=True, slots=True)
class Darkening:
    """What one frame alone shows.

    dark:  (h, w) float32, logarithm of the share of light that is left, compared with the wider surroundings; 0 where
           that is not known
    known: (h, w) bool, the lit ground is known and the object does not hide it
    plain: (h, w) bool, alike in all channels but for a tint, and the ground's texture is kept
    """

    dark: Plane
    known: Mask
    plain: Mask


def darkening(look: Look, lit: Lit, unit: float) -> Darkening:
    """Compare a frame with its lit ground.

    unit: pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """
    known = lit.known & ~look.hole
    share = known.astype(np.float32)
    change = (look.light - lit.light) * share[..., None]
    mean = np.asarray(cv2.transform(change, MEAN))
    even = blurred(change, share, unit * _SMOOTH_PX)
    smooth = np.asarray(cv2.transform(even, MEAN))
    # Exposure and the lens darken the wider surroundings too; a shadow itself must not pull their level down.
    level, _ = local_mean(np.clip(mean, _SLIGHT, -_SLIGHT), known, unit * _AROUND_PX)
    dark = (smooth - level) * share
    wide = unit * _ROUGH_PX
    roughness = blurred(cv2.absdiff(mean, blurred(mean, share, wide)) * share, share, wide)
    light = np.exp(lit.light)
    # A channel that is nearly black when lit cannot get much darker.
    away = np.abs(even - smooth[..., None]) * (light / (light + np.float32(_NEARLY_BLACK)))
    tint = cv2.max(cv2.max(away[..., 0], away[..., 1]), away[..., 2])
    # Something else before the ground is darker here and lighter there; a shadow's own edge is less rough.
    plain = (tint < _TINTED) & (roughness < _ROUGH_ANYWAY + _ROUGH_SHARE * np.maximum(-dark, 0))
    return Darkening(dark, known, plain)


def blurred(values: Plane, share: Plane, sigma: float) -> Plane:
    """Smooth values that are 0 where `share` is; a Gaussian of the known ones."""
    weight = cv2.GaussianBlur(share, (0, 0), sigma) + np.float32(1e-3)
    smooth = cv2.GaussianBlur(values, (0, 0), sigma)
    return np.asarray(smooth / (weight if values.ndim == 2 else weight[..., None]))


def local_mean(values: Plane, where: Mask, sigma: float) -> tuple[Plane, Plane]:
    """Return the mean of `values` around each pixel over `where`, and how much of that there is; coarse inside."""
    height, width = where.shape
    share = where.astype(np.float32)
    weighted = values * (share if values.ndim == 2 else share[..., None])
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    both = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (weighted, share))
    total, weight = (cv2.GaussianBlur(plane, (0, 0), sigma / _COARSE) for plane in both)
    mean = total / ((weight if values.ndim == 2 else weight[..., None]) + np.float32(1e-6))
    return np.asarray(cv2.resize(mean, (width, height))), np.asarray(cv2.resize(weight, (width, height)))
