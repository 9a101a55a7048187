"""Actors on a Ray cluster."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from videdit.errors import OptionError
from videdit.executor import Ended, Executor, MakeWorker
from videdit_plugins.executors.options import RayOptions

CORES_A_WORKER = 2


@dataclass(slots=True)
class _Slot:
    """One actor.

    coming:  what will be there when it has started, or None
    task_id: what it is doing, and `result` what will be there when that is done
    """

    actor: Any
    coming: Any
    task_id: str | None = None
    result: Any = None


class Holder:
    """What lives in an actor: a worker with its engines."""

    def __init__(self, make_worker: MakeWorker, device: str, threads: int) -> None:
        import cv2

        cv2.setNumThreads(threads)
        self._worker = make_worker(device)

    def ready(self) -> int:
        """Return the number of the process, once it has started."""
        return os.getpid()

    def work(self, task: Any) -> Any:
        """Do a task."""
        return self._worker(task)


class RayCluster(Executor):
    """One actor for each graphics card, or for every two cores where there is none; one that dies is replaced.

    Actors are given nothing to do before they have started, so that work goes on while the cluster looks for room for
    one that was lost with its machine. The work folder and the films must lie under the same path on every machine.
    """

    Options = RayOptions
    options: RayOptions

    def start(self, make_worker: MakeWorker) -> int:
        try:
            import ray
        except ImportError:
            raise OptionError("Ray is not installed", next_step="run `pip install 'videdit[ray]'`") from None
        self._ray = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            self._connect()
        there = ray.cluster_resources()
        cards = int(there.get("GPU", 0)) if self.runtime.device != "cpu" else 0
        cores = int(there.get("CPU", 0))
        count = self.options.workers or cards or max(1, cores // CORES_A_WORKER)
        # Several actors may share a card, or a core, if that is asked for.
        self._needs = {"num_gpus": min(1.0, cards / count)} if cards else {"num_cpus": min(1.0, cores / count)}
        self._device = "cuda" if cards else "cpu"
        self._threads = max(1, cores // count) if not cards else CORES_A_WORKER
        self._make_worker = ray.put(make_worker)
        self._slots = [self._begin() for _ in range(count)]
        return count

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"include_dashboard": False} if not self.options.address else {}
        try:
            self._ray.init(address=self.options.address or "local", log_to_driver=False, logging_level="error", **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise OptionError(
                f"the Ray cluster cannot be reached: {' '.join(str(error).split())}",
                where=self.options.address or "a cluster of this machine",
                next_step="start one with `ray start --head`, and give its address",
            ) from error

    def _begin(self) -> _Slot:
        kind = self._ray.remote(max_restarts=0, **self._needs)(Holder)
        actor = kind.remote(self._make_worker, self._device, self._threads)
        return _Slot(actor, actor.ready.remote())

    @property
    def free(self) -> int:
        return sum(slot.coming is None and slot.task_id is None for slot in self._slots)

    def submit(self, task_id: str, task: Any) -> None:
        slot = next(slot for slot in self._slots if slot.coming is None and slot.task_id is None)
        slot.task_id, slot.result = task_id, slot.actor.work.remote(task)

    def wait(self, seconds: float) -> list[Ended]:
        expected = {self._expected(slot): slot for slot in self._slots if self._expected(slot) is not None}
        if not expected:
            time.sleep(seconds)
            return []
        ready, _ = self._ray.wait(list(expected), num_returns=1, timeout=seconds)
        return [ended for one in ready if (ended := self._arrived(expected[one])) is not None]

    @staticmethod
    def _expected(slot: _Slot) -> Any:
        return slot.coming if slot.coming is not None else slot.result

    def _arrived(self, slot: _Slot) -> Ended | None:
        """Take up what an actor has to say: that it has started, what it made, or that it is gone."""
        task_id = slot.task_id
        try:
            answer = self._ray.get(self._expected(slot))
        except self._ray.exceptions.RayError as error:
            self._slots[self._slots.index(slot)] = self._begin()
            reason = f"its actor is gone ({type(error).__name__})"
            return None if task_id is None else Ended(task_id, None, reason)
        slot.coming = slot.task_id = slot.result = None
        return None if task_id is None else Ended(task_id, answer)

    def close(self) -> None:
        for slot in getattr(self, "_slots", []):
            self._ray.kill(slot.actor)
        self._slots = []
        if getattr(self, "_ours", False):
            self._ray.shutdown()
            self._ours = False
