"""PySceneDetect's detectors behind videdit's interface, fed with frames in memory and their true times."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from fractions import Fraction
from typing import Any

import numpy as np
from scenedetect.common import FrameTimecode, Timecode
from scenedetect.detectors import (
    AdaptiveDetector,
    ContentDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)

from videdit.errors import OptionError
from videdit.frames import Frame
from videdit.runtime import Runtime
from videdit.shot_detector import ShotChange, ShotDetector
from videdit.shots import Transition
from videdit_plugins.builtin.shots.options import (
    AdaptiveOptions,
    ClassicOptions,
    ContentOptions,
    FadeOptions,
    HashOptions,
    HistogramOptions,
)


class ClassicDetector(ShotDetector):
    """One of PySceneDetect's detectors: the one that goes with the options.

    None of them tells kinds of changes apart.
    """

    def __init__(self, options: ClassicOptions, runtime: Runtime) -> None:
        self._options = options
        self._detector, self._kind = _fresh(options)
        self._rate = Fraction(25)
        self._last: FrameTimecode | None = None
        self._first_pts = 0
        self._first_index = 0
        # PySceneDetect answers with times, at times with ones of its own making: eight bytes a frame find the frame.
        self._seconds = array("d")

    def start(self, frames_per_second: float) -> None:
        self._rate = Fraction(frames_per_second).limit_denominator(1001)
        self._detector, self._kind = _fresh(self._options)
        self._last = None
        self._seconds = array("d")

    def watch(self, frame: Frame) -> list[ShotChange]:
        if self._last is None:
            self._first_pts = frame.pts
            self._first_index = frame.index
        time = Timecode(pts=frame.pts - self._first_pts, time_base=frame.time_base)
        self._last = FrameTimecode(time, fps=self._rate)
        self._seconds.append(self._last.seconds)
        bgr = np.ascontiguousarray(frame.rgb8[:, :, ::-1])
        return self._changes(self._detector.process_frame(self._last, bgr))

    def finish(self) -> list[ShotChange]:
        return [] if self._last is None else self._changes(self._detector.post_process(self._last))

    def _changes(self, times: list[FrameTimecode]) -> list[ShotChange]:
        indices = sorted({self._index_at(time.seconds) for time in times})
        return [ShotChange(index, self._kind) for index in indices if index > self._first_index]

    def _index_at(self, seconds: float) -> int:
        """Return the index of the frame whose time is nearest."""
        after = min(bisect_left(self._seconds, seconds), len(self._seconds) - 1)
        before = max(0, after - 1)
        nearer_before = seconds - self._seconds[before] < self._seconds[after] - seconds
        return self._first_index + (before if nearer_before else after)


def _fresh(options: ClassicOptions) -> tuple[Any, Transition]:
    """Return PySceneDetect's detector for these options, and what its findings are called."""
    shortest = options.min_shot_seconds
    match options:
        case ContentOptions():
            return ContentDetector(threshold=options.threshold, min_scene_len=shortest), "cut"
        case AdaptiveOptions():
            detector = AdaptiveDetector(
                adaptive_threshold=options.threshold,
                min_scene_len=shortest,
                window_width=options.window_frames,
                min_content_val=options.lowest_change,
            )
            return detector, "cut"
        case HistogramOptions():
            return HistogramDetector(threshold=options.threshold, min_scene_len=shortest), "cut"
        case HashOptions():
            return HashDetector(threshold=options.threshold, min_scene_len=shortest), "cut"
        case FadeOptions():
            return ThresholdDetector(threshold=options.threshold, min_scene_len=shortest), "fade"
    raise OptionError(f"no detector goes with {type(options).__name__}")
