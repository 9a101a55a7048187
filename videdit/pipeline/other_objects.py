"""Where the objects are that an effect leaves in the film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videdit.effect import Effect
from videdit.frames import Labels
from videdit.masks import MaskTrack
from videdit.pipeline.shot_masks import ShotMasks

_PART = 0.5
"""An object of which the chosen ones cover more is a part of them, as a face is of its person."""


def others_of(
    effects: Sequence[Effect], object_ids: Sequence[Sequence[int]], known_ids: Sequence[int]
) -> list[tuple[int, ...]]:
    """Return, for each effect of a film, the objects that it has to leave alone; none unless it removes.

    object_ids: for each effect, the objects it is for
    known_ids:  all objects of the film

    What an effect before has removed is not in the frames any more.
    """
    gone: set[int] = set()
    result: list[tuple[int, ...]] = []
    for effect, ids in zip(effects, object_ids, strict=True):
        result.append(tuple(one for one in known_ids if effect.removes and one not in ids and one not in gone))
        if effect.removes:
            gone.update(ids)
    return result


class OtherObjects:
    """A LabelSequence of the objects beside the chosen ones of a shot."""

    def __init__(self, track: MaskTrack, object_ids: Sequence[int], chosen: ShotMasks) -> None:
        self._track = track
        self._object_ids = tuple(object_ids)
        self._chosen = chosen

    def __getitem__(self, index: int) -> Labels:
        if index not in self._chosen.shot:
            raise IndexError(f"frame {index} is outside the shot")
        labels = np.zeros(self._chosen.size, np.int32)
        chosen = self._chosen.union(index)
        for object_id, entry in self._track.at(index, self._object_ids).items():
            if entry.mask.empty:
                continue
            whole = entry.mask.mask()
            beside = whole & ~chosen
            if np.count_nonzero(beside) >= (1 - _PART) * np.count_nonzero(whole):
                labels[beside] = object_id
        return labels
