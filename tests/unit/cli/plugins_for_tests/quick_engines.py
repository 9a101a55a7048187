"""Engines for tests of the command line: quick, and of a rank that `auto` takes."""

from __future__ import annotations

from typing import Any

import numpy as np

import videdit
from videdit.testing.fakes import GreyFiller, KnownCuts, StillTracker


class Around(videdit.Segmenter):
    """Selects a square around each positive click, or the inside of a box; nothing at 1,1."""

    def __init__(self, options: Any, runtime: Any) -> None:
        pass

    def segment(self, frames: Any, index: int, prompts: Any, previous: Any = None) -> list[videdit.Hypothesis]:
        mask = np.zeros(frames.size, bool)
        for prompt in prompts:
            if isinstance(prompt, videdit.Box):
                mask[int(prompt.y0) : int(prompt.y1), int(prompt.x0) : int(prompt.x1)] = True
            elif isinstance(prompt, videdit.Click) and prompt.positive and (prompt.x, prompt.y) != (1, 1):
                y, x = int(prompt.y), int(prompt.x)
                mask[max(0, y - 6) : y + 6, max(0, x - 6) : x + 6] = True
        return [videdit.Hypothesis(mask, 0.9)]


class Raises(videdit.Effect):
    """Fails on frame 3."""

    def render(self, window: videdit.Window) -> Any:
        if window.index == 3:
            raise RuntimeError("the effect's own trouble")
        return 255 - window.rgb


class Exhausted(videdit.Effect):
    """Asks for more memory than there is."""

    def render(self, window: videdit.Window) -> Any:
        raise MemoryError


class NeedsFile(videdit.Effect):
    """Asks for a file of weights that is not there."""

    def render(self, window: videdit.Window) -> Any:
        self.runtime.find_checkpoint("xmem")


@videdit.hookimpl
def register_segmenters(register: Any) -> None:
    register("around", Around, rank=10_000)


@videdit.hookimpl
def register_trackers(register: Any) -> None:
    register("stay", StillTracker, rank=10_000)


@videdit.hookimpl
def register_fillers(register: Any) -> None:
    register("grey", GreyFiller, rank=10_000)


@videdit.hookimpl
def register_shot_detectors(register: Any) -> None:
    register("none", lambda options, runtime: KnownCuts(), rank=10_000)


@videdit.hookimpl
def register_effects(register: Any) -> None:
    register("raises", Raises)
    register("exhausted", Exhausted)
    register("needs-file", NeedsFile)
