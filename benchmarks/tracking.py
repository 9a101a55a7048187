"""Measure a tracker on sequences with true masks, as DAVIS 2016 does: the first mask is given.

    python benchmarks/tracking.py DATA_DIR [--sequences dog,camel] [--quality best] [--engine builtin]

DATA_DIR holds JPEGImages/480p/<sequence>/*.jpg and Annotations/480p/<sequence>/*.png. The first and the last frame
are left out of the means of J and F. AUROC tells how well the score finds the frames whose IoU is below 0.7.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import disk

from videdit.frames import ArrayFrames, Mask
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.tracker import Tracker

BOUND_OF_DIAGONAL = 0.008
FAILED_BELOW = 0.7


def jaccard(result: Mask, truth: Mask) -> float:
    """Return the intersection over union of two (H, W) bool masks; 1 if both are empty."""
    union = np.count_nonzero(result | truth)
    return np.count_nonzero(result & truth) / union if union else 1.0


def boundary(mask: Mask) -> Mask:
    """Return (H, W) bool: the pixels of `mask` that differ from the one right, below or below right."""
    edges = np.zeros_like(mask)
    edges[:-1, :-1] = (
        (mask[:-1, :-1] != mask[:-1, 1:]) | (mask[:-1, :-1] != mask[1:, :-1]) | (mask[:-1, :-1] != mask[1:, 1:])
    )
    edges[-1, :-1] = mask[-1, :-1] != mask[-1, 1:]
    edges[:-1, -1] = mask[:-1, -1] != mask[1:, -1]
    return edges


def boundary_f(result: Mask, truth: Mask, bound: float = BOUND_OF_DIAGONAL) -> float:
    """Return the F measure of the outlines of two (H, W) bool masks.

    bound: how far outlines may lie apart, in diagonals of the frame, rounded up to whole pixels
    """
    reach = int(np.ceil(bound * np.hypot(*truth.shape)))
    disc = disk(reach)
    ours, theirs = boundary(result), boundary(truth)
    if not ours.any() and not theirs.any():
        return 1.0
    if not ours.any() or not theirs.any():
        return 0.0
    near_ours = cv2.dilate(ours.view(np.uint8), disc) > 0
    near_theirs = cv2.dilate(theirs.view(np.uint8), disc) > 0
    precision = np.count_nonzero(ours & near_theirs) / np.count_nonzero(ours)
    recall = np.count_nonzero(theirs & near_ours) / np.count_nonzero(theirs)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def auroc(scores: NDArray[np.float64], failed: NDArray[np.bool_]) -> float:
    """Return the chance that a failed frame has a lower score than a good one; ties count half."""
    bad, good = scores[failed], scores[~failed]
    if len(bad) == 0 or len(good) == 0:
        return float("nan")
    lower = (bad[:, None] < good[None]).mean()
    return float(lower + (bad[:, None] == good[None]).mean() / 2)


@dataclass(frozen=True, slots=True)
class Run:
    """One sequence: a figure for each frame after the first."""

    j: NDArray[np.float64]
    f: NDArray[np.float64]
    scores: NDArray[np.float64]
    milliseconds: float

    @property
    def mean_j(self) -> float:
        return float(self.j[:-1].mean()) if len(self.j) > 1 else float("nan")

    @property
    def mean_f(self) -> float:
        return float(self.f[:-1].mean()) if len(self.f) > 1 else float("nan")


def load(folder: Path, sequence: str, limit: int | None = None) -> tuple[ArrayFrames, list[Mask]]:
    """Return the frames and the true masks of a sequence."""
    names = sorted((folder / "JPEGImages/480p" / sequence).glob("*.jpg"))[:limit]
    truth_folder = folder / "Annotations/480p" / sequence
    frames = [cv2.cvtColor(_read(name, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for name in names]
    truths = [_read(truth_folder / f"{name.stem}.png", cv2.IMREAD_GRAYSCALE) > 0 for name in names]
    return ArrayFrames(frames), truths


def _read(path: Path, how: int) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), how)
    if pixels is None:
        raise FileNotFoundError(path)
    return np.asarray(pixels, np.uint8)


def measure(tracker: Tracker, frames: ArrayFrames, truths: list[Mask]) -> Run:
    """Track from the first true mask to the end."""
    spent = -time.process_time()
    tracker.start(frames, 0, {1: truths[0]})
    tracked = [tracker.step(index)[1] for index in range(1, len(frames))]
    spent += time.process_time()
    j = np.array([jaccard(one.mask, truth) for one, truth in zip(tracked, truths[1:], strict=True)])
    f = np.array([boundary_f(one.mask, truth) for one, truth in zip(tracked, truths[1:], strict=True)])
    scores = np.array([one.score for one in tracked])
    return Run(j, f, scores, spent * 1000 / max(1, len(tracked)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--sequences", default="", help="names with commas between; all if left out")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--frames", type=int, default=None, help="only so many frames of each sequence")
    chosen = parser.parse_args()
    sequences = chosen.sequences.split(",") if chosen.sequences else []
    if not sequences:
        sequences = sorted(path.name for path in (chosen.data_dir / "JPEGImages/480p").iterdir() if path.is_dir())
    plugins = Plugins()
    runtime = plugins.runtime(Runtime(quality=chosen.quality))
    runs = []
    print(f"{'sequence':20}{'J':>7}{'F':>7}{'J&F':>7}{'AUROC':>8}{'ms/frame':>10}")
    for sequence in sequences:
        tracker = plugins.create("tracker", chosen.engine, None, runtime)
        runs.append(measure(tracker, *load(chosen.data_dir, sequence, chosen.frames)))
        _line(sequence, [runs[-1]])
    _line("mean", runs)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak_mib:.0f} MiB, the decoded sequences included; ms are CPU time of all threads")


def _line(name: str, runs: list[Run]) -> None:
    j, f = 100 * np.mean([run.mean_j for run in runs]), 100 * np.mean([run.mean_f for run in runs])
    found = auroc(np.concatenate([r.scores for r in runs]), np.concatenate([r.j for r in runs]) < FAILED_BELOW)
    spent = np.mean([run.milliseconds for run in runs])
    print(f"{name:20}{j:7.1f}{f:7.1f}{(j + f) / 2:7.1f}{found:8.3f}{spent:10.0f}", flush=True)


if __name__ == "__main__":
    main()
