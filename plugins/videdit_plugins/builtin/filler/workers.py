"""The threads of the filler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import cv2

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


class _OneThread:
    """How many ask OpenCV for one thread now, and how many threads it had before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asking = 0
        self._before = 1

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._asking == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                if self._asking == 0:
                    cv2.setNumThreads(self._before)


one_opencv_thread = _OneThread()
"""Within it OpenCV does not divide its work: its optical flow depends on the number of parts; the threads are ours."""
