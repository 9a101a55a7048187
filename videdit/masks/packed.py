"""One object's mask on one frame, small enough to keep in a database and to hold many of."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from videdit.errors import ProjectError, ShapeError
from videdit.frames import Mask, Region

# Part of the stored form: the same mask must always give the same bytes.
_ZLIB_LEVEL = 1


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask cut to its bounding box, one bit per pixel, compressed. Equal masks are equal, byte for byte.

    size:    height and width of the frame
    region:  bounding box of the mask; empty at the origin if the mask is
    bits:    zlib stream of the rows of the box, each padded to whole bytes; empty if the mask is
    area_px: number of pixels in the mask
    """

    size: tuple[int, int]
    region: Region
    bits: bytes
    area_px: int

    @classmethod
    def pack(cls, mask: Mask) -> PackedMask:
        """Pack a mask.

        mask: (H, W) bool

        Raises ShapeError for anything else.
        """
        if mask.ndim != 2 or mask.dtype != np.bool_:
            raise ShapeError(f"a mask is (H, W) bool, not {mask.shape} {mask.dtype}")
        return cls.pack_inside(mask, Region.whole(mask.shape), mask.shape)

    @classmethod
    def pack_inside(cls, mask: Mask, place: Region, size: tuple[int, int]) -> PackedMask:
        """Pack a mask of which only a part of the frame is given; outside of it there is nothing.

        mask:  (h, w) bool
        place: where it lies in the frame
        size:  height and width of the frame

        Returns what `pack` makes of the whole. Raises ShapeError if the sizes do not fit.
        """
        inside = place.x0 >= 0 and place.y0 >= 0 and place.x1 <= size[1] and place.y1 <= size[0]
        if mask.shape != (place.height, place.width) or mask.dtype != np.bool_ or not inside:
            raise ShapeError(f"{place} of a frame of {size} takes no mask of {mask.shape} {mask.dtype}")
        tight = Region.of(mask)
        if tight.empty:
            return cls(size, tight, b"", 0)
        crop = mask[tight.slices]
        region = Region(tight.x0 + place.x0, tight.y0 + place.y0, tight.x1 + place.x0, tight.y1 + place.y0)
        # Rows padded to bytes keep what lies above one another aligned, which compresses best.
        bits = zlib.compress(np.packbits(crop, axis=1).tobytes(), _ZLIB_LEVEL)
        return cls(size, region, bits, int(np.count_nonzero(crop)))

    @classmethod
    def absent(cls, size: tuple[int, int]) -> PackedMask:
        """Return the mask of an object that is not on the frame."""
        return cls(size, Region(0, 0, 0, 0), b"", 0)

    @property
    def empty(self) -> bool:
        """Whether no pixel is in the mask."""
        return self.region.empty

    def crop(self) -> Mask:
        """Return (h, w) bool: the mask inside its region. Raises ProjectError if the stored bits are damaged."""
        height, width = self.region.height, self.region.width
        if self.empty:
            return np.zeros((0, 0), dtype=np.bool_)
        try:
            packed = np.frombuffer(zlib.decompress(self.bits), dtype=np.uint8).reshape(height, -(-width // 8))
        except (zlib.error, ValueError) as error:
            raise ProjectError("a stored mask is damaged", next_step="track the object again") from error
        return np.unpackbits(packed, axis=1, count=width).view(np.bool_)

    def mask(self) -> Mask:
        """Return (H, W) bool. Raises ProjectError if the stored bits are damaged."""
        whole: Mask = np.zeros(self.size, dtype=np.bool_)
        if not self.empty:
            whole[self.region.slices] = self.crop()
        return whole

    def add_to(self, union: Mask) -> None:
        """Set the mask's pixels in `union`, (H, W) bool of the same size; touches no more than its region."""
        if union.shape != self.size:
            raise ShapeError(f"a mask of {self.size} does not fit into {union.shape}")
        if not self.empty:
            union[self.region.slices] |= self.crop()
