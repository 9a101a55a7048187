"""Fades: through a plain picture, black, white or any other, gradually on one side at least."""

from __future__ import annotations

from dataclasses import dataclass

from videdit_plugins.builtin.shots.cuts import MOST_ALIKE
from videdit_plugins.builtin.shots.window import Window

PLAIN_CONTRAST = 4.0
"""In codes: a frame of less contrast is plain."""
RAMP_FRAMES = 20
"""A side of a fade is followed so far, at 25 to 30 frames a second."""
ALREADY_FADED = 0.6
"""Next to the plain frames of a fade there is less than this of the contrast further off; at a cut there is all."""
LEAST_FALL = 0.015
"""Of the full contrast, from frame to frame, within a ramp."""
LONGEST_PLAIN_FRAMES = 40
"""A plain run longer than this, at 25 to 30 frames a second, is a shot of its own."""
LONGEST_FLASH_SECONDS = 0.5
"""A plain moment between like pictures, ramps and all, is a flash if it is no longer than this."""


@dataclass(frozen=True, slots=True)
class Through:
    """What a run of plain frames means.

    start, stop: the half-open frames in which nothing else is to be looked for, ramps and all
    middles:     for each change, its first frame and the length of its transition; 0 for a cut
    """

    start: int
    stop: int
    middles: tuple[tuple[int, int], ...] = ()


class PlainRuns:
    """Follows a film and tells what its runs of plain frames mean.

    lag_frames: what is told may concern frames so far back
    """

    def __init__(self, scale: int) -> None:
        self._ramp_frames = RAMP_FRAMES * scale
        self._longest_frames = LONGEST_PLAIN_FRAMES * scale
        self.lag_frames = self._longest_frames + 2 * self._ramp_frames
        self._start: int | None = None
        self._is_long = False
        self._ended: tuple[int, int, bool] | None = None

    def follow(self, window: Window, *, last: bool) -> list[Through]:
        """Look at the newest frame of `window`; `last` says that the film ends with it."""
        told: list[Through] = []
        number = window.stop - 1
        plain = window[number].contrast < PLAIN_CONTRAST
        if self._ended is not None and (plain or last or number - self._ended[1] >= self._ramp_frames):
            told.append(self._meaning(window, *self._ended))
            self._ended = None
        if plain and self._start is None:
            self._start, self._is_long = number, False
        elif plain and self._start is not None and number - self._start == self._longest_frames:
            self._is_long = True
            told.append(self._entering(window, self._start))
        elif not plain and self._start is not None:
            self._ended = (self._start, number, self._is_long)
            self._start = None
            if last:
                told.append(self._meaning(window, *self._ended))
        if last and self._start is not None and not self._is_long:
            # The film ends in plain frames: they belong to the last shot.
            told.append(Through(self._start - self._ramp(window, self._start - 1, -1), number + 1))
        return told

    def _entering(self, window: Window, start: int) -> Through:
        before = self._ramp(window, start - 1, -1)
        return Through(start - before, start + 1, ((start, before),) if start else ())

    def _meaning(self, window: Window, start: int, stop: int, is_long: bool) -> Through:
        after = self._ramp(window, stop, 1)
        if is_long:
            return Through(stop, stop + after, ((stop, after),))
        before = self._ramp(window, start - 1, -1)
        span = (start - before, stop + after)
        if start == 0 or _is_flash(window, *span):
            return Through(*span)
        # Plain frames go with the side that fades into them.
        one_sided = start if after else stop
        index = (start + stop) // 2 if before and after else one_sided
        return Through(*span, ((index, span[1] - span[0] if before or after else 0),))

    def _ramp(self, window: Window, nearest: int, step: int) -> int:
        """Return how many frames, from `nearest` away from the plain run, rise towards their full contrast."""
        contrasts: list[float] = []
        number = nearest
        while window.holds(number) and len(contrasts) < self._ramp_frames:
            contrasts.append(window[number].contrast)
            number += step
        full = max(contrasts, default=0.0)
        if not contrasts or contrasts[0] > ALREADY_FADED * full:
            return 0
        rising = 1
        while rising < len(contrasts) and contrasts[rising] > contrasts[rising - 1] + LEAST_FALL * full:
            rising += 1
        return rising


def _is_flash(window: Window, start: int, stop: int) -> bool:
    """Return whether the frames [start, stop) are a short moment between like pictures."""
    before, after = start - 1, min(stop, window.stop - 1)
    if not window.holds(before) or window[after].seconds - window[before].seconds > LONGEST_FLASH_SECONDS:
        return False
    return window.alike(before, after) > MOST_ALIKE
