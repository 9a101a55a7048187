"""What the person sees: progress on stderr, results on stdout, one line for an error."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from videdit.errors import Interrupted, VideditError
from videdit.progress import Progress, Report

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

_STAGES = {
    "shots": "finding shots",
    "look": "looking",
    "track": "tracking",
    "render": "rendering",
    "join": "joining",
    "batch": "editing",
    "pull": "fetching",
    "verify": "checking",
    "example": "drawing",
    "export": "writing",
}
_LINE_EVERY_SECONDS = 10.0


def say(sentence: str) -> None:
    """Print one sentence for the person, on stderr, so that stdout stays for results."""
    err.print(sentence, markup=False)


def show_json(value: Any) -> None:
    """Print a result for machines on stdout."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def show_error(error: VideditError, *, as_json: bool) -> None:
    """Print an error as one line on stderr, or as JSON on stdout."""
    if as_json:
        kind = type(error)
        show_json(
            {
                "error": kind.__name__,
                "what": error.what,
                "where": error.where,
                "next_step": error.next_step,
                "exit_code": kind.exit_code,
            }
        )
    else:
        err.print(Text.assemble(("error:", "bold red"), " ", " ".join(str(error).split())))


class _Speed:
    """Frames per second since the stage began, not counting what a resumed run found done."""

    def __init__(self, done: int) -> None:
        self._began = time.monotonic()
        self._first = done

    def text(self, done: int) -> str:
        seconds = time.monotonic() - self._began
        return f"{(done - self._first) / seconds:.1f}/s" if seconds > 0.5 else ""


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Report]:
    """Yield a Report that shows stage, time left and speed. Ctrl-C makes it raise Interrupted at the next frame.

    A second Ctrl-C interrupts at once, wherever the program is.
    """
    stopped: list[bool] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if stopped:
            raise KeyboardInterrupt
        stopped.append(True)
        say("stopping after this frame; press Ctrl-C again to stop at once")

    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, stop)
    except ValueError:
        before = None  # not in the main thread: whoever runs us there handles signals
    shown = _Lines() if quiet or not err.is_terminal else _Shown()

    def report(step: Progress) -> None:
        if not quiet:
            shown.show(step)
        if stopped:
            raise Interrupted("stopped", next_step="run the same command again to go on where it stopped")

    try:
        with shown:
            yield report
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


class _Shown:
    """Live bars on a terminal."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=err,
        )
        self._tasks: dict[str, tuple[TaskID, _Speed]] = {}

    def __enter__(self) -> _Shown:
        self._bars.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._bars.stop()

    def show(self, step: Progress) -> None:
        if step.stage not in self._tasks:
            name = _STAGES.get(step.stage, step.stage)
            task = self._bars.add_task(name, total=step.total or None, speed="")
            self._tasks[step.stage] = task, _Speed(step.done)
        task, speed = self._tasks[step.stage]
        self._bars.update(task, completed=step.done, total=step.total or None, speed=speed.text(step.done))


class _Lines:
    """Now and then a line, where there is no terminal."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._speeds: dict[str, _Speed] = {}

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *about: object) -> None:
        return None

    def show(self, step: Progress) -> None:
        now = time.monotonic()
        speed = self._speeds.setdefault(step.stage, _Speed(step.done))
        finished = step.total > 0 and step.done >= step.total
        if not finished and now - self._last.get(step.stage, float("-inf")) < _LINE_EVERY_SECONDS:
            return
        if self._last.get(step.stage) == float("inf"):
            return
        self._last[step.stage] = float("inf") if finished else now
        say(f"{_STAGES.get(step.stage, step.stage)}: {step.done}/{step.total or '?'} {speed.text(step.done)}".rstrip())
