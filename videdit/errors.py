"""What can go wrong, as a tree; each branch has an exit code of its own.

    VideditError                     1
    ├── OptionError                  2   an option or a file of options does not say what it must
    ├── VideoError                   3   the film cannot be read or written
    │   ├── CannotOpen
    │   ├── CannotDecode
    │   └── CannotEncode
    │       └── DiskFull
    ├── PromptError                  4   what was pointed at cannot be used
    │   ├── NothingSelected
    │   └── OutsideFrame
    ├── CheckpointError              5   a file of weights
    │   ├── MissingCheckpoint
    │   ├── CorruptCheckpoint
    │   └── LicenseNotAccepted
    ├── PluginError                  6   a plug-in
    │   ├── UnknownPlugin
    │   └── BrokenPlugin
    ├── ProjectError                 7   a project folder or a mask file
    ├── OutOfMemory                  8
    ├── DoubtfulResult               9   finished, but a check that was asked for did not pass
    └── Interrupted                130

An error says what happened, where (file, frame, object), and what to do next. The command line prints that as one
line and exits with the branch's code; `--debug` shows the trace as well.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class VideditError(Exception):
    """The one class to catch.

    what:      one clause, lower case, no full stop: "the file holds no video stream"
    where:     the file, frame or object it concerns: "holiday.mp4, frame 12"
    next_step: what the person can do about it: "name a video file"
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.next_step}" if self.next_step else text

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (batch workers); the default would lose the keyword arguments.
        return _rebuild, (type(self), self.what, self.where, self.next_step)


def _rebuild(kind: type[VideditError], what: str, where: str, next_step: str) -> VideditError:
    return kind(what, where=where, next_step=next_step)


class OptionError(VideditError):
    """An option, a pipeline file or a prompt file that does not say what it must."""

    exit_code = 2


class ShapeError(VideditError, ValueError):
    """Arrays whose shapes or dtypes do not fit together: a mistake in a program, not in a film."""


class VideoError(VideditError):
    """A film that cannot be read or written."""

    exit_code = 3


class CannotOpen(VideoError):
    """The source is absent, no video, or of a kind that cannot be edited."""


class CannotDecode(VideoError):
    """The source opened, but a frame of it cannot be had."""


class CannotEncode(VideoError):
    """The result cannot be written: codec, container, disk, or a check of the finished file."""


class DiskFull(CannotEncode):
    """There is no room left for a result; once there is, the same command goes on."""

    @classmethod
    def of(cls, error: BaseException, where: str) -> DiskFull | None:
        """Return it if that is what an error of the system's or of SQLite's says; None if it says something else."""
        of_sqlite = type(error).__module__ == "sqlite3" and "is full" in str(error)
        if not of_sqlite and getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
            return None
        return cls("the disk is full", where=where, next_step="free some space and run the same command again")


class PromptError(VideditError):
    """What was pointed at cannot be used."""

    exit_code = 4


class NothingSelected(PromptError):
    """The prompts select not one pixel."""


class OutsideFrame(PromptError):
    """A prompt lies outside the picture or the film."""


class CheckpointError(VideditError):
    """A file of weights."""

    exit_code = 5


class MissingCheckpoint(CheckpointError):
    """An engine was asked for whose file is not there."""


class CorruptCheckpoint(CheckpointError):
    """The file is there, but its size, digest or contents are not the expected ones."""


class LicenseNotAccepted(CheckpointError):
    """The weights' licence needs to be accepted once before they are fetched."""


class PluginError(VideditError):
    """A plug-in."""

    exit_code = 6


class UnknownPlugin(PluginError):
    """No plug-in offers that name."""


class BrokenPlugin(PluginError):
    """A plug-in failed to load, or raised while it worked."""


@contextmanager
def faults_of(who: str, where: str) -> Iterator[None]:
    """Turn what a plug-in raises inside the block into BrokenPlugin, such as "the tracker raised KeyError: 3".

    who: "the tracker"

    Errors of videdit's own pass as they are, and so does MemoryError.
    """
    try:
        yield
    except (VideditError, MemoryError):
        raise
    except Exception as error:
        raise BrokenPlugin(f"{who} raised {type(error).__name__}: {error}", where=where) from error


class ProjectError(VideditError):
    """A project folder, a mask file or a shot list that does not hold what it should."""

    exit_code = 7


class OutOfMemory(VideditError):
    """Neither the device nor the machine has the memory, smallest settings included."""

    exit_code = 8


class DoubtfulResult(VideditError):
    """The work is done, but a check that the person asked for did not pass."""

    exit_code = 9


class Interrupted(VideditError):
    """Stopped by the person; what was finished is kept."""

    exit_code = 130
