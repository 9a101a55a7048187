"""Processes of this machine, one for each device."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from videdit.devices import available_devices
from videdit.executor import Ended, Executor, MakeWorker
from videdit_plugins.executors.options import ProcessesOptions

CORES_A_WORKER = 2
_SPAWN = multiprocessing.get_context("spawn")
_END_SECONDS = 2.0


@dataclass(slots=True)
class _Slot:
    """One process and what it is doing; `task_id` is None while it is free."""

    device: str
    process: BaseProcess
    connection: Connection
    task_id: str | None = None


class Processes(Executor):
    """Keeps a process for each device going; one that dies is replaced.

    Not a pool of the standard library: those give up altogether when one process is killed, as the system does with
    whoever takes the last memory.
    """

    Options = ProcessesOptions
    options: ProcessesOptions

    def start(self, make_worker: MakeWorker) -> int:
        self._make_worker = pickle.dumps(make_worker)
        devices = devices_for(self.runtime.device, self.options.workers)
        self._threads = max(1, (os.cpu_count() or 1) // len(devices))
        self._slots = [self._begin(device) for device in devices]
        return len(self._slots)

    def _begin(self, device: str) -> _Slot:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=_serve, args=(theirs, self._make_worker, device, self._threads), name=f"videdit-{device}"
        )
        with _threads_of_libraries(self._threads):
            process.start()
        theirs.close()
        return _Slot(device, process, ours)

    @property
    def free(self) -> int:
        return sum(slot.task_id is None for slot in self._slots)

    def submit(self, task_id: str, task: Any) -> None:
        slot = next(slot for slot in self._slots if slot.task_id is None)
        slot.task_id = task_id
        # One that died meanwhile is found by `wait`.
        with contextlib.suppress(OSError):
            slot.connection.send((task_id, task))

    def wait(self, seconds: float) -> list[Ended]:
        busy = [slot for slot in self._slots if slot.task_id is not None]
        ready = set(wait([*(slot.connection for slot in busy), *(slot.process.sentinel for slot in busy)], seconds))
        ended = []
        for slot in busy:
            if slot.connection in ready or slot.process.sentinel in ready:
                ended.append(self._ended(slot))
        return ended

    def _ended(self, slot: _Slot) -> Ended:
        assert slot.task_id is not None
        try:
            if not slot.connection.poll():
                raise EOFError
            task_id, result = slot.connection.recv()
        except (EOFError, OSError):
            gone = slot.task_id
            slot.process.join()
            reason = _reason(slot.process.exitcode)
            slot.connection.close()
            self._slots[self._slots.index(slot)] = self._begin(slot.device)
            return Ended(gone, None, reason)
        slot.task_id = None
        return Ended(task_id, result)

    def close(self) -> None:
        slots, self._slots = getattr(self, "_slots", []), []
        for slot in slots:
            if slot.task_id is None:
                with contextlib.suppress(OSError):
                    slot.connection.send(None)
            else:
                slot.process.terminate()
        for slot in slots:
            slot.process.join(_END_SECONDS)
            if slot.process.is_alive():
                slot.process.kill()
                slot.process.join()
            slot.connection.close()
            slot.process.close()


def devices_for(device: str, workers: int) -> list[str]:
    """Return the device of each worker: the one asked for, several times over, or all cards for plain "cuda"."""
    if device == "cuda":
        cards = [one for one in available_devices() if one.startswith("cuda:")]
        return [cards[number % len(cards)] for number in range(workers or len(cards))]
    alone = 1 if device != "cpu" else max(1, (os.cpu_count() or 1) // CORES_A_WORKER)
    return [device] * (workers or alone)


def _reason(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", perhaps because the memory did not suffice" if -code == signal.SIGKILL else ""
        return f"its process was ended by {name}{hint}"
    return f"its process ended with code {code}"


@contextlib.contextmanager
def _threads_of_libraries(count: int) -> Iterator[None]:
    """Have the libraries of a process that is started inside use that many threads; they ask but once."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: value or str(count) for name, value in before.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


def _serve(connection: Connection, make_worker: bytes, device: str, threads: int) -> None:
    """Do what comes through the connection until None comes, or whoever sends it is gone."""
    # Ctrl-C reaches every process of the terminal; the one that gave the jobs out decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(threads)
    worker = pickle.loads(make_worker)(device)
    while True:
        try:
            message = connection.recv()
        except EOFError:
            return
        if message is None:
            return
        task_id, task = message
        connection.send((task_id, worker(task)))


def _end_with_parent() -> None:
    # An orphan would go on writing where the next run of the batch writes too.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
