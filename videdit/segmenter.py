"""Segmenter: frames and prompts in, masks of one object on one frame out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from videdit.frames import Descriptor, FrameSequence, Mask
from videdit.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One answer to the prompts.

    mask:  (H, W) bool
    score: estimate of the IoU with what was meant, in [0, 1]
    """

    mask: Mask
    score: float


class Segmenter(ABC):
    """Turns prompts into masks. One instance serves one film; it may keep what it computed for recent frames."""

    @abstractmethod
    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        """Return the masks that fit the prompts, best first; at least one.

        frames:   the shot; the engine may look around `index`
        index:    the frame that the prompts were drawn on
        prompts:  Click, Box, Stroke and MaskPrompt (with pixels) of one object, in the order they were given
        previous: (H, W) bool, the answer that the last of these prompts corrects; None at first

        An answer may be empty; whether that is an error is the caller's to say.
        """

    def describe(self, frames: FrameSequence, index: int, mask: Mask) -> Descriptor | None:
        """Return what the engine's own features say of the thing inside `mask`, of length 1; None if it has none.

        Alike things have a product near the largest. Used to find objects again after a cut.
        """
        return None
