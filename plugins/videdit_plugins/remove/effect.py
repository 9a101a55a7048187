"""Remove an object: its pixels are replaced by what a filler finds behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from videdit import MADE_UP, WHOLE_SHOT, Effect, Filler, Options, Patch, Shot, ShotView, Window
from videdit.effect import Context
from videdit_plugins.remove.options import RemoveOptions

DOUBTFUL_SHARE = 0.5
"""A frame is doubtful if more of its hole than this was made up."""
_SHADOW_REACH_PX = 1 << 14


class Remove(Effect):
    """Replaces the object by what other frames show behind it.

    The masks are grown a little by default: a tracked mask ends on the object's edge, whose mixed pixels, and the
    blur of its motion, would stay as an outline.
    """

    Options: ClassVar[type[Options]] = RemoveOptions
    context: ClassVar[Context] = WHOLE_SHOT
    shaping: Mapping[str, Any] = {"grow": "1.2%", "feather": "0", "pinholes": "3%"}
    options: RemoveOptions

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        super().__init__(options, runtime)
        self._filler: Filler | None = None
        self._figures = _Figures()

    @property
    def margin_px(self) -> int:
        # A shadow may lie anywhere on the frame, and the pipeline cuts the window before the shot is known here.
        return _SHADOW_REACH_PX if self.options.shadows else 0

    def start(self, shot: ShotView) -> None:
        """Make the filler, if there is none yet, and begin the shot with it."""
        if self._filler is None:
            given = dict(self.options.filler_options)
            if not self.options.shadows:
                # Fillers that know of shadows look for them by default; the others refuse the option.
                given["shadows"] = False
            self._filler = self.runtime.make("filler", self.options.filler, given)
        self._filler.start(shot.frames, shot.masks)

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
        self._figures.add(window.index, window.shot.shot, filled.origin)
        return Patch(rgb, alpha)

    def finish(self) -> None:
        """Let go of the filler and the frames it holds."""
        self._filler = None

    def report(self) -> dict[str, Any]:
        """Return how many pixels came from other frames and how many were made up, also by shot; doubtful frames."""
        figures, self._figures = self._figures, _Figures()
        return figures.plain()


class _Figures:
    """What was filled since the last report. A frame that is rendered again counts again."""

    def __init__(self) -> None:
        self._shots: dict[str, dict[str, int]] = {}
        self._doubtful: list[int] = []

    def add(self, index: int, shot: Shot, origin: NDArray[np.int32]) -> None:
        made_up = int(np.count_nonzero(origin == MADE_UP))
        area = int(np.count_nonzero(origin != index))
        one = self._shots.setdefault(
            f"{shot.start}-{shot.stop - 1}", {"pixels_from_other_frames": 0, "pixels_made_up": 0}
        )
        one["pixels_from_other_frames"] += area - made_up
        one["pixels_made_up"] += made_up
        if made_up > DOUBTFUL_SHARE * area:
            self._doubtful.append(index)

    def plain(self) -> dict[str, Any]:
        sums = {
            key: sum(one[key] for one in self._shots.values()) for key in ("pixels_from_other_frames", "pixels_made_up")
        }
        return {**sums, "shots": self._shots, "doubtful_frames": self._doubtful}
