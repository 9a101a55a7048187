"""Who is who: tracklets of one person in several shots, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videdit.detections.sightings import Sighting, Tracklet


@dataclass(frozen=True, slots=True)
class Person:
    """One thing through the whole film: a person, a number plate.

    number:    1 for the first that is seen, from left to right where two begin together
    sightings: by frame; no two on one
    """

    number: int
    sightings: tuple[Sighting, ...]

    @property
    def best(self) -> Sighting:
        """The sighting that shows it best."""
        return Tracklet(self.sightings).best


def people_of(tracklets: Sequence[Tracklet], looks_alike: float) -> list[Person]:
    """Put together the tracklets that look alike, and number what comes of it.

    tracklets:   of all shots, in the order of the film
    looks_alike: product of two looks from which they are of one

    The two groups that are most alike on average are joined first, again and again; two that are seen on one frame are
    never joined. Tracklets without looks stay alone.
    """
    groups = [[one] for one in tracklets]
    while True:
        pair = _most_alike(groups, looks_alike)
        if pair is None:
            break
        groups[pair[0]] += groups.pop(pair[1])
    rows = [sorted((s for one in group for s in one.sightings), key=lambda s: s.index) for group in groups]
    rows.sort(key=lambda row: (row[0].index, row[0].box))
    return [Person(number, tuple(row)) for number, row in enumerate(rows, 1)]


def _most_alike(groups: Sequence[Sequence[Tracklet]], looks_alike: float) -> tuple[int, int] | None:
    known = [
        (number, np.array([row for one in group for row in one.looks]), _frames(group))
        for number, group in enumerate(groups)
        if any(one.looks for one in group)
    ]
    best, pair = looks_alike, None
    for at, (first, looks, frames) in enumerate(known):
        for second, other, its_frames in known[at + 1 :]:
            likeness = float((looks @ other.T).mean())
            if likeness >= best and not frames & its_frames:
                best, pair = likeness, (first, second)
    return pair


def _frames(group: Sequence[Tracklet]) -> set[int]:
    return {sighting.index for one in group for sighting in one.sightings}
