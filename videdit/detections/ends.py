"""How far something is covered beyond where it was found, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from videdit.detections.sightings import Doubt, Sighting, as_tuple
from videdit.detections.steps import FollowOptions

_STILL_SEEN = 0.5  # trust in the flow from which it is covered twice as long
_LEAVES = 0.25  # share of its size by which a box lies over the border


def cut_ends(
    found: Mapping[int, tuple[NDArray[np.float64], float]],
    filled: Mapping[int, NDArray[np.float64]],
    ahead: Mapping[int, tuple[NDArray[np.float64], float]],
    size: tuple[int, int],
    start: int,
    stop: int,
    options: FollowOptions,
    merged: bool,
) -> list[Sighting]:
    """Return everything that is covered of one thing, in order.

    found:  frame -> box and score
    filled: frame -> box, between finds and before the first
    ahead:  frame -> box and trust, after the last find
    size:   height and width of the picture
    start, stop: the shot
    merged: it ended on another thing, which is covered itself
    """
    first, last = min(found), max(found)
    keys = sorted(found)
    sightings = [Sighting(index, as_tuple(box), score, "detected") for index, (box, score) in found.items()]
    late = first > start and not _at_border(found[first][0], size)
    for index, box in filled.items():
        if index < first:
            if not _outside(box, size):
                score = found[first][1]
                sightings.append(Sighting(index, as_tuple(box), score, "filled", "late" if late else ""))
            continue
        after = keys[int(np.searchsorted(keys, index))]
        before = keys[int(np.searchsorted(keys, index)) - 1]
        doubt: Doubt = "gap" if after - before > 2 * options.every else ""
        sightings.append(Sighting(index, as_tuple(box), min(found[before][1], found[after][1]), "filled", doubt))
    if not merged:
        sightings += _tail(found[last], ahead, last, size, stop, options)
    faint = max(score for _, score in found.values()) < options.alone
    if faint:
        sightings = [_doubted(one) for one in sightings]
    return sorted(sightings, key=lambda one: one.index)


def _tail(
    last_found: tuple[NDArray[np.float64], float],
    ahead: Mapping[int, tuple[NDArray[np.float64], float]],
    last: int,
    size: tuple[int, int],
    stop: int,
    options: FollowOptions,
) -> list[Sighting]:
    """Return what is covered after the last find: longer while the flow still sees the same thing there."""
    box, score = last_found
    lost: Doubt = "" if _at_border(box, size) else "lost"
    tail = []
    for index in range(last + 1, stop):
        box, trust = ahead.get(index, (box, 0.0))
        reach = 2 * options.extend if trust >= _STILL_SEEN else options.extend
        if index - last > reach or _outside(box, size):
            break
        tail.append(Sighting(index, as_tuple(box), score, "filled", "" if _at_border(box, size) else lost))
    return tail


def _at_border(box: NDArray[np.float64], size: tuple[int, int]) -> bool:
    height, width = size
    margin = _LEAVES * min(box[2] - box[0], box[3] - box[1])
    return bool(box[0] < margin or box[1] < margin or box[2] > width - margin or box[3] > height - margin)


def _outside(box: NDArray[np.float64], size: tuple[int, int]) -> bool:
    height, width = size
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return not (0 <= x < width and 0 <= y < height)


def _doubted(one: Sighting) -> Sighting:
    return one if one.doubt else Sighting(one.index, one.box, one.score, one.source, "faint")
