"""Frames that were used lately, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict

from videdit.frames import Frame


class FrameCache:
    """Keeps the frames used last; never holds more than `limit_bytes`, apart from the single newest frame."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self.held_bytes = 0

    def __contains__(self, index: int) -> bool:
        return index in self._frames

    def get(self, index: int) -> Frame | None:
        frame = self._frames.get(index)
        if frame is not None:
            self._frames.move_to_end(index)
        return frame

    def put(self, frame: Frame) -> None:
        old = self._frames.pop(frame.index, None)
        if old is not None:
            self.held_bytes -= old.rgb.nbytes
        self._frames[frame.index] = frame
        self.held_bytes += frame.rgb.nbytes
        while self.held_bytes > self._limit_bytes and len(self._frames) > 1:
            _, gone = self._frames.popitem(last=False)
            self.held_bytes -= gone.rgb.nbytes

    def capacity(self, frame_bytes: int) -> int:
        """How many frames of that size fit, at least 1."""
        return max(1, self._limit_bytes // max(1, frame_bytes))

    def clear(self) -> None:
        self._frames.clear()
        self.held_bytes = 0
