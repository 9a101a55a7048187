"""From frames to shots: reduce, watch, and cut the film where the detector says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
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
    finder = ShotFinder(detector, frames_per_second=frames_per_second)
    for frame in frames:
        finder.watch(frame)
    return finder.finish(frame_count)


class ShotFinder:
    """Finds shots frame by frame, and tells at any time which are known already."""

    def __init__(self, detector: ShotDetector, *, frames_per_second: float = 25.0) -> None:
        """
        frames_per_second: a hint for the detector; it goes by the frames' own times
        """
        self._detector = detector
        self._changes: list[ShotChange] = []
        self._starts: set[int] = set()
        self._first: int | None = None
        self._stop = 0
        self._settled = 0
        detector.start(frames_per_second)

    def watch(self, frame: Frame) -> None:
        """Take the next frame, of any size; it is reduced and let go."""
        self._first = frame.index if self._first is None else self._first
        self._stop = frame.index + 1
        self._take(self._detector.watch(reduced(frame)))
        self._settled = max(self._settled, min(self._detector.settled(), frame.index))

    def known(self) -> tuple[int, Set[int]]:
        """Return the last frame of which it is known whether a shot begins there, and where shots begin so far."""
        return self._settled, self._starts

    def finish(self, frame_count: int | None = None) -> list[Shot]:
        """Return the shots. Takes and raises what `detect_shots` does."""
        if self._first is None:
            raise OptionError("a film without frames has no shots")
        self._take(self._detector.finish())
        if frame_count is not None and self._stop > frame_count:
            raise OptionError(f"the film goes on to frame {self._stop - 1}, but was said to have {frame_count} frames")
        return _between(self._changes, self._first, self._stop if frame_count is None else frame_count)

    def _take(self, changes: Sequence[ShotChange]) -> None:
        for change in changes:
            if 0 < change.index <= self._settled:
                raise BrokenPlugin(
                    f"a change of shot at frame {change.index}, after it was said that none is to come "
                    f"up to frame {self._settled}"
                )
        self._changes += changes
        self._starts |= {change.index for change in changes}


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
