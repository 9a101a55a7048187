"""Run a command: turn what it raises into one line and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from videdit.cli import console
from videdit.errors import DiskFull, Interrupted, OutOfMemory, VideditError

DEBUG = "VIDEDIT_DEBUG"


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that an error becomes one line on stderr (JSON on stdout with --json) and its exit code.

    With --debug the error is raised as it is, trace and all.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **flags: Any) -> None:
        as_json = bool(flags.get("as_json"))
        try:
            command(*arguments, **flags)
        except (typer.Exit, typer.Abort):
            raise
        except BaseException as error:
            known = _as_videdit_error(error)
            if known is None or os.environ.get(DEBUG):
                raise
            console.show_error(known, as_json=as_json)
            raise typer.Exit(known.exit_code) from error

    return run


def _as_videdit_error(error: BaseException) -> VideditError | None:
    """Return the error as one of ours; None for a bug, which is shown with its trace."""
    if isinstance(error, VideditError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("stopped", next_step="run the same command again to go on where it stopped")
    if isinstance(error, BrokenPipeError):
        # Whoever read our output went away; closing what is left must not complain again.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return Interrupted("the output was closed")
    if (full := DiskFull.of(error, str(getattr(error, "filename", None) or ""))) is not None:
        return full
    from videdit.devices import is_out_of_memory

    if is_out_of_memory(error):
        return OutOfMemory(
            "the memory does not suffice", next_step="try --quality draft, a smaller film, or --device cpu"
        )
    return None
