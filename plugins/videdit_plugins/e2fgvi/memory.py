"""How much memory a window takes, and what is given up when there is too little."""

from __future__ import annotations

from dataclasses import dataclass, replace

from videdit_plugins.e2fgvi.options import LEAST_PIXELS
from videdit_plugins.e2fgvi.windows import REACH

_WEIGHTS_BYTES = 165 << 20
_GATHERED_BYTES = 250 << 20
"""Keys and values of some windows of the attention at once, with what is made of them."""
# Fitted to the peak of two runs on a CPU in float32, above the weights: 371 and 295 MiB for frames of 216x120 with 10
# and 2 references, 835 MiB for 432x240 with 2.
_BYTES_PER_PIXEL = 3000
_BYTES_PER_PIXEL_AND_FRAME = 240
_LEAST_REFERENCES = 2
_SHRINK = 0.7


@dataclass(frozen=True, slots=True)
class Extent:
    """How much the network sees at once.

    pixels:     of a frame at most
    references: at most
    fixed:      the picture cannot be smaller
    """

    pixels: int
    references: int
    fixed: bool = False

    def bytes(self) -> int:
        """Return about how much memory that takes in float32."""
        frames = 2 * REACH + 1 + self.references
        per_pixel = _BYTES_PER_PIXEL + _BYTES_PER_PIXEL_AND_FRAME * frames
        return _WEIGHTS_BYTES + _GATHERED_BYTES + self.pixels * per_pixel

    def smaller(self) -> Extent | None:
        """Return the next smaller one: fewer references first, then a smaller picture; None if there is none."""
        if self.references > _LEAST_REFERENCES:
            return replace(self, references=max(_LEAST_REFERENCES, self.references // 2))
        if self.pixels > LEAST_PIXELS and not self.fixed:
            return replace(self, pixels=max(LEAST_PIXELS, int(self.pixels * _SHRINK)))
        return None

    def within(self, budget_bytes: int) -> Extent | None:
        """Return the largest one that the budget allows, from this one down; None if there is none."""
        extent: Extent | None = self
        while extent is not None and extent.bytes() > budget_bytes:
            extent = extent.smaller()
        return extent

    def __str__(self) -> str:
        return f"{self.references} distant frames and pictures of at most {self.pixels:,} pixels"
