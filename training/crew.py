"""Processes that make samples while another learns from them.

They and the trainer exchange files in one folder, each written under another name and then renamed, and nobody
waits for anybody who may be gone: a process that dies takes nothing but its own work with it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from training.clips import Clip, make_clip
from training.footage import film_clip
from training.material import Film, SegmentedPicture, generate
from training.pool import pack
from training.walks import walk
from training.whole import write_whole
from videdit_plugins.builtin.tracker.network import TrackerNetwork
from videdit_plugins.builtin.tracker.planes import FloatMap
from videdit_plugins.builtin.tracker.refiner import LearnedRefiner

ON_POLICY = 0.85
"""Share of the walks that ask the network as it stands."""
SHARES = (0.5, 0.75, 1.0)
"""How far the network is followed on a walk, so that it sees where its own errors lead; the tracker is more careful."""
FILMED = 0.5
"""Share of the clips that are of real films, where there are any."""
CHECKED_SEED = 2
UNREAD = 6
"""Clips that one process leaves unread before it waits."""
WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Pictures:
    """What clips are made of: pictures and films to learn from, and other pictures to check by."""

    learned: list[SegmentedPicture]
    checked: list[SegmentedPicture]
    films: tuple[Film, ...] = ()

    @classmethod
    def parted(cls, pictures: list[SegmentedPicture], checked: int, films: tuple[Film, ...] = ()) -> Pictures:
        order = np.random.default_rng(1).permutation(len(pictures))
        learned, kept = ([pictures[number] for number in part] for part in (order[checked:], order[:checked]))
        return cls(learned, kept, films)

    def clip(self, random: np.random.Generator, length: int) -> Clip:
        """Return a clip to learn from."""
        if self.films and random.random() < FILMED:
            return film_clip(self.films, self.learned, random, length)
        return make_clip(self.learned, random, length)


def one_walk(clip: Clip, random: np.random.Generator, network: TrackerNetwork | None) -> NDArray[np.uint8]:
    """Return the samples (N, 25, S, S) uint8 of a walk along `clip`.

    network: the one to learn, normalisations folded; mostly asked on the way, None never is
    """
    refiner = None
    if network is not None and random.random() < ON_POLICY:
        refiner = LearnedRefiner(network, weigh=partial(_part_way, np.float32(random.choice(SHARES))))
    return pack(walk(clip, refiner, random))


def _part_way(share: np.float32, odds: FloatMap, own: FloatMap) -> FloatMap:
    return odds + share * (own - odds)


def checked_clip(pictures: list[SegmentedPicture], number: int, steps: int) -> NDArray[np.uint8]:
    """Return the samples of one of the clips to check by, always the same."""
    random = np.random.default_rng((CHECKED_SEED, number))
    return one_walk(make_clip(pictures, random, 1 + steps), random, None)


class Crew:
    """So many processes that make clips and walk along them. Use it in a `with` statement.

    seed:      of all that is random
    steps:     of a walk
    generated: seeds of the pictures that the crew is to make before it starts
    checked:   how many clips to check by
    """

    def __init__(self, count: int, seed: tuple[int, ...], steps: int, generated: range, checked: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tracker-training-"))
        context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = [
            context.Process(
                target=_work,
                args=(self._folder, number, seed, steps, generated[number::count], range(number, checked, count)),
                daemon=True,
            )
            for number in range(count)
        ]

    def __enter__(self) -> Crew:
        # Read when a process loads its libraries; as many threads again in each would only stand in each other's way.
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
        for process in self._processes:
            process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join(5)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def alive(self) -> int:
        return sum(process.is_alive() for process in self._processes)

    def generated(self, until: float) -> list[SegmentedPicture]:
        """Return the pictures that the crew made, in order of their seeds. Raises TimeoutError."""
        found: dict[str, SegmentedPicture] = {}
        for number in range(len(self._processes)):
            path = self._folder / f"made-{number}"
            self._await(path.exists, until)
            found.update((one.name, one) for one in pickle.loads(path.read_bytes()))
        return sorted(found.values(), key=lambda one: int(one.name.split("-")[1]))

    def start(self, pictures: Pictures) -> None:
        """Have the crew make clips of `pictures`."""
        write_whole(self._folder / "pictures", lambda path: path.write_bytes(pickle.dumps(pictures, protocol=5)))

    def checked(self, count: int, until: float) -> NDArray[np.uint8]:
        """Return the samples of the clips to check by, in order. Raises TimeoutError."""
        paths = [self._folder / f"checked-{number}.npy" for number in range(count)]
        for path in paths:
            self._await(path.exists, until)
        return np.concatenate([np.load(path) for path in paths])

    def collect(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the samples of each walk that has come to its end."""
        for path in sorted(self._folder.glob("clip-*.npy")):
            yield np.load(path)
            path.unlink()

    def teach(self, save: Callable[[Path], Any]) -> None:
        """Give the crew other weights, which `save` writes to the path that it is given."""
        write_whole(self._folder / "weights", save)

    def _await(self, happened: Callable[[], bool], until: float) -> None:
        while not happened():
            if self.alive < len(self._processes):
                raise TimeoutError("one of the processes that make clips has died")
            if time.monotonic() > until:
                raise TimeoutError("the processes that make clips did not begin in time")
            time.sleep(WAIT_SECONDS)


def _work(folder: Path, number: int, seed: tuple[int, ...], steps: int, generated: range, checked: range) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    made = [generate(one) for one in generated]
    write_whole(folder / f"made-{number}", lambda path: path.write_bytes(pickle.dumps(made, protocol=5)))
    path = folder / "pictures"
    while not path.exists():
        if not _wanted(folder):
            return
        time.sleep(WAIT_SECONDS)
    pictures: Pictures = pickle.loads(path.read_bytes())
    for one in checked:
        _save(folder / f"checked-{one}.npy", checked_clip(pictures.checked, one, steps))
    random = np.random.default_rng((*seed, number))
    network: TrackerNetwork | None = None
    changed = count = 0
    left: list[Path] = []
    while _wanted(folder):
        left = [one for one in left if one.exists()]
        if len(left) >= UNREAD:
            time.sleep(WAIT_SECONDS)
            continue
        weights = folder / "weights"
        if weights.exists() and weights.stat().st_mtime_ns != changed:
            changed = weights.stat().st_mtime_ns
            network = TrackerNetwork.holding(load_file(weights)).folded()
        samples = one_walk(pictures.clip(random, 1 + steps), random, network)
        if len(samples):
            left.append(folder / f"clip-{number:03}-{count:06}.npy")
            _save(left[-1], samples)
            count += 1


def _save(path: Path, samples: NDArray[np.uint8]) -> None:
    def save(beside: Path) -> None:
        with beside.open("wb") as file:
            np.save(file, samples)

    write_whole(path, save)


def _wanted(folder: Path) -> bool:
    parent = multiprocessing.parent_process()
    return folder.exists() and (parent is None or parent.is_alive())
