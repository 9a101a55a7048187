"""Training by the clock: other processes ask, this one answers with its averaged network and learns from a pool."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.segmenter.learning import Learning, Settings, soft_overlap
from training.segmenter.pool import Pool
from training.segmenter.talkers import MOST_ANSWERS, Questions, Sources, hold_conversations

BEGIN = 256
"""Questions in the pool before learning begins."""
VIEWS = 8
"""Times that a question is learned from, on average."""
SAVING_SECONDS = 60.0
SAYING_SECONDS = 15.0
LAST_SECONDS = 4.0
"""Kept for the last save and the end of the other processes."""
_PATIENCE_SECONDS = 0.05


class Clocked:
    """A training that ends by the clock.

    Its random numbers come from the seed, but which question is learned from when depends on how fast the processes
    are: two runs end with like weights, not with the same.
    """

    def __init__(self, settings: Settings, minutes: float, begun: float) -> None:
        """Start with `settings`; `minutes` count from `begun`, a time of `time.monotonic`."""
        self.learning = Learning(settings)
        self.settings = settings
        self._seconds = 60 * minutes - LAST_SECONDS
        self._begun = begun
        self._pool = Pool(settings.device)
        self._views = 0
        self._overlaps = torch.zeros((2, MOST_ANSWERS), device=settings.device)
        self._losses: list[Tensor] = []

    @property
    def spent(self) -> float:
        """Seconds of this training, those before it was resumed included."""
        return time.monotonic() - self._begun

    @property
    def over(self) -> bool:
        return self.spent >= self._seconds

    def answer(self, questions: Questions) -> NDArray[np.uint8]:
        """Put questions into the pool; return the averaged network's answers, their pixels packed into bits."""
        shown = torch.from_numpy(questions.shown).to(self.settings.device)
        truth = torch.from_numpy(questions.truth).to(self.settings.device)
        self._pool.add(shown, truth)
        with torch.no_grad(), torch.autocast("cuda", torch.bfloat16, enabled=shown.is_cuda):
            odds, _ = self.learning.average(shown.float().contiguous(memory_format=torch.channels_last))
        chosen = odds[:, 0] > 0
        numbers = torch.tensor(questions.numbers, device=shown.device)
        overlaps = soft_overlap(chosen.float(), truth.float())
        self._overlaps.index_add_(1, numbers, torch.stack([overlaps, torch.ones_like(overlaps)]))
        return np.packbits(chosen.flatten(1).cpu().numpy(), axis=-1)

    def may_learn(self) -> bool:
        """Say whether there are questions that were not learned from often enough."""
        return self._pool.received >= BEGIN and self._views < VIEWS * self._pool.received

    def learn(self) -> None:
        """Take one step from a draw of the pool."""
        shown, truth = self._pool.draw(self.settings.batch)
        loss, _ = self.learning.learn(shown, truth, min(1.0, self.spent / self._seconds))
        self._losses.append(loss)
        self._views += len(shown)

    def said(self) -> str:
        """Say how it stands, and forget what it was said from."""
        sums, counts = self._overlaps.cpu().numpy()
        loss = float(torch.stack(self._losses).mean()) if self._losses else float("nan")
        line = (
            f"{self.spent:.0f} s  {self._pool.received} questions, {self.learning.seen} steps  loss {loss:.4f}  "
            f"IoU of answers 1 to {MOST_ANSWERS}: " + " ".join(f"{v:.3f}" for v in sums / np.maximum(counts, 1))
        )
        self._overlaps.zero_()
        self._losses.clear()
        return line

    def save(self, folder: Path) -> None:
        """Write the state and the weights."""
        self.learning.save(folder, spent=self.spent)

    def load(self, state: dict[str, Any]) -> None:
        """Take up what was saved; the pool fills again."""
        self.learning.load(state)
        self._begun -= state["spent"]


def train(training: Clocked, sources: Sources, workers: int, out: Path) -> None:
    """Go on from what is in `out` until the time is over; a line every quarter of a minute, the state every minute.

    Raises RuntimeError when all workers have died.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = out / "state.pt"
    if state.exists():
        training.load(torch.load(state, weights_only=True, map_location=training.settings.device))
        print(f"goes on after {training.spent:.0f} s", flush=True)
    processes, connections = _start(sources, workers)
    saved = told = training.spent
    try:
        while not training.over:
            patience = 0.0 if training.may_learn() else _PATIENCE_SECONDS
            for connection in wait(connections, patience):
                assert isinstance(connection, Connection)
                if not _answer(training, connection):
                    connections.remove(connection)
                    print(f"a worker has died, {len(connections)} are left", flush=True)
            if not connections:
                raise RuntimeError("all workers have died")
            if training.may_learn():
                training.learn()
            if training.spent - told > SAYING_SECONDS:
                told = training.spent
                print(training.said(), flush=True)
            if training.spent - saved > SAVING_SECONDS:
                saved = training.spent
                training.save(out)
    finally:
        training.save(out)
        print(training.said(), flush=True)
        for process in processes:
            process.terminate()


def _start(sources: Sources, workers: int) -> tuple[list[BaseProcess], list[Connection]]:
    context = multiprocessing.get_context("spawn")
    processes: list[BaseProcess] = []
    connections: list[Connection] = []
    for share in range(workers):
        here, there = context.Pipe()
        process = context.Process(target=hold_conversations, args=(there, sources, share, workers), daemon=True)
        process.start()
        there.close()  # else nobody notices the worker's death
        processes.append(process)
        connections.append(here)
    return processes, connections


def _answer(training: Clocked, connection: Connection) -> bool:
    """Answer one group of questions; False if the worker is gone."""
    try:
        connection.send(training.answer(connection.recv()))
    except (EOFError, ConnectionError):
        return False
    return True
