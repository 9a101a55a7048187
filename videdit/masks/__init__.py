"""Masks: one object's on one frame, all of a film, and the formats they come and go in."""

from __future__ import annotations

from videdit.masks.entry import ORIGINS, MaskEntry, Origin
from videdit.masks.label_map import LabelMap
from videdit.masks.packed import PackedMask
from videdit.masks.track import IN_MEMORY, MaskTrack
from videdit.masks.union import UnionMasks

__all__ = ["IN_MEMORY", "ORIGINS", "LabelMap", "MaskEntry", "MaskTrack", "Origin", "PackedMask", "UnionMasks"]
