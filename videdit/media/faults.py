"""What the library below says went wrong, as the project's errors."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.error import FFmpegError

from videdit.errors import CannotDecode, CannotEncode, CannotOpen, DiskFull


def reason_of(error: BaseException) -> str:
    """Return what the library or the system says, in one short clause."""
    text = (getattr(error, "strerror", None) or str(error)).strip()
    return text.split("\n")[0][:200] or type(error).__name__


def cannot_open(error: BaseException, path: Path) -> CannotOpen:
    """Explain why a source does not open."""
    where = str(path)
    if isinstance(error, FileNotFoundError):
        return CannotOpen("there is no such file", where=where, next_step="check the path")
    if isinstance(error, PermissionError):
        return CannotOpen("the file may not be read", where=where, next_step="check its permissions")
    if isinstance(error, av.error.InvalidDataError | av.error.EOFError):
        return CannotOpen(
            "it is no video file, or it was cut off before its table of contents was written",
            where=where,
            next_step="copy or record it again, or repair it with a tool for its format",
        )
    return CannotOpen(f"it does not open ({reason_of(error)})", where=where, next_step="name a video file")


def cannot_decode(what: str, path: Path, frame: int, frame_count: int) -> CannotDecode:
    """Explain that a frame cannot be had, and how much can."""
    if frame == 0:
        return CannotDecode(what, where=f"{path}, frame 0", next_step="nothing before it decodes; repair the file")
    return CannotDecode(
        what,
        where=f"{path}, frame {frame}",
        next_step=f"the {frame} of {frame_count} frames before it decode; open it with salvage to work with what does",
    )


@contextmanager
def encoding_to(path: Path) -> Iterator[None]:
    """Turn what the library and the system raise while writing `path` into CannotEncode."""
    try:
        yield
    except (FFmpegError, OSError, ValueError) as error:
        raise cannot_encode(error, path) from error


def cannot_encode(error: BaseException, path: Path) -> CannotEncode:
    """Explain why a result cannot be written."""
    where = str(path)
    if (full := DiskFull.of(error, where)) is not None:
        return full
    if getattr(error, "errno", None) == errno.EFBIG:
        return CannotEncode("the disk takes no file of that size", where=where, next_step="write to another disk")
    if isinstance(error, PermissionError):
        return CannotEncode("the folder may not be written to", where=where, next_step="name another place")
    if isinstance(error, FileNotFoundError):
        return CannotEncode(
            "its folder does not exist", where=where, next_step=f"make {os.fspath(path.parent)!r} first"
        )
    return CannotEncode(
        f"it cannot be written ({reason_of(error)})", where=where, next_step="try another codec or container"
    )
