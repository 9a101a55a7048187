"""The threads of the filler."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_MOST_THREADS = 4


class Workers:
    """Threads that work on different frames of a shot; what each makes is kept in caches that all of them see."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or min(_MOST_THREADS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="videdit-fill")

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return function(item) for all items in their order. `function` must not call this method."""
        # Neighbours have much in common: in one run none waits for what another thread is about to make for both.
        length = max(1, -(-len(items) // self.count))
        runs = [items[start : start + length] for start in range(0, len(items), length)]
        results = self._pool.map(lambda run: [function(item) for item in run], runs)
        return [result for run in results for result in run]
