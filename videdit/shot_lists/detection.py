"""From frames to shots: reduce, watch, and cut the film where the detector says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2

from videdit.errors import BrokenPlugin, OptionError
from videdit.frames import Frame
from videdit.shot_detector import ShotChange, ShotDetector
from videdit.shots import Shot

WIDEST_PX = 256


def detect_shots(
    frames: Iterable[Frame],
    detector: ShotDetector,
    frame_count: int | None = None,
    *,
    frames_per_second: float = 25.0,
) -> list[Shot]:
    """Return the shots of a film; they follow one another from its first frame to its last without a gap.

    frames:            all of them in order, of any size; each is reduced and let go
    frame_count:       of the film, where known: frames that follow the last one given belong to the last shot
    frames_per_second: a hint for the detector; it goes by the frames' own times

    Raises OptionError if there are no frames or more than `frame_count`, BrokenPlugin if the detector names a frame
    that is not in the film.
    """
    detector.start(frames_per_second)
    changes: list[ShotChange] = []
    first = stop = None
    for frame in frames:
        first = frame.index if first is None else first
        stop = frame.index + 1
        changes += detector.watch(reduced(frame))
    if first is None or stop is None:
        raise OptionError("a film without frames has no shots")
    changes += detector.finish()
    if frame_count is not None:
        if stop > frame_count:
            raise OptionError(f"the film goes on to frame {stop - 1}, but was said to have {frame_count} frames")
        stop = frame_count
    return _between(changes, first, stop)


def reduced(frame: Frame) -> Frame:
    """Return the frame as shot detectors want it: at most 256 pixels wide, uint8."""
    height, width = frame.size
    rgb = frame.rgb8
    if width > WIDEST_PX:
        rgb = cv2.resize(rgb, (WIDEST_PX, max(1, round(height * WIDEST_PX / width))), interpolation=cv2.INTER_AREA)
    return replace(frame, rgb=rgb)


def _between(changes: Iterable[ShotChange], first: int, stop: int) -> list[Shot]:
    # Two detectors' worth of findings may meet in one frame; the surer one names the transition.
    surest: dict[int, ShotChange] = {}
    for change in changes:
        if not first <= change.index < stop:
            raise BrokenPlugin(f"a change of shot at frame {change.index} of a film of frames {first} to {stop - 1}")
        if change.index not in surest or change.score > surest[change.index].score:
            surest[change.index] = change
    surest.pop(first, None)
    starts = [ShotChange(first, "start"), *sorted(surest.values())]
    stops = [*(change.index for change in starts[1:]), stop]
    return [Shot(one.index, end, one.kind, one.frames) for one, end in zip(starts, stops, strict=True)]
