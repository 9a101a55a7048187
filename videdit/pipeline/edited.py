"""The frames of a shot as the first effects left them, for the effects that come after."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from videdit.frames import Frame, FrameSequence, Region, Rgb, to_uint8
from videdit.ops import composite
from videdit.pipeline.layer import Laid, Layer
from videdit.shots import Shot

KEPT_FRAMES = 24


class EditedFrames:
    """A FrameSequence that shows `frames` with `layers` applied in order; made when asked for, some kept."""

    def __init__(self, frames: FrameSequence, layers: Sequence[Layer]) -> None:
        self._frames = frames
        self._layers = tuple(layers)
        self._kept: OrderedDict[int, Frame] = OrderedDict()

    @property
    def shot(self) -> Shot:
        return self._frames.shot

    @property
    def size(self) -> tuple[int, int]:
        return self._frames.size

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        frame = self._frames[index]
        rgb = frame.rgb.copy()
        for layer in self._layers:
            laid = layer.render(index, frame.time_seconds, partial(cut, rgb))
            if laid is not None:
                lay(rgb, laid)
        edited = replace(frame, rgb=rgb)
        self._kept[index] = edited
        while len(self._kept) > KEPT_FRAMES:
            self._kept.popitem(last=False)
        return edited


def cut(rgb: Rgb, region: Region, max_bits: int) -> Rgb:
    """Return a copy of a region of (H, W, 3) pixels, as uint8 if the effect takes no more."""
    piece = rgb[region.slices]
    return to_uint8(piece).copy() if max_bits <= 8 else piece.copy()


def lay(rgb: Rgb, laid: Laid) -> None:
    """Lay an effect's pixels into (H, W, 3) `rgb`, in place."""
    fill = laid.rgb
    if rgb.dtype == np.uint16 and fill.dtype == np.uint8:
        fill = fill.astype(np.uint16) * 257
    rgb[laid.region.slices] = composite(rgb[laid.region.slices], fill, laid.alpha)
