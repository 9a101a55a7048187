"""Removal at the film's own size: what another frame has seen is shown, and only the rest is made up."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import MADE_UP, Filled, Filler, Frame, FrameSequence, MaskSequence, Region
from videdit.errors import OutOfMemory

_KEPT = 128
"""Fills kept: a window looks at distant frames up to 50 ahead, and each is filled once that way."""
KEPT_BYTES = 1536 << 20
_ZLIB_LEVEL = 1


@dataclass(frozen=True, slots=True)
class _Kept:
    """A fill, its origin compressed: large areas come from the same frame."""

    region: Region
    rgb: NDArray[Any]
    origin: bytes

    @classmethod
    def of(cls, filled: Filled) -> _Kept:
        return cls(filled.region, filled.rgb, zlib.compress(filled.origin.tobytes(), _ZLIB_LEVEL))

    def filled(self) -> Filled:
        shape = self.region.height, self.region.width
        origin = np.frombuffer(bytearray(zlib.decompress(self.origin)), np.int32).reshape(shape)
        return Filled(self.region, self.rgb, origin)

    @property
    def bytes(self) -> int:
        return self.rgb.nbytes + len(self.origin)


class SeenFrames:
    """The frames of a shot with what a filler found laid in, made when asked for; and the gaps that it left.

    A FrameSequence; `gap` is what no frame shows. A gap so thin that no 3x3 square lies in it is none: what the filler
    made up there differs from its surroundings by less than a seam would.
    """

    def __init__(self, frames: FrameSequence, filler: Filler, kept_bytes: int = KEPT_BYTES) -> None:
        self._frames = frames
        self._filler = filler
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[int, _Kept | None] = OrderedDict()
        self.shot = frames.shot
        self.size = frames.size

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        frame, filled = self._frames[index], self.filled(index)
        if filled is None:
            return frame
        rgb = frame.rgb.copy()
        rgb[filled.region.slices] = filled.rgb
        return replace(frame, rgb=rgb)

    def filled(self, index: int) -> Filled | None:
        """Return the filler's answer for frame `index`."""
        if index not in self._kept:
            filled = self._filler.fill(index)
            self._kept[index] = None if filled is None else _Kept.of(filled)
            self._shrink()
        self._kept.move_to_end(index)
        kept = self._kept[index]
        return None if kept is None else kept.filled()

    def gap(self, index: int) -> NDArray[np.bool_]:
        """Return (H, W) bool, what no frame shows."""
        whole = np.zeros(self.size, np.bool_)
        filled = self.filled(index)
        if filled is not None:
            made_up = filled.origin == MADE_UP
            if cv2.erode(made_up.view(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).any():
                whole[filled.region.slices] = made_up
        return whole

    def _shrink(self) -> None:
        total = sum(one.bytes for one in self._kept.values() if one is not None)
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or total > self._kept_bytes):
            _, gone = self._kept.popitem(last=False)
            total -= 0 if gone is None else gone.bytes


class _Gaps:
    def __init__(self, frames: SeenFrames) -> None:
        self._frames = frames

    def __getitem__(self, index: int) -> NDArray[np.bool_]:
        return self._frames.gap(index)


class FullSizeFiller(Filler):
    """Fills holes with what a first filler finds in other frames, and the gaps it leaves with a second one.

    The second filler sees the frames as the first left them, so it has true surroundings and a smaller hole. Frames
    without a gap cost it nothing.

    seen:   makes full-size pixels and says in `Filled.origin` which ones it made up
    unseen: makes those
    alone:  makes the filler that does the rest of a shot for which there is not even the memory for the smallest window
            of the second one; without it that is an error
    note:   takes the sentence that says so
    """

    def __init__(
        self,
        seen: Filler,
        unseen: Filler,
        kept_bytes: int = KEPT_BYTES,
        alone: Callable[[], Filler] | None = None,
        note: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._seen = seen
        self._unseen = unseen
        self._kept_bytes = kept_bytes
        self._make_alone = alone
        self._alone: Filler | None = None
        self._note = note
        self._noted = False
        self._by_network = 0

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._shot = frames, holes
        self._alone = None
        self._seen.start(frames, holes)
        self._frames = SeenFrames(frames, self._seen, self._kept_bytes)
        try:
            self._unseen.start(self._frames, _Gaps(self._frames))
        except OutOfMemory as error:
            self._alone = self._step_down(error)

    def fill(self, index: int) -> Filled | None:
        if self._alone is None:
            try:
                return self._fill(index)
            except OutOfMemory as error:
                self._alone = self._step_down(error)
        return self._alone.fill(index)

    def _step_down(self, error: OutOfMemory) -> Filler:
        if self._make_alone is None:
            raise error
        if not self._noted:
            self._note(f"{error.what}, so what no frame shows is made up without it.")
        self._noted = True
        alone = self._make_alone()
        alone.start(*self._shot)
        return alone

    def _fill(self, index: int) -> Filled | None:
        filled = self._frames.filled(index)
        if filled is None:
            return None
        gap = self._frames.gap(index)
        made = self._unseen.fill(index) if gap.any() else None
        if made is None:
            return filled
        whole = self._frames[index].rgb.copy()
        inside = gap[made.region.slices]
        whole[made.region.slices][inside] = made.rgb[inside]
        self._by_network += int(np.count_nonzero(inside))
        return replace(filled, rgb=whole[filled.region.slices])

    def report(self) -> dict[str, Any]:
        """Return how many of the pixels that were made up the second filler made, and what the first one tells."""
        count, self._by_network = self._by_network, 0
        return {**(self._alone or self._seen).report(), "pixels_by_network": count}
