"""How many threads the libraries under the built-in engines use, and a second thread of the engines' own.

An engine asks for thousands of small things a second. Threads that share one of them wait for each other in a loop,
which on two cores costs more than it gives; two different things at once give what two cores can.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import cv2
from threadpoolctl import ThreadpoolController

T = TypeVar("T")


class _OpenCV:
    """OpenCV's number of threads: how many blocks want it to be one, and what it was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = 1

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        with self._lock:
            if self._blocks == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if self._blocks == 0:
                    cv2.setNumThreads(self._before)


_OPENCV = _OpenCV()
_BLAS_HELD = threading.Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenCV, the BLAS under NumPy and, where it is loaded, torch to one thread each inside the block.

    OpenCV's setting is the process's: of blocks that overlap, the first sets it and the last puts back what was, since
    its optical flow depends on it. torch's is the thread's own. OpenBLAS does not take a number back from another
    thread than the one that set it, so there the block that found it free sets it and puts it back.
    """
    settings: dict[Callable[[int], object], int] = {}
    torch = sys.modules.get("torch")
    if torch is not None:
        settings[torch.set_num_threads] = torch.get_num_threads()
    blas = _BLAS_HELD.acquire(blocking=False)
    if blas:
        settings |= {one.set_num_threads: one.num_threads for one in _blas().lib_controllers}
    try:
        for put in settings:
            put(1)
        with _OPENCV.one_thread():
            yield
    finally:
        for put, count in settings.items():
            put(count)
        if blas:
            _BLAS_HELD.release()


def beside(work: Callable[[], T]) -> Future[T]:
    """Begin `work` in the engines' second thread; it must not wait for other work handed over so."""
    return _second_thread(os.getpid()).submit(work)


def between_two(works: Sequence[Callable[[], T]]) -> list[T]:
    """Return what all `works` return: each is done here or in the second thread, by who comes first.

    Like `beside`, it must not be asked for in that thread.
    """
    left = deque(enumerate(works))
    results: dict[int, T] = {}

    def take() -> None:
        while True:
            try:
                number, work = left.popleft()
            except IndexError:
                return
            results[number] = work()

    other = beside(take)
    take()
    # Who is busy elsewhere and has not begun has nothing left to do here.
    if not other.cancel():
        other.result()
    return [results[number] for number in range(len(works))]


@cache
def _second_thread(process: int) -> ThreadPoolExecutor:
    # A process that was forked off has no threads but the one that forked it.
    return ThreadPoolExecutor(1, thread_name_prefix="videdit-beside")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
