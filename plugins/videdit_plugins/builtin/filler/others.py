"""Other objects, which stay in the film: where they are, and which of them have moved between two frames."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Labels, Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.mapping import Points, project, within
from videdit_plugins.builtin.filler.pictures import Pictures, grown

_Kind = TypeVar("_Kind", bound=np.generic)
_COARSE = 4
_LEAST_SEEN = 12
"""Of so few coarse pixels nothing can be told."""
_STANDS = 0.75
"""Of what an object covers on either of two frames, away from the holes, the share that it covers on both if it stands
still."""
_RING_PX, _MOST_AROUND = 6.0, 0.5
"""Of what lies so near around a hole, the share from which on an object is taken to be behind it wherever it was."""
_EDGE_PX = 3.0
_KEPT = 256


class Others:
    """Other objects of the film on each frame of a shot, at the small size.

    One that stands still is ground like any other: behind a hole it is where other frames show it. One that has moved
    was there then and is not there now; its masks tell that more surely than motion alone.
    """

    def __init__(self, pictures: Pictures, camera: Camera, kept: int) -> None:
        self._pictures = pictures
        self._camera = camera
        self._labels: Cache[int, Labels] = Cache(kept)
        self._around: Cache[int, int] = Cache(kept)
        self._elsewhere: Cache[tuple[int, int], list[int]] = Cache(_KEPT)

    def on(self, index: int) -> Mask:
        """Return (h, w) bool: what the others cover on a frame."""
        return np.asarray(self._on(index) > 0)

    def moved(self, index: int, other: int) -> tuple[Mask, Mask]:
        """Return what covers two frames and is not at the same place on both, with a border, (h, w) bool each."""
        ids = self._elsewhere.get((index, other), self._found)
        here, there = (self._grown(one, ids) for one in (index, other))
        return here, there

    def _on(self, index: int) -> Labels:
        return self._labels.get(index, self._pictures.others)

    def _grown(self, index: int, ids: list[int]) -> Mask:
        labels = self._on(index)
        if not ids:
            return np.zeros(labels.shape, np.bool_)
        return grown(np.isin(labels, ids), self._pictures.scale.px(_EDGE_PX))

    def _found(self, pair: tuple[int, int]) -> list[int]:
        """Return the ids of those that have moved, or of which is not known whether they have.

        A ball before somebody hides him and no ground: even what he looked like elsewhere is better than that.
        """
        index, other = pair
        behind = self._around.get(index, self._most_around)
        places = _coarse(self._pictures.scale.small)
        points = project(self._camera.product(index, other), places)
        here, there = _sampled(self._on(index), places), _sampled(self._on(other), points)
        seen = within(points, self._pictures.scale.small)
        seen &= ~_sampled(self._pictures[index].hole, places) & ~_sampled(self._pictures[other].hole, points)
        return [
            int(one)
            for one in np.union1d(np.unique(here), np.unique(there))
            if one not in (0, behind) and not _stands(seen & (here == one), seen & (there == one))
        ]

    def _most_around(self, index: int) -> int:
        """Return the id of the one that covers most of what lies around the hole; 0 if none covers so much."""
        hole = self._pictures[index].hole
        ring = self._on(index)[grown(hole, self._pictures.scale.px(_RING_PX)) & ~hole]
        counts = np.bincount(ring, minlength=1)
        most = int(np.argmax(counts))
        return most if counts[most] >= _MOST_AROUND * len(ring) else 0


def _stands(here: Mask, there: Mask) -> bool:
    """Return whether an object that covers `here` on one frame and `there` on another has stayed where it was."""
    count, both = np.count_nonzero(here | there), np.count_nonzero(here & there)
    return bool(count >= _LEAST_SEEN and both >= _STANDS * count)


def _coarse(size: tuple[int, int]) -> Points:
    x, y = np.meshgrid(*(np.arange(0, length, _COARSE, dtype=np.float32) for length in size[::-1]))
    return x, y


def _sampled(plane: NDArray[_Kind], points: Points) -> NDArray[_Kind]:
    """Return the values of a plane at points, those outside moved to its border."""
    height, width = plane.shape
    x = np.clip(np.rint(points[0]), 0, width - 1).astype(np.intp)
    y = np.clip(np.rint(points[1]), 0, height - 1).astype(np.intp)
    return np.asarray(plane[y, x])
