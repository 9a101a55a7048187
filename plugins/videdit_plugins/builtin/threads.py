"""How many threads the libraries under the built-in engines use, and a second thread of the engines' own.

An engine asks for thousands of small things a second. Threads that share one of them wait for each other in a loop,
which on two cores costs more than it gives; two different things at once give what two cores can.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import cv2
from threadpoolctl import ThreadpoolController

T = TypeVar("T")

_HELD = threading.Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenCV, the BLAS under NumPy and, where it is loaded, torch to one thread each inside the block.

    torch's setting is the thread's own. The others are the whole process's: of blocks that overlap, the first sets
    them, and puts back what was.
    """
    settings: dict[Callable[[int], object], int] = {}
    torch = sys.modules.get("torch")
    if torch is not None:
        settings[torch.set_num_threads] = torch.get_num_threads()
    first = _HELD.acquire(blocking=False)
    if first:
        settings[cv2.setNumThreads] = cv2.getNumThreads()
        settings |= {one.set_num_threads: one.num_threads for one in _blas().lib_controllers}
    for put in settings:
        put(1)
    try:
        yield
    finally:
        for put, count in settings.items():
            put(count)
        if first:
            _HELD.release()


def beside(work: Callable[[], T]) -> Future[T]:
    """Begin `work` in the engines' second thread; it must not wait for other work handed over so."""
    return _second_thread(os.getpid()).submit(work)


@cache
def _second_thread(process: int) -> ThreadPoolExecutor:
    # A process that was forked off has no threads but the one that forked it.
    return ThreadPoolExecutor(1, thread_name_prefix="videdit-beside")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
