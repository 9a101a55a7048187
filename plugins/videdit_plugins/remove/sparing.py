"""Holes that leave alone what other objects cover."""

from __future__ import annotations

import numpy as np

from videdit import MaskSequence
from videdit.filler import LabelSequence
from videdit.frames import Alpha, Labels, Mask
from videdit.ops import grow
from videdit.ops.shaped_masks import probability_of

_RIM = 0.004
"""Of the height: so far beyond the border of two objects the pixels of both are mixed."""


class Sparing:
    """Masks that end at the rim of other objects, and know of these: `MasksAmongOthers` and `ProbableMasks`.

    A mask is grown before it comes here; what grew over another object would be cut out of that one.
    """

    def __init__(self, masks: MaskSequence, others: LabelSequence) -> None:
        self._masks = masks
        self._others = others

    def __getitem__(self, index: int) -> Mask:
        beside = self._others[index] == 0
        return np.asarray(self._masks[index] & grow(beside, _RIM * beside.shape[0]))

    def others(self, index: int) -> Labels:
        """Return (H, W) int32: ids of the others, 0 where there is none."""
        return self._others[index]

    def probability(self, index: int) -> Alpha | None:
        """Return what the masks say of their surroundings."""
        return probability_of(self._masks, index)
