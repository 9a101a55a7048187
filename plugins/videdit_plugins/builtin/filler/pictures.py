"""The frames of a shot at the small size, with their holes; a bounded number is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import FrameSequence, MaskSequence
from videdit.filler import MasksAmongOthers, ProbableMasks
from videdit.frames import Alpha, Labels, Mask, Rgb, to_uint8
from videdit.ops import close_pinholes
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.mapping import HIDDEN_OVER
from videdit_plugins.builtin.filler.scale import Scale

DEFAULT_BYTES = 3 << 29
_LEAST_KEPT = 4
_GAP_PX, _ISLAND_SHARE = 2.5, 0.04
"""Between a hole and what is added to it gaps up to twice as wide are closed, and islands smaller than a square with a
side of such a share of the height: no ground that a person would miss, but a line of what is to go."""
_WIDER_PX = 6.0
"""How far beyond the hole motion may be the object's own."""

_BESIDE = 8
"""Of 255: how much of it what lies beside a hole is told by, where both are sampled at once."""
_CORNER_CODES, _CORNER_SIDE = 22.0, 7
"""Where pixels two apart differ by so much in every direction, flow is half as sure as it can be. In a sky or along an
edge it is not, though the pictures agree after it."""


@dataclass(frozen=True)
class Picture:
    """One frame at the small size.

    rgb:  (h, w, 3) uint8
    grey: (h, w) uint8
    hole: (h, w) bool, every pixel that the hole touches
    wide: (h, w) bool, the hole with a border where motion is not to be trusted
    """

    index: int
    rgb: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    hole: Mask
    wide: Mask

    @cached_property
    def shown(self) -> NDArray[np.uint8]:
        """Return rgb and, as a fourth channel, what `free_and_beside` takes: OpenCV samples four faster than three."""
        hidden = np.maximum(self.hole.view(np.uint8) * np.uint8(255), self.wide.view(np.uint8) * np.uint8(_BESIDE))
        return np.asarray(cv2.merge([self.rgb, hidden]))

    @cached_property
    def guide(self) -> NDArray[np.uint8]:
        """Return grey and, as a second channel, 255 where motion is not to be trusted, (h, w, 2) uint8."""
        return np.asarray(cv2.merge([self.grey, self.wide.view(np.uint8) * np.uint8(255)]))

    @cached_property
    def fixed(self) -> NDArray[np.float32]:
        """Return how far texture holds flow fast in both directions, (h, w) float32 in [0, 1].

        Source: J. Shi and C. Tomasi, "Good Features to Track", 1994.
        """
        corners = cv2.cornerMinEigenVal(self.grey, _CORNER_SIDE, 3) * np.float32(255**2)
        return np.asarray(corners / (corners + np.float32(_CORNER_CODES**2)))


def free_and_beside(hidden: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """Return where samples of `Picture.shown`, of whose fourth channel these are, hold none of the hole, and where they
    lie close to it or in it."""
    return hidden < _BESIDE + HIDDEN_OVER, hidden > 0


class Pictures:
    """Small pictures and full-size pixels by frame index, each decoded once while it stays in the window.

    kept:         how many small pictures to hold
    budget_bytes: what the full-size frames may take; at least some are kept
    """

    def __init__(
        self, frames: FrameSequence, holes: MaskSequence, scale: Scale, kept: int, budget_bytes: int = DEFAULT_BYTES
    ) -> None:
        self._frames = frames
        self._holes = holes
        self.scale = scale
        # A sample of 16 bits takes two bytes; the depth is not known before a frame is read.
        frame_bytes = 6 * scale.full[0] * scale.full[1]
        kept_full = max(_LEAST_KEPT, min(kept, budget_bytes // frame_bytes))
        self._full: Cache[int, tuple[Rgb, NDArray[np.uint8]]] = Cache(kept_full)
        self._small: Cache[int, Picture] = Cache(kept)
        # Readers of frames need not be made for several threads.
        self._reading = Lock()

    def __getitem__(self, index: int) -> Picture:
        return self._small.get(index, self._made)

    def __contains__(self, index: int) -> bool:
        """Return whether picture `index` is kept, or being made."""
        return index in self._small

    def full(self, index: int) -> tuple[Rgb, NDArray[np.uint8]]:
        """Return a frame's pixels at full size and its hole, packed to bits; see `hole`."""
        return self._full.get(index, self._read)

    def hole(self, index: int) -> Mask:
        """Return a frame's hole at full size, (H, W) bool."""
        return self._unpacked(self.full(index)[1])

    def probability(self, index: int) -> Alpha | None:
        """Return how likely what lies around a frame's hole is what is to go, (h, w) float32 of the small picture.

        None if nobody can tell.
        """
        if not isinstance(self._holes, ProbableMasks):
            return None
        with self._reading:
            known = self._holes.probability(index)
        if known is None or self.scale.same:
            return known
        return np.asarray(cv2.resize(known, self.scale.small[::-1], interpolation=cv2.INTER_AREA), np.float32)

    @property
    def among_others(self) -> bool:
        """Whether anybody knows of other objects, which stay."""
        return isinstance(self._holes, MasksAmongOthers)

    def others(self, index: int) -> Labels:
        """Return the ids of other objects, which stay, (h, w) int32 of the small picture; 0 where there is none."""
        assert isinstance(self._holes, MasksAmongOthers)
        with self._reading:
            labels = self._holes.others(index)
        return np.asarray(cv2.resize(labels, self.scale.small[::-1], interpolation=cv2.INTER_NEAREST), np.int32)

    def has_hole(self, index: int) -> bool:
        """Return whether a frame has a hole."""
        return bool(self.full(index)[1].any())

    def _unpacked(self, packed: NDArray[np.uint8]) -> Mask:
        return unpacked(packed, self.scale.full)

    def _read(self, index: int) -> tuple[Rgb, NDArray[np.uint8]]:
        with self._reading:
            return self._frames[index].rgb, np.packbits(self._holes[index])

    def _made(self, index: int) -> Picture:
        rgb, packed = self.full(index)
        return self._shrunk(index, rgb, self._unpacked(packed))

    def _shrunk(self, index: int, rgb: Rgb, hole: Mask) -> Picture:
        small = to_uint8(rgb)
        flags = hole.view(np.uint8)
        if not self.scale.same:
            height, width = self.scale.small
            small = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
            # Any share of the hole counts: a source pixel must be wholly known.
            flags = (cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0).view(
                np.uint8
            )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        return Picture(index, small, grey, flags > 0, widened(flags > 0, self.scale))


class WiderPictures(Pictures):
    """The same pictures with larger holes; frames are kept by the pictures they come from.

    more:   more(index) -> (h, w) bool at the small size to add to the hole, or None; None where there is no hole
    spared: spared(index) -> (h, w) bool of the small picture, what is never added; None if there is no such thing
    """

    def __init__(
        self,
        plain: Pictures,
        more: Callable[[int], Mask | None],
        kept: int,
        spared: Callable[[int], Mask] | None = None,
    ) -> None:
        self._plain = plain
        self._more = more
        self._spared = spared
        self.scale = plain.scale
        self._small = Cache(kept)
        self._packed: Cache[int, NDArray[np.uint8]] = Cache(kept)

    def _made(self, index: int) -> Picture:
        picture, extra = self._plain[index], self._added(index)
        if extra is None:
            return picture
        hole = picture.hole | extra
        return replace(picture, hole=hole, wide=widened(hole, self.scale))

    def _added(self, index: int) -> Mask | None:
        """Return (h, w) bool: what is added to a hole of the small picture, with the gaps between."""
        extra = self._more(index)
        if extra is None:
            return None
        whole = joined(extra, self._plain[index].hole, self.scale)
        return whole if self._spared is None else whole & ~self._spared(index)

    def full(self, index: int) -> tuple[Rgb, NDArray[np.uint8]]:
        """Return a frame's pixels at full size and its larger hole, packed to bits."""
        return self._plain.full(index)[0], self._packed.get(index, self._pack)

    def has_hole(self, index: int) -> bool:
        # Nothing is added to a frame that has none, and what would be added takes long to find.
        return self._plain.has_hole(index)

    def _pack(self, index: int) -> NDArray[np.uint8]:
        packed, extra = self._plain.full(index)[1], self._added(index)
        return packed if extra is None else np.packbits(self._unpacked(packed) | at_full(extra, self.scale))


def at_full(mask: Mask, scale: Scale) -> Mask:
    """Return (H, W) bool of a full frame: all that (h, w) bool of the small picture touches."""
    flags = mask.view(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(flags, scale.full[::-1], interpolation=cv2.INTER_LINEAR)) > 0


def joined(extra: Mask, hole: Mask, scale: Scale) -> Mask:
    """Return (h, w) bool: `extra` with the gaps between it and a hole of the small picture."""
    gap = scale.px(_GAP_PX)
    both = hole | extra
    closing = cv2.morphologyEx(both.view(np.uint8), cv2.MORPH_CLOSE, _disc(gap)).view(np.bool_)
    closed = both | (closing & grown(extra, gap + 1))
    whole = close_pinholes(closed, (_ISLAND_SHARE * min(scale.small)) ** 2)
    return np.asarray(extra | (whole & ~both))


def widened(hole: Mask, scale: Scale) -> Mask:
    """Grow a hole of the small picture by the border in which motion is not to be trusted."""
    if not hole.any():
        return hole
    return grown(hole, scale.px(_WIDER_PX))


def grown(mask: Mask, radius_px: float) -> Mask:
    """Return a mask dilated by a disc, of a radius of at least 1."""
    return np.asarray(cv2.dilate(mask.view(np.uint8), _disc(radius_px))) > 0


def _disc(radius_px: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def unpacked(bits: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """Return the mask (h, w) bool of `size` that `np.packbits` made `bits` of."""
    return np.unpackbits(bits, count=size[0] * size[1]).reshape(size).view(np.bool_)
