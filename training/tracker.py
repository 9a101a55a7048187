"""Train the network of the built-in tracker from scratch.

    python -m training.tracker OUT.safetensors --stills STILLS_DIR
    python -m training.tracker OUT.safetensors --davis DAVIS_DIR --sequences camel,dog,... --generated 300
    python -m training.tracker OUT.safetensors --stills STILLS_DIR --device cuda --workers 14 --minutes 8

Clips are made as they are needed; the tracker walks along them with the network as it stands, so that the network
learns from its own errors. With --workers, other processes do this while this one learns. The learning rate follows
one cosine to zero, over --iterations or --minutes, whichever is spent first. Progress is kept beside OUT every
minute; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from training.crew import Crew, Pictures, checked_clip, one_walk
from training.material import Film, read_pictures
from training.pool import Batch, Pool
from training.whole import write_whole
from videdit_plugins.builtin.tracker.network import TrackerNetwork, remember
from videdit_plugins.builtin.tracker.refiner import LARGEST_ODDS

BATCH = 8
STEPS = 8
RATE = 3e-3
WARM_UP = 100
DECAY = 1e-2
AVERAGE = 0.995
POOL = 1600
FIRST_SAMPLES = 150
ITERATIONS_PER_CLIP = 2
ON_POLICY_AFTER = 100
CHECKED_CLIPS = 24
CHECKED_PICTURES = 20
CHECKED_SHARE = 0.05
"""Most of the time that checks may take."""
KEPT_EVERY_SECONDS = 60
TAUGHT_EVERY_SECONDS = 5
LAST_SECONDS = 3.0
BEGUN_WITHIN_SECONDS = 300
MATCH_WEIGHT, OVERLAP_WEIGHT, EDGE_WEIGHT = 0.15, 0.5, 2.0


def losses(network: TrackerNetwork, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the loss of a batch and the network's answers, (B, 1, S, S)."""
    seen = network.encoder(batch.pictures.flatten(0, 1))
    count = len(batch.truth)
    now = type(seen)(seen.half[:count], seen.quarter[:count], seen.eighth[:count], seen.keys[:count])
    last = remember(seen.keys[count : 2 * count], batch.inside[:, :1])
    given = remember(seen.keys[2 * count :], batch.inside[:, 1:])
    odds = batch.cues[:, -1:] * LARGEST_ODDS
    taken = torch.cat([batch.pictures[0], batch.cues], dim=1)
    answer, matches = network(now, taken, odds, given, last)
    truth = batch.truth
    spread = functional.avg_pool2d(truth, 5, 1, 2)
    weight = 1 + EDGE_WEIGHT * 4 * spread * (1 - spread)
    crossed = functional.binary_cross_entropy_with_logits(answer, truth, weight)
    said = torch.sigmoid(answer)
    overlap = ((said * truth).sum((1, 2, 3)) + 20) / ((said + truth - said * truth).sum((1, 2, 3)) + 20)
    coarse = functional.avg_pool2d(truth, 4).expand(-1, 2, -1, -1)
    matched = functional.binary_cross_entropy_with_logits(matches, coarse)
    return crossed + OVERLAP_WEIGHT * (1 - overlap).mean() + MATCH_WEIGHT * matched, answer


def overlap(odds: Tensor, truth: Tensor) -> Tensor:
    """Return the intersection over union of each answer (B, 1, S, S); 1 where both are empty."""
    said, true = odds > 0, truth > 0.5
    union = (said | true).sum((1, 2, 3))
    return torch.where(union > 0, (said & true).sum((1, 2, 3)) / union.clamp(min=1), 1.0)


class Training:
    """One run: the network, its running mean, the samples at hand."""

    def __init__(self, seed: int, device: str, batch: int = BATCH, pool: int = POOL) -> None:
        torch.manual_seed(seed)
        self.seed, self.device, self.batch = seed, device, batch
        self.network = TrackerNetwork().to(device)
        self.mean = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), RATE, weight_decay=DECAY, fused=device.startswith("cuda")
        )
        self.pool = Pool(pool, device, seed)
        self.iteration = 0
        self.seconds = 0.0

    def iterate(self, progress: float) -> Tensor:
        """Take one step of the optimiser at `progress` in [0, 1] of the schedule; return the loss."""
        rate = RATE * min(1.0, (self.iteration + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        loss, _ = losses(self.network, self.pool.draw(self.batch))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        self.iteration += 1
        return loss.detach()

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(AVERAGE, (1 + self.iteration) / (10 + self.iteration))
        ours, mean = self.network.state_dict(), self.mean.state_dict()
        names = [name for name, value in mean.items() if value.dtype.is_floating_point]
        torch._foreach_lerp_([mean[name] for name in names], [ours[name] for name in names], 1 - keep)

    @torch.no_grad()
    def check(self, packed: NDArray[np.uint8]) -> tuple[float, float]:
        """Return the mean overlap of the evidence alone and of the network on samples (N, 25, S, S)."""
        alone, learned = [], []
        for start in range(0, len(packed), BATCH):
            batch = Batch.of(torch.from_numpy(packed[start : start + BATCH]).to(self.device))
            _, answer = losses(self.mean, batch)
            alone.append(overlap(batch.cues[:, -1:], batch.truth))
            learned.append(overlap(answer, batch.truth))
        return float(torch.cat(alone).mean()), float(torch.cat(learned).mean())

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "iteration": self.iteration,
            "seconds": self.seconds,
        }

    def take_up(self, path: Path) -> None:
        """Go on from where a stopped run was."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.pool = Pool(len(self.pool.planes), self.device, self.seed + self.iteration)
        print(f"goes on from iteration {self.iteration}, {self.seconds / 60:.1f} minutes", flush=True)

    def save(self, path: Path) -> None:
        """Write the running mean of the weights, in half precision."""
        state = self.mean.state_dict()
        save_file({name: (one.half() if one.is_floating_point() else one).cpu() for name, one in state.items()}, path)


class Source(Protocol):
    """Where samples come from."""

    def checked(self) -> NDArray[np.uint8]:
        """Return samples to check by."""
        ...

    def more(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the samples that there are by now, before each iteration."""
        ...


class Alone:
    """Makes clips in this process, so many iterations to each; a run can be repeated to the bit."""

    def __init__(self, training: Training, pictures: Pictures) -> None:
        self._training, self._pictures = training, pictures
        self._random = np.random.default_rng((training.seed, training.iteration))

    def checked(self) -> NDArray[np.uint8]:
        return np.concatenate([checked_clip(self._pictures.checked, number, STEPS) for number in range(CHECKED_CLIPS)])

    def more(self) -> Iterator[NDArray[np.uint8]]:
        training = self._training
        if len(training.pool) < FIRST_SAMPLES or training.iteration % ITERATIONS_PER_CLIP == 0:
            network = copy.deepcopy(training.mean).cpu().folded() if training.iteration > ON_POLICY_AFTER else None
            yield one_walk(self._pictures.clip(self._random, 1 + STEPS), self._random, network)


class Together:
    """Takes the samples of a crew of processes as they come."""

    def __init__(self, training: Training, crew: Crew) -> None:
        self._training, self._crew = training, crew
        self._taught = time.monotonic()

    def checked(self) -> NDArray[np.uint8]:
        return self._crew.checked(CHECKED_CLIPS, time.monotonic() + BEGUN_WITHIN_SECONDS)

    def more(self) -> Iterator[NDArray[np.uint8]]:
        training, now = self._training, time.monotonic()
        if training.iteration > ON_POLICY_AFTER and now - self._taught > TAUGHT_EVERY_SECONDS:
            self._taught = now
            self._crew.teach(training.save)
        yield from self._crew.collect()
        if len(training.pool) < FIRST_SAMPLES:
            if not self._crew.alive:
                raise TimeoutError("the processes that make clips have died")
            time.sleep(0.05)


def train(
    training: Training, source: Source, out: Path, iterations: int, minutes: float | None, begun: float | None = None
) -> None:
    """Go on until the schedule is spent.

    begun: when the minutes of this run began to count, on the monotonic clock; None is now
    """
    kept = out.with_suffix(".resume")
    begun, before = begun or time.monotonic(), training.seconds
    checked = source.checked()[:: 1 if training.device.startswith("cuda") else 4]
    print(f"{len(checked)} samples to check by, after {time.monotonic() - begun:.1f} s", flush=True)
    seen: deque[Tensor] = deque(maxlen=50)
    last_kept = last_checked = time.monotonic()
    check_seconds = 1.0
    while True:
        now = time.monotonic()
        training.seconds = before + now - begun
        progress = training.iteration / iterations
        if minutes is not None:
            progress = max(progress, (training.seconds + LAST_SECONDS + check_seconds) / (60 * minutes))
        if progress >= 1:
            break
        for packed in source.more():
            training.pool.add(packed)
        if len(training.pool) < FIRST_SAMPLES:
            continue
        seen.append(training.iterate(progress))
        if now - last_checked > check_seconds / CHECKED_SHARE:
            _report(training, checked, seen, progress)
            last_checked = time.monotonic()
            check_seconds = last_checked - now
        if now - last_kept > KEPT_EVERY_SECONDS:
            last_kept = now
            write_whole(kept, lambda path: torch.save(training.state(), path))
            write_whole(out, training.save)
    write_whole(out, training.save)
    if seen:
        _report(training, checked, seen, 1.0)
    kept.unlink(missing_ok=True)


def _report(training: Training, checked: NDArray[np.uint8], seen: deque[Tensor], progress: float) -> None:
    alone, learned = training.check(checked)
    print(
        f"iteration {training.iteration:5} {100 * progress:5.1f} %  loss {float(torch.stack(list(seen)).mean()):.4f}  "
        f"IoU {alone:.4f} -> {learned:.4f}  {training.pool.added} samples  {training.seconds:.0f} s, "
        f"of the CPU here {time.process_time():.0f} s",
        flush=True,
    )


def main() -> None:
    begun = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--stills", type=Path, help="folder with images/ and segments/")
    parser.add_argument("--davis", type=Path, help="folder with JPEGImages/480p and Annotations/480p")
    parser.add_argument("--sequences", default="", help="of --davis, with commas; never score on these")
    parser.add_argument("--generated", type=int, default=0, help="how many pictures to make")
    parser.add_argument("--iterations", type=int, default=2500)
    parser.add_argument("--minutes", type=float, default=None, help="by the clock, from the start to the last word")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes that make clips; 0 makes them in turn")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--pool", type=int, default=POOL, help="samples at hand, 0.64 MB each, on --device")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    cv2.setNumThreads(chosen.threads)
    if chosen.workers and chosen.minutes is None:
        parser.error("--workers goes by the clock: give --minutes")
    training = Training(chosen.seed, chosen.device, chosen.batch, chosen.pool)
    if (kept := chosen.out.with_suffix(".resume")).exists():
        training.take_up(kept)
    with ExitStack() as stack:
        crew = None
        if chosen.workers:
            seed = (chosen.seed, training.iteration)
            crew = stack.enter_context(Crew(chosen.workers, seed, STEPS, range(chosen.generated), CHECKED_CLIPS))
        pictures = read_pictures("stills", chosen.stills) if chosen.stills else []
        films: tuple[Film, ...] = ()
        if chosen.davis:
            names = chosen.sequences.split(",")
            pictures += read_pictures("davis", chosen.davis, sequences=names)
            films = tuple(Film.of_davis(chosen.davis, name) for name in names)
        if crew is not None:
            pictures += crew.generated(begun + BEGUN_WITHIN_SECONDS)
        elif chosen.generated:
            pictures += read_pictures("generated", count=chosen.generated)
        if len(pictures) <= CHECKED_PICTURES:
            parser.error("too few pictures: give --stills, or --davis with --sequences, or --generated")
        parted = Pictures.parted(pictures, CHECKED_PICTURES, films)
        if crew is None:
            source: Source = Alone(training, parted)
        else:
            crew.start(parted)
            source = Together(training, crew)
        train(training, source, chosen.out, chosen.iterations, chosen.minutes, begun if crew else None)


if __name__ == "__main__":
    main()
