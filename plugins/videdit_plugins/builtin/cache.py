"""Values that are dear to make, each made once for all threads that ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """Values by key; the `most` that were asked for last are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def get(self, key: Key, make: Callable[[Key], Value]) -> Value:
        """Return the value, made now if it is not kept; who asks while another thread makes it waits for that.

        make: make(key) -> value, of the key alone; it may ask any cache for what does not need this value in turn. It
              is not kept: an object whose method it is would keep itself in memory.
        """
        with self._lock:
            future = self._kept.get(key)
            if future is not None:
                self._kept.move_to_end(key)
            else:
                made = self._kept[key] = Future()
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        if future is not None:
            return future.result()
        try:
            made.set_result(make(key))
        except BaseException as error:
            with self._lock:
                self._kept.pop(key, None)
            made.set_exception(error)
        return made.result()
