"""All objects of one frame in one array, overlaps resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Mask
from videdit.masks.packed import PackedMask


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Which object owns each pixel.

    labels:    (H, W) uint16, 0 is background, else an object id
    hidden_px: number of mask pixels that another object covers
    """

    labels: NDArray[np.uint16]
    hidden_px: int = 0

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.dtype != np.uint16:
            raise ShapeError(f"a label map is (H, W) uint16, not {self.labels.shape} {self.labels.dtype}")

    @classmethod
    def of(cls, masks: Mapping[int, PackedMask], size: tuple[int, int], order: Sequence[int] | None = None) -> LabelMap:
        """Lay masks over one another.

        masks: object id -> mask
        order: object ids; where masks overlap, the later one wins. Objects it does not name lie beneath those it
               does. Default: ascending ids.
        """
        ranks = {object_id: rank for rank, object_id in enumerate(order or ())}
        labels = np.zeros(size, dtype=np.uint16)
        total_px = 0
        for object_id in sorted(masks, key=lambda one: (ranks.get(one, -1), one)):
            packed = masks[object_id]
            if packed.size != size:
                raise ShapeError(f"the mask of object {object_id} is {packed.size}, not {size}")
            if not packed.empty:
                labels[packed.region.slices][packed.crop()] = object_id
                total_px += packed.area_px
        return cls(labels, total_px - int(np.count_nonzero(labels)))

    @property
    def object_ids(self) -> list[int]:
        """The ids that own at least one pixel, ascending."""
        seen = np.zeros(2**16, dtype=np.bool_)
        seen[self.labels] = True
        return [int(one) for one in np.flatnonzero(seen[1:]) + 1]

    def mask(self, object_id: int) -> Mask:
        """Return (H, W) bool: the pixels that the object owns."""
        owned: Mask = self.labels == object_id
        return owned

    def masks(self) -> dict[int, PackedMask]:
        """Return the mask of every object that owns at least one pixel."""
        return {object_id: PackedMask.pack(self.mask(object_id)) for object_id in self.object_ids}
