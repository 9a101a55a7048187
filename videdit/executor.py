"""Executor: runs the jobs of a batch somewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from videdit.runtime import Options, Runtime

Worker: TypeAlias = Callable[[Any], Any]
"""worker(task) -> result. It keeps engines and models from one task to the next, so it is called one task at a time."""
MakeWorker: TypeAlias = Callable[[str], Worker]
"""make_worker(device) -> worker; can be pickled, as tasks and results can."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that is over.

    task_id: as it was submitted
    result:  what the worker returned; None if the worker died over it, and the task may be given out again
    reason:  how the worker died, in one clause
    """

    task_id: str
    result: Any
    reason: str = ""


class Executor(ABC):
    """Runs tasks in workers: in this process, in others, on other machines. One instance serves one batch.

    The order of calls: `start`, then `submit` while `free` is above 0, and `wait`, again and again; `close` at the end.
    Workers return their failures as results, so whatever else happens to a worker means that it died: the executor then
    makes another one, and says so by an Ended without a result. It repeats no task on its own.
    """

    Options: ClassVar[type[Options]] = Options

    def __init__(self, options: Any = None, runtime: Runtime | None = None) -> None:
        self.options = options if options is not None else self.Options()
        self.runtime = runtime if runtime is not None else Runtime()

    @abstractmethod
    def start(self, make_worker: MakeWorker) -> int:
        """Get workers going; return how many there are to be. Raises OptionError where that is impossible."""

    @property
    @abstractmethod
    def free(self) -> int:
        """How many tasks can be submitted now."""

    @abstractmethod
    def submit(self, task_id: str, task: Any) -> None:
        """Give a task to a free worker."""

    @abstractmethod
    def wait(self, seconds: float) -> list[Ended]:
        """Return the tasks that ended since the last call, as soon as there is one, or none after that time."""

    @abstractmethod
    def close(self) -> None:
        """Stop all workers, unfinished tasks included. Called once, also after a failure of `start`."""
