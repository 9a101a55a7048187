"""How much darker the ground of a frame is than when it is lit."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.filler.cache import Cache
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.ground import LitGround

HALF = 2
_MEAN = np.full((1, 3), 1 / 3)
_SMOOTH_PX = 2.0
_ROUGH_PX = 3.0
_NEARLY_BLACK = 0.02
_COARSE_KEPT = 256


@dataclass(frozen=True, slots=True)
class Darkening:
    """What one frame alone shows; logarithms of the share of light that is left, 0 where that is not known.

    mean:      (h, w) float32, over the channels
    known:     (h, w) bool, the lit ground is known and the object does not hide it
    smooth:    (h, w) float32, the mean, smoothed
    roughness: (h, w) float32, how much it varies around the pixel
    tint:      (h, w) float32, how far a channel lies from the mean
    """

    mean: Plane
    known: Mask
    smooth: Plane
    roughness: Plane
    tint: Plane


class Darkenings:
    """The darkenings of a shot; the `kept` last ones stay.

    unit: pixels in a length of 1, see `FACTS_HEIGHT_PX`
    """

    def __init__(self, ground: LitGround, unit: float, kept: int) -> None:
        self._ground = ground
        self._unit = unit
        self._kept: Cache[int, Darkening] = Cache(kept)
        self._coarse: Cache[int, Plane] = Cache(_COARSE_KEPT)

    def of(self, index: int) -> Darkening:
        """Return the darkening of frame `index`."""
        return self._kept.get(index, self._made)

    def coarse(self, index: int) -> Plane:
        """Return (h / 2, w / 2) float32: the mean of frame `index`, where it is darker at all.

        It outlives the darkening: frames far apart are compared by it.
        """
        return self._coarse.get(index, self._shrunk)

    def _shrunk(self, index: int) -> Plane:
        return np.minimum(self.of(index).mean[::HALF, ::HALF], 0)

    def _made(self, index: int) -> Darkening:
        look, lit = self._ground.look(index), self._ground.behind(index)
        known = lit.known & ~look.hole
        change = (look.light - lit.light) * known[..., None].astype(np.float32)
        mean = np.asarray(cv2.transform(change, _MEAN))
        share = known.astype(np.float32)
        smooth = _blurred(mean, share, self._unit * _SMOOTH_PX)
        wide = self._unit * _ROUGH_PX
        roughness = _blurred(cv2.absdiff(mean, _blurred(mean, share, wide)) * share, share, wide)
        light = np.exp(lit.light)
        even = cv2.absdiff(_blurred(change, share, self._unit * _SMOOTH_PX), cv2.merge([smooth] * 3))
        # A channel that is nearly black when lit cannot get much darker.
        even *= light / (light + np.float32(_NEARLY_BLACK))
        tint = cv2.max(cv2.max(even[..., 0], even[..., 1]), even[..., 2])
        return Darkening(mean, known, smooth, roughness, tint)


def _blurred(values: Plane, share: Plane, sigma: float) -> Plane:
    """Smooth values that are 0 where `share` is; a Gaussian of the known ones."""
    weight = cv2.GaussianBlur(share, (0, 0), sigma) + np.float32(1e-3)
    smooth = cv2.GaussianBlur(values, (0, 0), sigma)
    return np.asarray(smooth / (weight if values.ndim == 2 else weight[..., None]))
