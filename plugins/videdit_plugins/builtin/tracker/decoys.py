"""What looked like an object while the object itself was in sight elsewhere, so that it is not taken for it later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit_plugins.builtin.tracker.planes import COARSE, Plane
from videdit_plugins.builtin.tracker.search import Place, find_again
from videdit_plugins.builtin.tracker.target import Decoy, Target

LIKELIER = 1.2
"""Of a place that looks so many times as likely as the decoy did, the decoy may not be all there is."""


def decoys_beside(target: Target, plane: Plane, sides: tuple[int, int]) -> list[Decoy]:
    """Return what looks like `target` on `plane`, the frame on which it was last seen, outside its mask.

    sides: see `roi_around`
    """
    mask = target.probability > 0.5
    places = find_again(target, plane, sides)
    return [Decoy(*one.centre, one.mean) for one in places if not mask[_box(target, one, plane.size).slices].any()]


def carried(decoys: list[Decoy], forward: NDArray[np.float32] | None) -> list[Decoy]:
    """Return `decoys` on the next frame; forward: see `coarse_flow`."""
    if forward is None:
        return decoys
    height, width = forward.shape[:2]
    moved = []
    for x, y, mean in decoys:
        column, row = np.clip((round(x / COARSE), round(y / COARSE)), 0, (width - 1, height - 1))
        across, down = forward[row, column]
        moved.append(Decoy(x + float(across), y + float(down), mean))
    return moved


def is_decoy(target: Target, place: Place) -> bool:
    """Return whether `place` is one of the decoys of `target` and shows no more than that."""
    high, wide = target.usual_box
    return any(
        abs(place.centre[0] - x) < wide / 2 and abs(place.centre[1] - y) < high / 2 and place.mean < LIKELIER * mean
        for x, y, mean in target.decoys or ()
    )


def _box(target: Target, place: Place, size: tuple[int, int]) -> Region:
    (x, y), (high, wide) = place.centre, target.usual_box
    box = Region(round(x - wide / 2), round(y - high / 2), round(x + wide / 2), round(y + high / 2))
    return box.grown(0, size)
