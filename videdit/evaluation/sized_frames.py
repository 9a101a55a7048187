"""The frames of a shot at another size, or with holes in them; made when asked for."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from videdit.frames import Frame, FrameSequence

KEPT_FRAMES = 96
"""How many small frames are kept: more than fillers look around, 30 MB at 432x240."""


class SizedFrames:
    """A FrameSequence over another one, each frame scaled to one size and to 8 bits.

    frames: the shot
    size:   height and width in pixels; pixels are averaged where this is smaller
    """

    def __init__(self, frames: FrameSequence, size: tuple[int, int]) -> None:
        self._frames = frames
        self.shot = frames.shot
        self.size = size
        self._scaled = lru_cache(KEPT_FRAMES)(self._scale) if size != frames.size else self._plain

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        return self._scaled(index)

    def _scale(self, index: int) -> Frame:
        frame = self._frames[index]
        height, width = self.size
        rgb = np.asarray(cv2.resize(frame.rgb8, (width, height), interpolation=cv2.INTER_AREA))
        return Frame(rgb, index, frame.pts, frame.time_base)

    def _plain(self, index: int) -> Frame:
        frame = self._frames[index]
        return Frame(frame.rgb8, index, frame.pts, frame.time_base)
