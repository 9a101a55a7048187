"""One task after the other, in this process."""

from __future__ import annotations

from typing import Any

from videdit.executor import Ended, Executor, MakeWorker, Worker


class Inline(Executor):
    """Does a task when it is waited for."""

    _worker: Worker | None = None
    _waiting: tuple[str, Any] | None = None

    def start(self, make_worker: MakeWorker) -> int:
        self._worker = make_worker(self.runtime.device)
        return 1

    @property
    def free(self) -> int:
        return int(self._waiting is None)

    def submit(self, task_id: str, task: Any) -> None:
        self._waiting = task_id, task

    def wait(self, seconds: float) -> list[Ended]:
        if self._waiting is None or self._worker is None:
            return []
        (task_id, task), self._waiting = self._waiting, None
        return [Ended(task_id, self._worker(task))]

    def close(self) -> None:
        self._worker = self._waiting = None
