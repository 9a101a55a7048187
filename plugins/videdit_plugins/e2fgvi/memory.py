"""How much memory a window takes, and what is given up when there is too little."""

from __future__ import annotations

from dataclasses import dataclass, replace

from videdit_plugins.e2fgvi.options import LEAST_PIXELS
from videdit_plugins.e2fgvi.windows import REACH

_WEIGHTS_BYTES = 165 << 20
_GATHERED_BYTES = 400 << 20
"""Keys and values of some windows of the attention at once, with what is made of them."""
_BYTES_PER_PIXEL = 1600
"""One frame while it is encoded or drawn, or some in the feed-forward layer."""
_BYTES_PER_PIXEL_AND_FRAME = 220
"""Features, tokens, queries, keys and values; predictions that are kept."""
_LEAST_REFERENCES = 2
_SHRINK = 0.7


@dataclass(frozen=True, slots=True)
class Extent:
    """How much the network sees at once.

    pixels:     of a frame at most
    references: at most
    """

    pixels: int
    references: int

    def bytes(self) -> int:
        """Return about how much memory that takes in float32."""
        frames = 2 * REACH + 1 + self.references
        per_pixel = _BYTES_PER_PIXEL + _BYTES_PER_PIXEL_AND_FRAME * frames
        return _WEIGHTS_BYTES + _GATHERED_BYTES + self.pixels * per_pixel

    def smaller(self) -> Extent | None:
        """Return the next smaller one: fewer references first, then a smaller picture; None if there is none."""
        if self.references > _LEAST_REFERENCES:
            return replace(self, references=max(_LEAST_REFERENCES, self.references // 2))
        if self.pixels > LEAST_PIXELS:
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
