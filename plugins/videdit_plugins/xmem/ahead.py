"""Encode frames before their turn, several at once: what a frame looks like does not depend on memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor

from videdit.devices import is_out_of_memory
from videdit.errors import OutOfMemory
from videdit.frames import FrameSequence
from videdit_plugins.xmem.geometry import Geometry
from videdit_plugins.xmem.network.key_encoder import Features
from videdit_plugins.xmem.network.network import XMem
from videdit_plugins.xmem.propagation import Encoded

BLOCKS_KEPT = 2


class EncodedFrames:
    """The encoded frames of a shot, in blocks that begin at fixed frames.

    A frame is always encoded together with the same others, so that a run that goes on from a snapshot, or
    backwards, gets the same numbers to the last bit.
    """

    def __init__(
        self, network: XMem, frames: FrameSequence, geometry: Geometry, at_once: int, note: Callable[[str], None]
    ) -> None:
        self.at_once = at_once
        self._network = network
        self._frames = frames
        self._geometry = geometry
        self._note = note
        self._blocks: OrderedDict[int, tuple[Tensor, Features]] = OrderedDict()

    def __getitem__(self, index: int) -> Encoded:
        """Return one frame, encoded with its block. Raises OutOfMemory if not even one frame fits."""
        number, offset = divmod(index - self._frames.shot.start, self.at_once)
        if number not in self._blocks:
            try:
                self._blocks[number] = self._encode(number)
            except (RuntimeError, MemoryError) as error:
                self._step_down(error, index)
                return self[index]
        self._blocks.move_to_end(number)
        while len(self._blocks) > BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        images, features = self._blocks[number]
        one = slice(offset, offset + 1)
        return Encoded(index, images[one], Features(*(part[one] for part in features)))

    def _encode(self, number: int) -> tuple[Tensor, Features]:
        shot = self._frames.shot
        first = shot.start + number * self.at_once
        wanted = range(first, min(first + self.at_once, shot.stop))
        images = self._network.placed(torch.stack([self._geometry.image(self._frames[index]) for index in wanted]))
        return images, self._network.encode_frames(images)

    def _step_down(self, error: Exception, index: int) -> None:
        if not is_out_of_memory(error):
            raise error
        self._blocks.clear()
        if self.at_once == 1:
            raise OutOfMemory(
                "XMem has not the memory for one frame", where=f"frame {index}", next_step="lower short_side_px"
            ) from error
        self.at_once = 1
        self._note("XMem ran out of memory and goes on with one frame at a time.")
