"""The effect glow."""

from __future__ import annotations

import numpy as np
import torch
from kornia.filters import gaussian_blur2d

import videdit
from videdit_glow.options import GlowOptions

# Less light than this changes no 8-bit pixel.
_DARK = 0.5 / 255


class Glow(videdit.Effect):
    """Lay a halo of light around objects; the objects themselves stay as they are."""

    Options = GlowOptions
    options: GlowOptions

    @property
    def margin_px(self) -> int:
        """The light falls on what lies around the mask, so the window must reach as far."""
        return self.options.radius_px

    def render(self, window: videdit.Window) -> videdit.Patch | None:
        """Return the window lit, and where: a Patch, because the light lies outside the mask."""
        if not window.mask.any():
            return None
        light = self._light(window)
        white = np.iinfo(window.rgb.dtype).max
        colour = np.frombuffer(bytes.fromhex(self.options.colour[1:]), np.uint8) / np.float32(255)
        rgb = window.rgb / np.float32(white)
        lit = 1 - (1 - rgb) * (1 - light[..., None] * colour)  # as two projectors on one screen
        return videdit.Patch((lit * white).round().astype(window.rgb.dtype), (light > _DARK).astype(np.float32))

    def _light(self, window: videdit.Window) -> np.ndarray:
        """Return (h, w) float32 in [0, 1]: the mask blurred, and none on the objects themselves."""
        radius = self.options.radius_px
        # A border of dark, so that the blur has room and mirrors nothing at the edge of the window.
        mask = np.pad(window.mask.astype(np.float32), radius)
        tensor = torch.from_numpy(mask)[None, None].to(self.runtime.device)
        size, sigma = 2 * radius + 1, max(radius / 2.5, 0.5)
        blurred = gaussian_blur2d(tensor, (size, size), (sigma, sigma), border_type="constant")
        light = blurred[0, 0, radius:-radius, radius:-radius].cpu().numpy()
        # Half of the light lies inside the mask; doubled, it is full at the edge.
        return np.clip(2 * light, 0, 1) * self.options.strength * (1 - window.alpha)
