"""The frames of a film in the order they are shown, found by reading packets without decoding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """One entry per frame, in presentation order.

    pts:       strictly ascending, in units of the stream's time base
    durations: in the same units, above 0
    keyframes: indices of the frames that decoding can start from, ascending; the first is 0
    stamped:   True if the file carries these times; False if they were counted out at its rate
    seekable:  False if every reading has to begin with the first frame
    """

    pts: Counts
    durations: Counts
    keyframes: Counts
    stamped: bool = True
    seekable: bool = True

    def __len__(self) -> int:
        return int(self.pts.size)

    def keyframe_before(self, index: int) -> int:
        """Return the last frame at or before `index` that decoding can start from."""
        if not self.seekable:
            return 0
        return int(self.keyframes[np.searchsorted(self.keyframes, index, side="right") - 1])

    @property
    def variable(self) -> bool:
        """Whether the frames come at unequal distances, beyond the rounding of the time base."""
        if self.pts.size < 3:
            return False
        step = (self.pts[-1] - self.pts[0]) / (self.pts.size - 1)
        regular = self.pts[0] + step * np.arange(self.pts.size)
        return bool(np.abs(self.pts - regular).max() > max(1.0, 0.002 * step))

    @property
    def end(self) -> int:
        """When the last frame stops being shown."""
        return int(self.pts[-1] + self.durations[-1])


@dataclass(frozen=True, slots=True)
class _Stamp:
    pts: int | None
    duration: int
    key: bool


def scan_packets(packets: Iterable[av.Packet[VideoStream]], step: int) -> FrameIndex | None:
    """Build the index from a stream's packets; None if their times do not tell the frames.

    step: distance of frames at the stream's rate, for the last frame's duration
    """
    stamps = [
        _Stamp(packet.pts, packet.duration or 0, packet.is_keyframe)
        for packet in packets
        if packet.size and not packet.is_discard
    ]
    known = [(stamp.pts, stamp.duration, stamp.key) for stamp in stamps if stamp.pts is not None]
    if not known or len(known) != len(stamps):
        return None
    known.sort(key=lambda entry: entry[0])
    pts = np.array([entry[0] for entry in known], np.int64)
    if pts.size > 1 and int(np.diff(pts).min()) <= 0:
        return None
    keys = np.flatnonzero([entry[2] for entry in known]).astype(np.int64)
    return FrameIndex(pts, _durations(pts, known[-1][1] or step), _from_zero(keys), seekable=keys.size > 0)


def scan_frames(frames: Iterable[av.VideoFrame], step: int) -> FrameIndex | None:
    """Build the index by decoding: for streams whose packets are no frames or carry no times. None if it is empty."""
    stamps = [_Stamp(frame.pts, frame.duration or 0, bool(frame.key_frame)) for frame in frames]
    if not stamps:
        return None
    pts = np.array([-1 if stamp.pts is None else stamp.pts for stamp in stamps], np.int64)
    stamped = all(stamp.pts is not None for stamp in stamps) and bool(np.all(np.diff(pts) > 0))
    if not stamped:
        pts = np.arange(len(stamps), dtype=np.int64) * step
    last = stamps[-1].duration or step
    return FrameIndex(pts, _durations(pts, last), np.zeros(1, np.int64), stamped=stamped, seekable=False)


def regular_index(frame_count: int) -> FrameIndex:
    """Return the index of a row of pictures: one unit each, every one decodes by itself."""
    counts = np.arange(frame_count, dtype=np.int64)
    return FrameIndex(counts, np.ones(frame_count, np.int64), counts.copy())


def frame_step(rate: Fraction | None, time_base: Fraction) -> int:
    """Return the distance of two frames in units of the time base, at least 1."""
    return max(1, round(1 / ((rate or Fraction(25)) * time_base)))


def _durations(pts: Counts, last: int) -> Counts:
    return np.append(np.diff(pts), np.int64(max(1, last))).astype(np.int64)


def _from_zero(keys: Counts) -> Counts:
    return keys if keys.size and keys[0] == 0 else np.concatenate([np.zeros(1, np.int64), keys])
