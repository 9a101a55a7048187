"""The threads of the filler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock, get_ident
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST_THREADS = 4


class Workers:
    """Threads that work on different frames of a shot; what each makes is kept in caches that all of them see."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or min(_MOST_THREADS, os.cpu_count() or 1)
        self._frames = ThreadPoolExecutor(self.count, thread_name_prefix="videdit-fill")
        # Threads of their own: a frame that is worked on would else wait for other frames to be done.
        self._helpers = ThreadPoolExecutor(max(1, self.count - 1), thread_name_prefix="videdit-fill-help")

    def begin(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Call work(item) in one of the threads, after what was begun before."""
        return self._frames.submit(work, item)

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return function(item) for all items in their order; the calling thread does its part.

        function: must not call this method, nor be asked for what waits for it
        """
        shares = _Shares(len(items), self.count)
        results: dict[int, Result] = {}

        def work() -> None:
            for number in shares.take():
                results[number] = function(items[number])

        helpers = [self._helpers.submit(work) for _ in range(min(self.count, len(items)) - 1)]
        try:
            work()
        finally:
            # Helpers that are busy elsewhere are not waited for: nothing is left for them.
            begun = [helper for helper in helpers if not helper.cancel()]
            wait(begun)
        for helper in begun:
            helper.result()
        return [results[number] for number in range(len(items))]


class _Shares:
    """Numbers below `count`, shared among threads: each goes through a stretch of its own.

    Neighbours have much in common, and in one stretch none waits for what another thread is about to make for both. Who
    is done takes over the second half of the longest stretch that is left.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._lock = Lock()
        length = max(1, -(-count // threads))
        self._free = [range(start, min(count, start + length)) for start in range(0, count, length)]
        self._taken: dict[int, range] = {}

    def take(self) -> Iterator[int]:
        """Yield numbers until none is left."""
        me = get_ident()
        while True:
            with self._lock:
                mine = self._taken.get(me) or self._more()
                if not mine:
                    return
                self._taken[me] = mine[1:]
            yield mine[0]

    def _more(self) -> range:
        if self._free:
            return self._free.pop(0)
        other = max(self._taken, key=lambda thread: len(self._taken[thread]), default=None)
        if other is None:
            return range(0)
        left = self._taken[other]
        self._taken[other] = left[: len(left) // 2]
        return left[len(left) // 2 :]
