"""Remove an object: its pixels are replaced by what a filler finds behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from videdit import WHOLE_SHOT, Effect, Filler, Options, Patch, ShotView, Window
from videdit.effect import Context
from videdit_plugins.remove.choosing import choose
from videdit_plugins.remove.figures import Figures
from videdit_plugins.remove.options import RemoveOptions
from videdit_plugins.remove.sparing import Sparing

_ANYWHERE_PX = 1 << 14
_BEST, _BUILTIN = "auto", "builtin"


class Remove(Effect):
    """Replaces the object by what other frames show behind it.

    The masks are grown a little by default: a tracked mask ends on the object's edge, whose mixed pixels, and the
    blur of its motion, would stay as an outline.
    """

    Options: ClassVar[type[Options]] = RemoveOptions
    context: ClassVar[Context] = WHOLE_SHOT
    removes: ClassVar[bool] = True
    shaping: Mapping[str, Any] = {"grow": "1.2%", "feather": "0", "pinholes": "3%"}
    options: RemoveOptions

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        super().__init__(options, runtime)
        self._filler: Filler | None = None
        self._made: dict[str, Filler] = {}
        self._figures = Figures()

    @property
    def margin_px(self) -> int:
        # A shadow may lie anywhere on the frame, and what a mask missed, in parts of the height; the pipeline cuts the
        # window before the shot is known here.
        return _ANYWHERE_PX if self.options.shadows or self.options.remnants else 0

    def start(self, shot: ShotView) -> None:
        """Take the filler, by the check if one was asked for, and begin the shot with it."""
        holes = shot.masks if shot.others is None else Sparing(shot.masks, shot.others)
        if self.options.check:
            self._filler, chosen = choose(self._fillers(), shot.frames, holes)
            self._figures.say(shot.shot, "check", chosen.sentence)
            if len(chosen.found) > 1:
                self._figures.say(shot.shot, "filler", chosen.name)
        else:
            self._filler = self._engine(self.options.filler)
        self._filler.start(shot.frames, holes)

    def _fillers(self) -> dict[str, Callable[[], Filler]]:
        """Return the fillers to choose among, the preferred one first. One that was asked for has no rivals."""
        names = [self.options.filler]
        if self.options.filler == _BEST and not self.options.filler_options:
            names.append(_BUILTIN)
        return {name: partial(self._engine, name) for name in names}

    def _engine(self, name: str) -> Filler:
        if name not in self._made:
            given = dict(self.options.filler_options)
            # Fillers that know of shadows and remnants look for them by default; the others refuse the options.
            if not self.options.shadows:
                given["shadows"] = False
            if not self.options.remnants:
                given["remnants"] = False
            self._made[name] = self.runtime.make("filler", name, given)
        return self._made[name]

    def render(self, window: Window) -> Patch | None:
        """Return the fill; shown wherever the filler changed the frame, so a shadow's pixels count as well."""
        assert self._filler is not None
        filled = self._filler.fill(window.index)
        if filled is None:
            return None
        rgb, alpha = window.rgb.copy(), np.zeros(window.mask.shape, np.float32)
        region, place = window.region, filled.region
        y, x = place.y0 - region.y0, place.x0 - region.x0
        top, left = max(0, y), max(0, x)
        bottom, right = min(rgb.shape[0], y + place.height), min(rgb.shape[1], x + place.width)
        into = slice(top, bottom), slice(left, right)
        cut = slice(top - y, bottom - y), slice(left - x, right - x)
        rgb[into] = filled.rgb[cut]
        alpha[into] = filled.origin[cut] != window.index
        self._figures.add(window.index, window.shot.shot, filled.origin, self._filler.report())
        return Patch(rgb, alpha)

    def finish(self) -> None:
        """Let go of the fillers and the frames they hold."""
        self._filler = None
        self._made = {}

    def report(self) -> dict[str, Any]:
        """Return how many pixels came from where, also by shot; what the check found; doubtful frames."""
        figures, self._figures = self._figures, Figures()
        return figures.plain()
