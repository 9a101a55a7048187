"""Filler: frames and holes in, pixels for the holes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Frame, FrameSequence, Labels, Mask, Region, Rgb


class MaskSequence(Protocol):
    """One mask for each frame of a shot, by the frame's index in the film."""

    def __getitem__(self, index: int) -> Mask:
        """Return (H, W) bool. Raises IndexError outside the shot."""
        ...


@runtime_checkable
class ProbableMasks(MaskSequence, Protocol):
    """Masks of which is known how likely what lies around them belongs to them."""

    def probability(self, index: int) -> Alpha | None:
        """Return (H, W) float32 in [0, 1], of no meaning inside the mask; None if nothing is known of the frame."""
        ...


class LabelSequence(Protocol):
    """What some objects cover on each frame of a shot, by the frame's index in the film."""

    def __getitem__(self, index: int) -> Labels:
        """Return (H, W) int32: ids of objects, 0 where there is none. Raises IndexError outside the shot."""
        ...


@runtime_checkable
class MasksAmongOthers(MaskSequence, Protocol):
    """Masks of which is known where other objects are, which stay in the film."""

    def others(self, index: int) -> Labels:
        """Return (H, W) int32: ids of the others, 0 where there is none."""
        ...


MADE_UP = -1
"""In `Filled.origin`: no frame of the shot shows this pixel; it was synthesised."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Pixels for the holes of one frame.

    region: where they lie; it holds the whole hole
    rgb:    (h, w, 3) of the region, dtype of the frame; outside the hole the frame's own pixels
    origin: (h, w) int32, index of the frame that contributed most to each hole pixel, MADE_UP where none did,
            the frame's own index outside the hole
    """

    region: Region
    rgb: Rgb
    origin: NDArray[np.int32]


class Filler(ABC):
    """Fills holes with what other frames of the shot show there, or with something plausible.

    What `fill` returns depends on the shot, the holes and the index, never on the order of calls: so a render that
    was resumed equals one that was not.
    """

    @abstractmethod
    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        """Begin a shot. `frames` stays readable until the next `start`.

        `holes` of tracked objects are `ProbableMasks`; where other objects are known, which stay, `MasksAmongOthers`.
        """

    @abstractmethod
    def fill(self, index: int) -> Filled | None:
        """Return pixels for the hole on frame `index`; None if there is no hole."""

    def report(self) -> dict[str, Any]:
        """Return what the summary of a removal should tell the person: figures since the last call, as an effect's."""
        return {}


class HoledFrames:
    """A FrameSequence over another one, black in the holes: who fills them cannot have seen what was there."""

    def __init__(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames = frames
        self._holes = holes
        self.shot = frames.shot
        self.size = frames.size

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        frame = self._frames[index]
        return replace(frame, rgb=blackened(frame.rgb, self._holes[index]))


def blackened(rgb: Rgb, hole: Mask) -> Rgb:
    """Return a copy of (H, W, 3) `rgb`, uint8 or uint16, black where `hole` (H, W) bool is."""
    copy = rgb.copy()
    copy[hole] = 0
    return copy
