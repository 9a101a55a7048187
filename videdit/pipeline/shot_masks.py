"""The masks of one shot, by object and frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videdit.frames import Alpha, Mask
from videdit.masks import MaskTrack
from videdit.ops.shaped_masks import probability_of
from videdit.shots import Shot


class ShotMasks:
    """Reads the masks of some objects in one shot from the track.

    This is what the hook `masks_ready` passes from plug-in to plug-in: return an object with the same attributes and
    methods to change what effects see.
    """

    def __init__(self, track: MaskTrack, object_ids: Sequence[int], shot: Shot, size: tuple[int, int]) -> None:
        self._track = track
        self.object_ids = tuple(object_ids)
        self.shot = shot
        self.size = size

    def mask(self, object_id: int, index: int) -> Mask | None:
        """Return (H, W) bool, or None where the object is absent or was not tracked."""
        entry = self._track.get(object_id, index)
        return None if entry is None or entry.mask.empty else entry.mask.mask()

    def union(self, index: int) -> Mask:
        """Return (H, W) bool: where any of the objects is."""
        together: Mask = np.zeros(self.size, dtype=bool)
        for entry in self._track.at(index, self.object_ids).values():
            entry.mask.add_to(together)
        return together

    def probability(self, index: int) -> Alpha | None:
        """Return (H, W) float32: how likely what lies around the masks is the objects' too; None if nobody can tell."""
        stored = [entry.probability for entry in self._track.at(index, self.object_ids).values()]
        known = [one.map(self.size) for one in stored if one is not None]
        return np.maximum.reduce(known) if known else None


class Union:
    """A MaskSequence of all objects of a ShotMasks together."""

    def __init__(self, masks: ShotMasks) -> None:
        self._masks = masks

    def __getitem__(self, index: int) -> Mask:
        if index not in self._masks.shot:
            raise IndexError(f"frame {index} is outside the shot")
        return self._masks.union(index)

    def probability(self, index: int) -> Alpha | None:
        """Return what the masks say of their surroundings; None where those of a plug-in say nothing."""
        return probability_of(self._masks, index)
