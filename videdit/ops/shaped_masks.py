"""The one place where masks are cleaned, smoothed, grown and feathered before an effect sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from videdit.frames import Alpha, Mask, Region
from videdit.ops.cleaning import close_pinholes, drop_specks
from videdit.ops.feathering import feather
from videdit.ops.growing import grow
from videdit.ops.lengths import length_px
from videdit.ops.shaping import MaskShaping
from videdit.ops.smoothing import smooth_in_time
from videdit.shots import Shot


class MasksByIndex(Protocol):
    """One mask for each frame of a shot, by the frame's index in the film; the shape of `videdit.MaskSequence`."""

    def __getitem__(self, index: int) -> Mask: ...


def shape_masks(raw: MasksByIndex, shot: Shot, shaping: MaskShaping) -> MasksByIndex:
    """Return the masks of a shot closed, smoothed in time and grown, in this order; made when asked for.

    raw:     the tracked masks; read at indices of `shot` only, so nothing crosses a cut
    shaping: what to do

    Each mask is a read-only (H, W) bool array that depends only on the raw masks and the index, never on the order
    of access. IndexError outside the shot. A bounded number of masks is kept, as crops.
    """
    return _ShapedMasks(raw, shot, shaping)


def probability_of(masks: object, index: int) -> Alpha | None:
    """Return (H, W) float32 in [0, 1]: how likely what lies around masks is theirs; None if these cannot tell."""
    say = getattr(masks, "probability", None)
    return None if say is None else say(index)


def alpha_of(mask: Mask, shaping: MaskShaping) -> Alpha:
    """Return how much of an effect shows: (H, W) float32, 1 in the shaped mask, fading to 0 outside it."""
    return feather(mask, length_px(shaping.feather, mask.shape[0]))


@dataclass(frozen=True, slots=True)
class _Crop:
    """A mask without the emptiness around it: a window of frames is kept, and frames may be large."""

    size: tuple[int, int]
    region: Region
    inside: Mask

    @classmethod
    def of(cls, mask: Mask) -> _Crop:
        region = Region.of(mask)
        return cls((mask.shape[0], mask.shape[1]), region, mask[region.slices].copy())

    def whole(self) -> Mask:
        mask = np.zeros(self.size, np.bool_)
        mask[self.region.slices] = self.inside
        mask.flags.writeable = False
        return mask


class _ShapedMasks:
    def __init__(self, raw: MasksByIndex, shot: Shot, shaping: MaskShaping) -> None:
        self._raw = raw
        self._shot = shot
        self._shaping = shaping
        # Going forwards reads each raw mask once; the extra room serves effects that look around themselves.
        window = 2 * shaping.smooth_frames + 1
        self._cleaned = lru_cache(maxsize=window + 8)(self._clean)
        self._shaped = lru_cache(maxsize=16)(self._shape)

    def __getitem__(self, index: int) -> Mask:
        if index not in self._shot:
            raise IndexError(f"frame {index} is outside the shot [{self._shot.start}, {self._shot.stop})")
        return self._shaped(index).whole()

    def probability(self, index: int) -> Alpha | None:
        """Return what the raw masks say of their surroundings, see `videdit.filler.ProbableMasks`."""
        return probability_of(self._raw, index)

    def _clean(self, index: int) -> _Crop:
        mask = self._raw[index]
        height = mask.shape[0]
        mask = close_pinholes(mask, length_px(self._shaping.pinholes, height) ** 2)
        return _Crop.of(drop_specks(mask, length_px(self._shaping.specks, height) ** 2))

    def _shape(self, index: int) -> _Crop:
        # The same reach to both sides, or the mask would lag where the shot begins and lead where it ends.
        reach = min(self._shaping.smooth_frames, index - self._shot.start, self._shot.stop - 1 - index)
        mask = smooth_in_time([self._cleaned(near).whole() for near in range(index - reach, index + reach + 1)])
        return _Crop.of(grow(mask, length_px(self._shaping.grow, mask.shape[0])))
