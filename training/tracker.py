"""Train the network of the built-in tracker from scratch.

    python -m training.tracker OUT.safetensors --stills STILLS_DIR
    python -m training.tracker OUT.safetensors --davis DAVIS_DIR --sequences camel,dog,... --generated 300

Clips are made as they are needed; the tracker walks along them with the network as it stands, so that the network
learns from its own errors. The learning rate follows one cosine to zero, over --iterations or --minutes, whichever
is spent first. Progress is kept beside OUT every few minutes; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections import deque
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from training.clips import make_clip
from training.material import SegmentedPicture, read_pictures
from training.walks import CUE_SCALE, Sample, walk
from videdit_plugins.builtin.tracker.network import TrackerNetwork, remember
from videdit_plugins.builtin.tracker.refiner import LARGEST_ODDS, LearnedRefiner

BATCH = 8
STEPS = 5
RATE = 3e-3
WARM_UP = 40
DECAY = 1e-2
AVERAGE = 0.99
POOL = 1600
FIRST_CLIPS = 30
ITERATIONS_PER_CLIP = 2
ON_POLICY_AFTER = 100
ON_POLICY = 0.85
CHECKED_EVERY = 100
CHECKED_CLIPS = 24
CHECKED_PICTURES = 20
KEPT_EVERY_SECONDS = 240
MATCH_WEIGHT, OVERLAP_WEIGHT, EDGE_WEIGHT = 0.15, 0.5, 2.0


def losses(network: TrackerNetwork, samples: list[Sample], device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the loss of a batch, the network's answers and the truth, (B, 1, S, S) each."""
    lab = torch.from_numpy(np.stack([one.lab for one in samples])).to(device)
    pictures = (lab.float() - 128).permute(0, 1, 4, 2, 3) / 48
    inside = torch.from_numpy(np.stack([one.inside for one in samples])).to(device).float() / 255
    given_cues = torch.from_numpy(np.stack([one.cues for one in samples])).to(device).float() / CUE_SCALE
    truth = torch.from_numpy(np.stack([one.truth for one in samples])).to(device).float()[:, None] / 255
    seen = network.encoder(pictures.transpose(0, 1).flatten(0, 1))
    count = len(samples)
    now = type(seen)(seen.half[:count], seen.quarter[:count], seen.eighth[:count], seen.keys[:count])
    last = remember(seen.keys[count : 2 * count], inside[:, :1])
    given = remember(seen.keys[2 * count :], inside[:, 1:])
    odds = given_cues[:, -1:] * LARGEST_ODDS
    taken = torch.cat([pictures[:, 0], given_cues], dim=1)
    answer, matches = network(now, taken, odds, given, last)
    spread = functional.avg_pool2d(truth, 5, 1, 2)
    weight = 1 + EDGE_WEIGHT * 4 * spread * (1 - spread)
    crossed = functional.binary_cross_entropy_with_logits(answer, truth, weight)
    said = torch.sigmoid(answer)
    overlap = ((said * truth).sum((1, 2, 3)) + 20) / ((said + truth - said * truth).sum((1, 2, 3)) + 20)
    coarse = functional.avg_pool2d(truth, 4).expand(-1, 2, -1, -1)
    matched = functional.binary_cross_entropy_with_logits(matches, coarse)
    return crossed + OVERLAP_WEIGHT * (1 - overlap).mean() + MATCH_WEIGHT * matched, answer, truth


def overlap(odds: Tensor, truth: Tensor) -> Tensor:
    """Return the intersection over union of each answer (B, 1, S, S); 1 where both are empty."""
    said, true = odds > 0, truth > 0.5
    union = (said | true).sum((1, 2, 3))
    return torch.where(union > 0, (said & true).sum((1, 2, 3)) / union.clamp(min=1), 1.0)


def flipped(sample: Sample, random: np.random.Generator) -> Sample:
    """Return the sample, or its mirror image as often."""
    if random.random() < 0.5:
        return sample
    return Sample(sample.lab[:, :, ::-1], sample.inside[:, :, ::-1], sample.cues[:, :, ::-1], sample.truth[:, ::-1])


class Training:
    """One run: the network, its running mean, the samples at hand."""

    def __init__(self, pictures: list[SegmentedPicture], seed: int, device: str) -> None:
        torch.manual_seed(seed)
        self.seed, self.device = seed, device
        self.random = np.random.default_rng(seed)
        order = np.random.default_rng(1).permutation(len(pictures))
        self.checked = [pictures[number] for number in order[:CHECKED_PICTURES]]
        self.pictures = [pictures[number] for number in order[CHECKED_PICTURES:]]
        self.network = TrackerNetwork().to(device)
        self.mean = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), RATE, weight_decay=DECAY)
        self.pool: deque[Sample] = deque(maxlen=POOL)
        self.iteration = 0
        self.seconds = 0.0

    def add_clip(self) -> None:
        """Walk along one more clip, mostly with the network as it stands."""
        learned = self.iteration > ON_POLICY_AFTER and self.random.random() < ON_POLICY
        refiner = LearnedRefiner(copy.deepcopy(self.mean).cpu().folded()) if learned else None
        self.pool.extend(walk(make_clip(self.pictures, self.random, 1 + STEPS), refiner, self.random))

    def iterate(self, progress: float) -> float:
        """Take one step of the optimiser at `progress` in [0, 1] of the schedule; return the loss."""
        rate = RATE * min(1.0, (self.iteration + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        chosen = self.random.integers(0, len(self.pool), BATCH)
        batch = [flipped(self.pool[number], self.random) for number in chosen]
        self.network.train()
        loss, _, _ = losses(self.network, batch, self.device)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        self.iteration += 1
        return float(loss.detach())

    def _average(self) -> None:
        keep = min(AVERAGE, (1 + self.iteration) / (10 + self.iteration))
        ours = self.network.state_dict()
        for name, value in self.mean.state_dict().items():
            if value.dtype.is_floating_point:
                value.mul_(keep).add_(ours[name], alpha=1 - keep)
            else:
                value.copy_(ours[name])

    def check(self, samples: list[Sample]) -> tuple[float, float]:
        """Return the mean overlap of the evidence alone and of the network on `samples`."""
        alone, learned = [], []
        with torch.no_grad():
            for start in range(0, len(samples), BATCH):
                part = samples[start : start + BATCH]
                _, answer, truth = losses(self.mean, part, self.device)
                odds = torch.from_numpy(np.stack([one.cues[-1] for one in part]))[:, None].to(self.device)
                alone.append(overlap(odds, truth))
                learned.append(overlap(answer, truth))
        return float(torch.cat(alone).mean()), float(torch.cat(learned).mean())

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "iteration": self.iteration,
            "seconds": self.seconds,
        }

    def take_up(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.random = np.random.default_rng((self.seed, self.iteration))


def save(training: Training, out: Path) -> None:
    """Write the running mean of the weights, whole or not at all."""
    beside = out.with_name(out.name + ".part")
    save_file({name: value.contiguous().cpu() for name, value in training.mean.state_dict().items()}, beside)
    beside.replace(out)


def train(training: Training, out: Path, iterations: int, minutes: float | None) -> None:
    """Go on until the schedule is spent."""
    kept = out.with_suffix(".resume")
    if kept.exists():
        training.take_up(torch.load(kept, weights_only=True))
        print(f"goes on from iteration {training.iteration}, {training.seconds / 60:.1f} minutes", flush=True)
    checked_random = np.random.default_rng(2)
    checked = [
        one
        for _ in range(CHECKED_CLIPS)
        for one in walk(make_clip(training.checked, checked_random, 1 + STEPS), None, checked_random)
    ]
    begun, before, last_kept = time.monotonic(), training.seconds, time.monotonic()
    for _ in range(FIRST_CLIPS):
        training.add_clip()
    print(f"{len(checked)} samples to check by, {len(training.pool)} to begin with", flush=True)
    losses_seen: deque[float] = deque(maxlen=50)
    while True:
        training.seconds = before + time.monotonic() - begun
        progress = training.iteration / iterations
        if minutes is not None:
            progress = max(progress, training.seconds / 60 / minutes)
        if progress >= 1:
            break
        if training.iteration % ITERATIONS_PER_CLIP == 0:
            training.add_clip()
        losses_seen.append(training.iterate(progress))
        if training.iteration % CHECKED_EVERY == 0:
            alone, learned = training.check(checked)
            print(
                f"iteration {training.iteration:5} {100 * progress:5.1f} %  loss {np.mean(losses_seen):.4f}  "
                f"IoU {alone:.4f} -> {learned:.4f}  {training.seconds / 60:.1f} min, {time.process_time():.0f} s CPU",
                flush=True,
            )
        if time.monotonic() - last_kept > KEPT_EVERY_SECONDS:
            last_kept = time.monotonic()
            part = kept.with_name(kept.name + ".part")
            torch.save(training.state(), part)
            part.replace(kept)
            save(training, out)
    save(training, out)
    alone, learned = training.check(checked)
    print(
        f"done: {training.iteration} iterations, {training.seconds / 60:.1f} minutes, IoU {alone:.4f} -> {learned:.4f}"
    )
    kept.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--stills", type=Path, help="folder with images/ and segments/")
    parser.add_argument("--davis", type=Path, help="folder with JPEGImages/480p and Annotations/480p")
    parser.add_argument("--sequences", default="", help="of --davis, with commas; never score on these")
    parser.add_argument("--generated", type=int, default=0, help="how many pictures to make")
    parser.add_argument("--iterations", type=int, default=2500)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    cv2.setNumThreads(chosen.threads)
    pictures: list[SegmentedPicture] = []
    if chosen.stills:
        pictures += read_pictures("stills", chosen.stills)
    if chosen.davis:
        pictures += read_pictures("davis", chosen.davis, sequences=chosen.sequences.split(","))
    if chosen.generated:
        pictures += read_pictures("generated", count=chosen.generated)
    if len(pictures) <= CHECKED_PICTURES:
        parser.error("too few pictures: give --stills, or --davis with --sequences, or --generated")
    train(Training(pictures, chosen.seed, chosen.device), chosen.out, chosen.iterations, chosen.minutes)


if __name__ == "__main__":
    main()
