"""The frames of a shot at the small size, with their holes; a bounded number is kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import FrameSequence, MaskSequence
from videdit.frames import Mask, Rgb, to_uint8
from videdit_plugins.builtin.filler.scale import Scale

_WIDER_PX = 6.0
"""How far beyond the hole motion may be the object's own."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame at the small size.

    rgb:  (h, w, 3) uint8
    grey: (h, w) uint8
    hole: (h, w) bool, every pixel that the hole touches
    wide: (h, w) bool, the hole with a border where motion is not to be trusted
    """

    index: int
    rgb: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    hole: Mask
    wide: Mask


class Pictures:
    """Small pictures and full-size pixels by frame index, each decoded once while it stays in the window.

    kept: how many frames to hold
    """

    def __init__(self, frames: FrameSequence, holes: MaskSequence, scale: Scale, kept: int) -> None:
        self._frames = frames
        self._holes = holes
        self.scale = scale
        self._kept = kept
        self._small: OrderedDict[int, Picture] = OrderedDict()
        self._full: OrderedDict[int, tuple[Rgb, NDArray[np.uint8]]] = OrderedDict()

    def __getitem__(self, index: int) -> Picture:
        if index in self._small:
            self._small.move_to_end(index)
            return self._small[index]
        rgb, packed = self.full(index)
        picture = self._shrunk(index, rgb, self._unpacked(packed))
        self._small[index] = picture
        if len(self._small) > self._kept:
            self._small.popitem(last=False)
        return picture

    def full(self, index: int) -> tuple[Rgb, NDArray[np.uint8]]:
        """Return a frame's pixels at full size and its hole, packed to bits; see `hole`."""
        if index in self._full:
            self._full.move_to_end(index)
            return self._full[index]
        entry = self._frames[index].rgb, np.packbits(self._holes[index])
        self._full[index] = entry
        if len(self._full) > self._kept:
            self._full.popitem(last=False)
        return entry

    def hole(self, index: int) -> Mask:
        """Return a frame's hole at full size, (H, W) bool."""
        return self._unpacked(self.full(index)[1])

    def _unpacked(self, packed: NDArray[np.uint8]) -> Mask:
        height, width = self.scale.full
        return np.unpackbits(packed, count=height * width).reshape(height, width).view(np.bool_)

    def _shrunk(self, index: int, rgb: Rgb, hole: Mask) -> Picture:
        small = to_uint8(rgb)
        flags = hole.view(np.uint8)
        if not self.scale.same:
            height, width = self.scale.small
            small = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
            # Any share of the hole counts: a source pixel must be wholly known.
            flags = (cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0).view(
                np.uint8
            )
        side = 2 * max(1, round(self.scale.px(_WIDER_PX))) + 1
        wide = cv2.dilate(flags, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) if hole.any() else flags
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        return Picture(index, small, grey, flags > 0, np.asarray(wide) > 0)
