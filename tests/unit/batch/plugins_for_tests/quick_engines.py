"""Engines that go by colour, and effects that fail or take their worker with them; other processes load this file."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

import videdit
from videdit.testing.fakes import ColourSegmenter, ColourTracker, GreyFiller, KnownCuts


class Invert(videdit.Effect):
    """Turns colours round."""

    def render(self, window: videdit.Window) -> Any:
        return 255 - window.rgb

    def report(self) -> dict[str, Any]:
        return {"doubtful_frames": [3]}


class TakeAway(videdit.Effect):
    """Paints its object as dark as there is much of others."""

    removes = True

    def render(self, window: videdit.Window) -> Any:
        others = window.shot.others
        share = 0 if others is None else (others[window.index] > 0).mean()
        return np.full_like(window.rgb, int(255 * (1 - share)))


class FileOptions(videdit.Options):
    marker: str = Field("", description="a file whose presence changes what happens")


class DieOnce(Invert):
    """Kills its process on frame 20, unless the marker says that this has happened."""

    Options = FileOptions

    def render(self, window: videdit.Window) -> Any:
        marker = Path(self.options.marker)
        if window.index == 20 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().render(window)


class KillParent(Invert):
    """Kills the process that sent it on frame 20, once, leaves its own number in the marker, and is slow."""

    Options = FileOptions

    def render(self, window: videdit.Window) -> Any:
        marker = Path(self.options.marker)
        if window.index == 20 and not marker.exists():
            marker.write_text(str(os.getpid()))
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return super().render(window)


class FailUntil(Invert):
    """Fails on frame 20 until the marker is there."""

    Options = FileOptions

    def render(self, window: videdit.Window) -> Any:
        if window.index == 20 and not Path(self.options.marker).exists():
            raise ZeroDivisionError("<b>oh</b>")
        return super().render(window)


class AlwaysDie(videdit.Effect):
    """Kills its process on frame 20."""

    def render(self, window: videdit.Window) -> Any:
        if window.index == 20:
            os.kill(os.getpid(), signal.SIGKILL)
        return window.rgb


class Red(videdit.Detector):
    """Finds what is red."""

    def __init__(self, options: Any, runtime: Any) -> None:
        pass

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        rgb = frame.rgb8.astype(int)
        rows, columns = np.nonzero((rgb[..., 0] > 150) & (rgb[..., 1:].max(axis=2) < 90))
        if not len(rows):
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [videdit.Detection(*map(float, box), 0.9, "red")]


class RedDies(Red):
    """Kills its process on frame 35, unless the marker says that this has happened."""

    Options = FileOptions

    def __init__(self, options: Any, runtime: Any) -> None:
        self._marker = Path(options.marker)

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        if frame.index == 35 and not self._marker.exists():
            self._marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().detect(frame, phrase)


class RedFails(RedDies):
    """Fails on frame 22 until the marker is there."""

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        if frame.index == 22 and not self._marker.exists():
            raise ZeroDivisionError("nothing red")
        return Red.detect(self, frame, phrase)


@videdit.hookimpl
def register_detectors(register: Any) -> None:
    register("red", Red)
    register("red-dies", RedDies)
    register("red-fails", RedFails)


@videdit.hookimpl
def register_shot_detectors(register: Any) -> None:
    register("knows-the-film", lambda options, runtime: KnownCuts(12, 30), rank=10_000)


@videdit.hookimpl
def register_segmenters(register: Any) -> None:
    register("colour", ColourSegmenter, rank=10_000)


@videdit.hookimpl
def register_trackers(register: Any) -> None:
    register("colour", ColourTracker, rank=10_000)


@videdit.hookimpl
def register_fillers(register: Any) -> None:
    register("grey", GreyFiller, rank=10_000)


@videdit.hookimpl
def register_effects(register: Any) -> None:
    register("invert", Invert)
    register("take-away", TakeAway)
    register("die-once", DieOnce)
    register("fail-until", FailUntil)
    register("kill-parent", KillParent)
    register("always-die", AlwaysDie)
