"""The background effect."""

from __future__ import annotations

from typing import Any

import numpy as np

import videdit
from videdit.frames import Mask, Rgb
from videdit.ops import composite, feather, grow, length_px
from videdit_plugins.background.backdrops import backdrop_of
from videdit_plugins.background.matting import OUTER_BANDS, CannotSolve, Cutout, cut_out
from videdit_plugins.background.options import BackgroundOptions

_MOST_UNKNOWN_PX = {"draft": 15_000, "standard": 60_000, "best": 400_000}
_FADE_SHARE = 0.4
"""Of the band: a fade as wide as hair would eat thin limbs."""


class Background(videdit.Effect):
    """Put a colour, a picture, a film, the blurred film or nothing behind the objects.

    The certain inside of the objects is left alone, to the byte. Along the edge the objects' own colours are
    estimated, so that no rim of the old background shows.
    """

    Options = BackgroundOptions
    where = "outside"
    options: BackgroundOptions

    def __init__(self, options: BackgroundOptions | None = None, runtime: videdit.Runtime | None = None) -> None:
        super().__init__(options, runtime)
        self._backdrop = backdrop_of(self.options)
        self._unsolved: list[int] = []
        self._noted = False
        self.shaping = {"grow": "0", "feather": "0"}

    @property
    def transparent(self) -> bool:
        """Whether the film gets an alpha channel in place of a background."""
        return self.options.behind == "transparent"

    def start(self, shot: videdit.ShotView) -> None:
        """Say what takes long, once."""
        if self.options.edge == "matte" and not self._noted:
            self._noted = True
            self.runtime.note("Cutting out hair needs about a minute to prepare, once on each machine.")

    def render(self, window: videdit.Window) -> videdit.Patch:
        """Return the new background with the objects' edge over it."""
        band_px = length_px(self.options.band, window.shot.size[0])
        cutout = self._cut_out(window, band_px)
        alpha = (cutout.opacity < 1).astype(np.float32)
        clear = ~grow(window.mask, OUTER_BANDS * band_px)
        behind = self._backdrop.behind(window, clear)
        if self.transparent:
            # Straight alpha: the objects' own colours wherever they show, black beyond.
            visible = np.where((cutout.opacity > 0)[..., None], cutout.colours, behind)
            return videdit.Patch(visible, alpha, cutout.opacity)
        return videdit.Patch(composite(behind, cutout.colours, cutout.opacity), alpha)

    def finish(self) -> None:
        """Close the background's file."""
        self._backdrop.close()

    def report(self) -> dict[str, Any]:
        """Name the frames whose edge could not be solved and was faded instead."""
        unsolved, self._unsolved = self._unsolved, []
        return {"edges faded, not matted, on frames": unsolved} if unsolved else {}

    def _cut_out(self, window: videdit.Window, band_px: float) -> Cutout:
        if self.options.edge == "hard":
            return _as_is(window.rgb, window.mask, 0)
        if self.options.edge == "feather":
            return _as_is(window.rgb, window.mask, _FADE_SHARE * band_px)
        try:
            return cut_out(window.rgb, window.mask, band_px, _MOST_UNKNOWN_PX[self.runtime.quality])
        except CannotSolve:
            self._unsolved.append(window.index)
            return _as_is(window.rgb, window.mask, _FADE_SHARE * band_px)


def _as_is(rgb: Rgb, mask: Mask, fade_px: float) -> Cutout:
    # The fade lies inside the mask: outside it the old background would shine through.
    return Cutout(1 - feather(~mask, fade_px), rgb)
