"""One process at a time in a folder."""

from __future__ import annotations

import json
import os
import platform
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from videdit.errors import ProjectError

LOCK_NAME = ".lock"
_LOOK_AGAIN_SECONDS = 0.1


class FolderLock:
    """Holds a folder against every other process, and against a second one of this process.

    The system keeps the lock, not the file: it is gone the moment its holder is, however that ends.

    folder:       exists; gets a small file that says who holds it
    wait_seconds: how long to wait for another holder to let go
    Raises ProjectError that says who is at work there.
    """

    def __init__(self, folder: Path, *, wait_seconds: float = 0.0) -> None:
        self._path = folder / LOCK_NAME
        self._file: IO[str] | None = None
        until = time.monotonic() + wait_seconds
        while not self._take():
            if time.monotonic() >= until:
                raise ProjectError(
                    f"{self._holder()} is at work in this folder",
                    where=str(folder),
                    next_step="wait for it or stop it, or name another folder",
                )
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _take(self) -> bool:
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ProjectError(
                f"the folder cannot be worked in: {error.strerror}", where=str(self._path.parent)
            ) from error
        if not _lock(file):
            file.close()
            return False
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "host": platform.node(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}, file)
        file.flush()
        self._file = file
        return True

    def _holder(self) -> str:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            pid, host, since = told["pid"], told["host"], told["since"]
        except (OSError, ValueError, LookupError, TypeError):
            return "another videdit"
        if host != platform.node():
            return f"another videdit (process {pid} on {host}, since {since})"
        return "this program already" if pid == os.getpid() else f"another videdit (process {pid}, since {since})"

    def release(self) -> None:
        """Let the folder go; nothing happens if that was done."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def is_held(folder: Path) -> bool:
        """Return whether somebody holds the folder now; a file system that knows no locks says no."""
        try:
            with (folder / LOCK_NAME).open("r+", encoding="utf-8") as file:
                return not _lock(file)
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _lock(file: IO[Any]) -> bool:
    """Lock an open file; False if another one has it. File systems that know no locks let everybody in."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(file)
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lock_on_windows(file: IO[Any]) -> bool:
    import msvcrt

    # A byte far beyond the text, which others may then still read.
    file.seek(1 << 20)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True
