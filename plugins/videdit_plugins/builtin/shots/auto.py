"""`auto`: cuts, dissolves and fades, each by signs of its own, and neither flashes nor fast pans."""

from __future__ import annotations

import math
from dataclasses import dataclass

from videdit.frames import Frame
from videdit.runtime import Runtime
from videdit.shot_detector import ShotChange, ShotDetector
from videdit.shots import Transition
from videdit_plugins.builtin.shots import cuts
from videdit_plugins.builtin.shots.dissolves import HALF_LENGTHS, Dissolves
from videdit_plugins.builtin.shots.fades import PLAIN_CONTRAST, PlainRuns, Through
from videdit_plugins.builtin.shots.options import AutoOptions
from videdit_plugins.builtin.shots.reduced import reduce
from videdit_plugins.builtin.shots.window import Window

USUAL_RATE = 27.0
"""Frames a second for which lengths in frames are written; films of twice the rate have twice the lengths."""
CLEAR_FRAMES = 2
"""Around a fade nothing else is looked for."""
CERTAIN = 1.0


class AutoDetector(ShotDetector):
    """Holds the last hundred or so reduced frames, 4 MB, and answers at most that late.

    A change is given out once nothing that may yet be found can come before it or take its place.
    """

    def __init__(self, options: AutoOptions, runtime: Runtime) -> None:
        self._options = options
        self.start(USUAL_RATE)

    def start(self, frames_per_second: float) -> None:
        self._frame_seconds = 1.0 / frames_per_second
        self._scale = max(1, round(frames_per_second / USUAL_RATE))
        self._plain_runs = PlainRuns(self._scale)
        self._dissolves = Dissolves(self._scale)
        self._lag_frames = max(self._plain_runs.lag_frames, self._dissolves.lag_frames)
        self._window = Window(self._lag_frames + 2 * HALF_LENGTHS[-1] * self._scale)
        self._first_index = 0
        self._next_cut = 1
        self._breaks: set[int] = set()
        self._quiet: list[Through] = []
        self._pending: list[_Found] = []
        self._shot_began = 0.0

    def watch(self, frame: Frame) -> list[ShotChange]:
        if self._window.stop == 0:
            self._first_index = frame.index
            self._shot_began = float(frame.time_seconds)
        self._window.append(reduce(frame))
        self._look(last=False)
        return self._settled(self._window.stop - 1 - self._lag_frames)

    def finish(self) -> list[ShotChange]:
        if self._window.stop == 0:
            return []
        self._look(last=True)
        end = self._window[self._window.stop - 1].seconds + self._frame_seconds
        self._pending = [one for one in self._pending if end - one.seconds >= self._options.min_shot_seconds]
        return self._settled(self._window.stop, last=True)

    def settled(self) -> int:
        """Return the last frame that no change can still be told of: all it holds back lies later."""
        known = self._window.stop - 2 - self._lag_frames
        held_back = (one.change.index - self._first_index - 1 for one in self._pending)
        return max(0, self._first_index + min([known, *held_back]))

    def _look(self, *, last: bool) -> None:
        window = self._window
        if window[window.stop - 1].contrast < PLAIN_CONTRAST:
            self._breaks.add(window.stop - 1)
        while self._next_cut < (window.stop if last else window.stop - cuts.LOOKAHEAD_FRAMES * self._scale):
            jump = cuts.jump_at(window, self._next_cut, 1 + cuts.REACH_FRAMES * self._scale)
            if jump is not None:
                self._breaks.add(self._next_cut)
                if not jump.flash:
                    self._find(self._next_cut, "cut", 0, jump.score)
            self._next_cut += 1
        for through in self._plain_runs.follow(window, last=last):
            self._pass_through(through)
        if self._options.dissolves:
            for mixture in self._dissolves.follow(window, self._breaks, last=last):
                self._find(mixture.middle, "dissolve", mixture.frames, 1 / (1 + math.exp(-mixture.odds)))
        self._breaks = {number for number in self._breaks if number >= window.start}

    def _pass_through(self, through: Through) -> None:
        """Let what a run of plain frames means take the place of what else was found in it."""
        self._quiet = [one for one in self._quiet if one.stop >= self._window.start]
        self._quiet.append(through)
        self._pending = [one for one in self._pending if not _is_in(through, one.change.index - self._first_index)]
        for number, frames in through.middles:
            if frames == 0:
                self._put(number, "cut", 0, CERTAIN)
            elif self._options.fades:
                self._put(number, "fade", frames, CERTAIN)

    def _find(self, number: int, kind: Transition, frames: int, score: float) -> None:
        if not any(_is_in(through, number) for through in self._quiet):
            self._put(number, kind, frames, score)

    def _put(self, number: int, kind: Transition, frames: int, score: float) -> None:
        change = ShotChange(self._first_index + number, kind, frames, score)
        self._pending.append(_Found(change, self._window[number].seconds))

    def _settled(self, known: int, *, last: bool = False) -> list[ShotChange]:
        """Return the changes before frame `known` that are too far from all others to give way to one."""
        given: list[ShotChange] = []
        shortest = self._options.min_shot_seconds
        self._pending.sort(key=lambda one: one.change)
        while self._pending and known >= 0:
            first = self._pending[0]
            if not last and first.seconds + shortest >= self._window[known].seconds:
                break
            rivals = [one for one in self._pending[1:] if one.seconds - first.seconds < shortest]
            too_soon = first.seconds - self._shot_began < shortest
            if too_soon or any(_rank(one.change) > _rank(first.change) for one in rivals):
                self._pending.remove(first)
                continue
            self._pending = [one for one in self._pending[1:] if one not in rivals]
            self._shot_began = first.seconds
            given.append(first.change)
        return given


@dataclass(frozen=True, slots=True)
class _Found:
    change: ShotChange
    seconds: float


def _rank(change: ShotChange) -> tuple[bool, float]:
    """Order changes too near to each other: cuts and fades are told with more certainty than dissolves."""
    return change.kind != "dissolve", change.score


def _is_in(through: Through, number: int) -> bool:
    return through.start - CLEAR_FRAMES <= number < through.stop + CLEAR_FRAMES
