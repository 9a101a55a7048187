"""SQLite connections, one for each thread, with transactions that nest."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from videdit.errors import DiskFull, ProjectError, VideditError

_WAIT_FOR_WRITER_SECONDS = 60.0


class Connections:
    """Opens a database once for each thread that asks; a database in memory is shared by all of them in turn.

    path: the file, or None for a database in memory
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._opened: dict[threading.Thread, sqlite3.Connection] = {}
        self._opening = threading.Lock()
        self._closed = False
        self._in_memory: sqlite3.Connection | None = None
        # Held during a whole transaction, so that no other thread sees half of one.
        self._turn: AbstractContextManager[object] = nullcontext()
        if path is None:
            self._turn = threading.RLock()
            self._in_memory = self._connect(":memory:")

    @property
    def where(self) -> str:
        """The file, as errors name it."""
        return "masks in memory" if self._path is None else str(self._path)

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection; SQLite's errors come out as ProjectError or DiskFull."""
        with self._turn:
            try:
                yield self._of_this_thread()
            except sqlite3.Error as error:
                raise self._described(error) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection; what is written inside stays if the block ends, and goes if it raises.

        Inside another transaction of the same thread it is a part of that one: rolled back alone if it raises,
        committed with the outer one.
        """
        with self.use() as connection:
            nested = connection.in_transaction
            # IMMEDIATE: a writer waits for another one here, before it has read anything that could change.
            connection.execute("SAVEPOINT part" if nested else "BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("RELEASE part" if nested else "COMMIT")
            except BaseException:
                if nested and connection.in_transaction:
                    connection.execute("ROLLBACK TO part")
                    connection.execute("RELEASE part")
                elif connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections of all threads; none may be in use."""
        with self._opening:
            self._closed = True
            opened = [*self._opened.values()] + ([self._in_memory] if self._in_memory else [])
            self._opened.clear()
            self._in_memory = None
        for connection in opened:
            connection.close()

    def _of_this_thread(self) -> sqlite3.Connection:
        if self._in_memory is not None:
            return self._in_memory
        thread = threading.current_thread()
        found = self._opened.get(thread)
        if found is not None:
            return found
        with self._opening:
            if self._closed or self._path is None:
                raise ProjectError("the file of masks was closed", where=self.where)
            for gone in [one for one in self._opened if not one.is_alive()]:
                self._opened.pop(gone).close()
            self._opened[thread] = self._connect(str(self._path))
            return self._opened[thread]

    def _connect(self, name: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            name, timeout=_WAIT_FOR_WRITER_SECONDS, isolation_level=None, check_same_thread=False
        )
        # With WAL a crash of the machine may undo the last transactions, but never tears one.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _described(self, error: sqlite3.Error) -> VideditError:
        text = str(error)
        if (full := DiskFull.of(error, self.where)) is not None:
            return full
        if "not a database" in text or "malformed" in text or "no such table" in text:
            return ProjectError("the file is damaged, or no file of masks", where=self.where)
        if "locked" in text or "busy" in text:
            return ProjectError(
                "another program is writing to the file", where=self.where, next_step="try again when it has finished"
            )
        return ProjectError(f"the file of masks cannot be used ({text})", where=self.where)
