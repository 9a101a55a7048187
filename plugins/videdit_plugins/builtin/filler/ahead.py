"""Frames that are made before they are asked for: while the one who asks works on one, threads make the next."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from videdit import Shot
from videdit_plugins.builtin.filler.workers import Workers

Made = TypeVar("Made")


class Ahead(Generic[Made]):
    """What is made of each frame of a shot, in threads; who asks in order finds the next few under way.

    make: make(index) -> what it is, of the index alone; it should not hold this object
    """

    def __init__(self, make: Callable[[int], Made], shot: Shot, workers: Workers) -> None:
        self._make = make
        self._shot = shot
        self._workers = workers
        self._before = shot.start - 1
        self._begun: dict[int, Future[Made]] = {}
        # Who drops this without a word does not want the rest.
        weakref.finalize(self, _drop, self._begun)

    def get(self, index: int) -> Made:
        """Return what is made of frame `index`.

        After the frame before it, and at the shot's start, the ones behind it are begun as well.
        """
        onwards = index == self._before + 1
        self._before = index
        stop = min(self._shot.stop, index + 1 + (self._workers.count if onwards else 0))
        for other in [other for other in self._begun if not index <= other < stop]:
            self._begun.pop(other).cancel()
        for other in range(index, stop):
            if other not in self._begun:
                self._begun[other] = self._workers.begin(self._make, other)
        return self._begun.pop(index).result()

    def end(self) -> None:
        """Give up what was not asked for, and wait until no thread works on it."""
        begun = list(self._begun.values())
        _drop(self._begun)
        wait(begun)


def _drop(begun: dict[int, Future[Made]]) -> None:
    for future in begun.values():
        future.cancel()
    begun.clear()
