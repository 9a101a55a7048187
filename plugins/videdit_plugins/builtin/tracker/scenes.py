"""What the pictures alone say of a frame that a walk comes to, whatever the objects: it can be known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videdit.frames import FrameSequence
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.ground import Ground
from videdit_plugins.builtin.threads import beside
from videdit_plugins.builtin.tracker.behind import Behind
from videdit_plugins.builtin.tracker.flow import coarse_flow
from videdit_plugins.builtin.tracker.planes import Plane, Planes


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame and the one that a walk comes from.

    before:  the frame that it comes from
    now:     the frame
    forward: coarse flow from `before` to `now`, see `coarse_flow`
    ground:  how `now` differs from what other frames show, None if that is not asked
    """

    before: Plane
    now: Plane
    forward: NDArray[np.float32] | None
    ground: Ground | None


class Scenes:
    """The scenes of a shot.

    planes: its frames at work size
    behind: whether frames are compared with what others show at the same places
    """

    def __init__(self, frames: FrameSequence, work_pixels: int, behind: bool) -> None:
        self.planes = Planes(frames, work_pixels)
        self._shot = frames.shot
        self._behind = Behind(frames) if behind else None
        self._next: Cache[tuple[int, int], Scene] = Cache(1)

    def at(self, index: int, direction: int) -> Scene:
        """Return the scene of frame `index`, which a walk upwards (1) or downwards (-1) comes to."""
        return self._next.get((index, direction), self._made)

    @contextmanager
    def next_beside(self, index: int, direction: int) -> Iterator[None]:
        """Work out the next scene of the walk in the engines' second thread while the block runs.

        What goes wrong there does so again, and is heard of, when the walk gets there.
        """
        if index + direction not in self._shot:
            yield
            return
        ahead = beside(lambda: self.at(index + direction, direction))
        try:
            yield
        finally:
            # Else the block's end would give OpenCV its threads back, on whose number optical flow depends.
            wait([ahead])

    def _made(self, step: tuple[int, int]) -> Scene:
        index, direction = step
        before, now = self.planes[index - direction], self.planes[index]
        ground = self._behind.ground(index, direction) if self._behind else None
        return Scene(before, now, coarse_flow(before, now), ground)
