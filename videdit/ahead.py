"""Hand work to a thread: encoding runs beside decoding and effects, looking for things beside finding shots."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def in_thread(work: Callable[[T], object], *, ahead: int) -> Iterator[Callable[[T], None]]:
    """Yield a function that queues items for `work`, done in order in one thread, at most `ahead` waiting.

    What `work` raises is raised by the next call, or at the end. If the block raises, items still waiting are dropped.
    """
    waiting: queue.Queue[tuple[T] | None] = queue.Queue(maxsize=ahead)
    failed: list[BaseException] = []
    dropping = threading.Event()

    def run() -> None:
        while (item := waiting.get()) is not None:
            if failed or dropping.is_set():
                continue
            try:
                work(item[0])
            except BaseException as error:
                failed.append(error)

    thread = threading.Thread(target=run, name="videdit-ahead", daemon=True)
    thread.start()

    def hand_over(item: T) -> None:
        if failed:
            raise failed[0]
        waiting.put((item,))

    try:
        yield hand_over
    except BaseException:
        dropping.set()
        raise
    finally:
        waiting.put(None)
        thread.join()
    if failed:
        raise failed[0]
