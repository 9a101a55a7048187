"""Prove the quality gate and the refinement without weights: with a segmenter that errs as Segment Anything does.

    python benchmarks/refinement.py DAVIS [--sequences dog,camel] [--frames 40] [--seeds 3] [--errors 1.5]

DAVIS is a folder as `videdit evaluate` takes it; all objects of a sequence are taken for one. Each sequence is tracked
from its first true mask without and with refinement. The stand-in knows the true masks; at the rates below, which
depend on how many of the points it is given lie where they should, it answers with the right mask (its outline
shaken), a part of the object, the whole of which the object is part, or a neighbour. Its scores tell right from wrong
only a little, as those of Segment Anything do. --seeds runs it with so many draws of its answers, --errors multiplies
the rates of wrong ones.

Printed: mean J without and with refinement, and the smallest gain of any draw; how often the segmenter was asked and
believed, and how often what it answered was right; the share of points on the right side, for masks of an IoU of at
least 0.5; the AUROC of the quality score for "IoU below 0.7", of the run without refinement; and that AUROC with the
form of the score chosen anew for each sequence on the others, see `left_out.py`.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from left_out import Judged, left_out_auroc

from videdit.evaluation import auroc, jaccard
from videdit.evaluation.davis import chosen_names, open_davis
from videdit.frames import FrameSequence, Mask, Region
from videdit.hookspecs import hookimpl
from videdit.masks import IN_MEMORY, MaskTrack
from videdit.media import open_video
from videdit.plugins import Plugins
from videdit.prompts import Click, MaskPrompt, Prompt
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis, Segmenter
from videdit.shots import Shot
from videdit.tracking.refining import check_refine_options
from videdit.tracking.stage import Engines, Pointed, TrackingStage

RATES: Mapping[str, tuple[float, float, float, float]] = {
    "all": (0.84, 0.08, 0.05, 0.03),
    "most": (0.55, 0.15, 0.15, 0.15),
    "few": (0.20, 0.20, 0.20, 0.40),
}
"""Share of the points that lie where they should (all; at least two thirds; fewer) -> how often the answer is the right
mask, a part of the object, the whole of which it is part, a neighbour."""
SCORES: Mapping[str, tuple[float, float]] = {
    "right": (0.92, 0.04), "part": (0.86, 0.08), "whole": (0.86, 0.08), "neighbour": (0.80, 0.10)
}  # fmt: skip
"""Mean and deviation of the score that each kind of answer gets."""
FAILED_BELOW = 0.7
TRUSTED_IOU = 0.5


@dataclass
class Asked:
    """One question: which kind of answer was given, how good it is, and the points on the right side, of all."""

    index: int
    kind: str
    iou: float
    before: float
    right_points: int
    points: int


@dataclass
class StandIn(Segmenter):
    """Answers from true masks, and errs.

    errors: what the rates of wrong answers are multiplied by
    """

    truths: Sequence[Mask]
    seed: int = 0
    errors: float = 1.0
    asked: list[Asked] = field(default_factory=list)

    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        truth = self.truths[index]
        clicks = [one for one in prompts if isinstance(one, Click)]
        right = sum(bool(truth[int(one.y), int(one.x)]) == one.positive for one in clicks)
        share = right / len(clicks) if clicks else 0.0
        rates = _rates("all" if share == 1 else "most" if share >= 2 / 3 else "few", self.errors)
        # The same question gets the same answer.
        seed = zlib.crc32(repr((self.seed, index, [(one.x, one.y) for one in clicks])).encode())
        random = np.random.default_rng(seed)
        kind = str(random.choice(list(SCORES), p=rates))
        mask = answer_of(kind, truth, clicks, random)
        coarse = [one.mask for one in prompts if isinstance(one, MaskPrompt)]
        before = jaccard(coarse[0], truth) if coarse and coarse[0] is not None else 0.0
        self.asked.append(Asked(index, kind, jaccard(mask, truth), before, right, len(clicks)))
        return [Hypothesis(mask, float(np.clip(random.normal(*SCORES[kind]), 0, 1)))]


def _rates(points: str, errors: float) -> list[float]:
    """Return how often each kind of answer is given."""
    wrong = errors * np.array(RATES[points][1:])
    wrong /= max(1.0, float(wrong.sum()))
    return [1 - float(wrong.sum()), *wrong]


def answer_of(kind: str, truth: Mask, clicks: Sequence[Click], random: np.random.Generator) -> Mask:
    """Return the mask of one kind of answer, its outline shaken as no network's is exact."""
    side_px = max(2.0, float(np.sqrt(np.count_nonzero(truth))))
    if not truth.any():
        return truth
    if kind == "part":
        return _part(truth, clicks, random)
    if kind == "whole":
        # The object with what surrounds it on one side: a rider with the horse, a dog with its shadow.
        shift = random.normal(0, 0.4 * side_px, 2)
        grown = _moved(_grown(truth, round(0.25 * side_px)), shift)
        return truth | grown
    if kind == "neighbour":
        region = Region.of(truth)
        way = random.choice([-1.0, 1.0])
        return _moved(truth, (0.0, way * 0.9 * region.width)) & ~truth
    return _shaken(truth, random, 0.02 * side_px)


def _part(truth: Mask, clicks: Sequence[Click], random: np.random.Generator) -> Mask:
    rows, columns = np.nonzero(truth)
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    line = np.quantile(along, random.uniform(0.3, 0.6))
    first = next((one for one in clicks if one.positive), None)
    above = first is None or np.cos(angle) * first.x + np.sin(angle) * first.y >= line
    kept = (along >= line) == above
    part = np.zeros_like(truth)
    part[rows[kept], columns[kept]] = True
    return part


def _grown(mask: Mask, by_px: int) -> Mask:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), disc) > 0)


def _moved(mask: Mask, by: Any) -> Mask:
    matrix = np.array([[1, 0, by[1]], [0, 1, by[0]]], np.float32)
    return np.asarray(cv2.warpAffine(mask.view(np.uint8), matrix, mask.shape[::-1]) > 0)


def _shaken(mask: Mask, random: np.random.Generator, by_px: float) -> Mask:
    noise = random.normal(0, 1, (mask.shape[0] // 8 + 1, mask.shape[1] // 8 + 1)).astype(np.float32)
    smooth = cv2.resize(noise, mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    inside = mask.view(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    return np.asarray(distance + by_px * smooth > 0)


class _StandInPlugin:
    def __init__(self, segmenter: StandIn) -> None:
        self._segmenter = segmenter

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("stand-in", lambda options, runtime: self._segmenter)


@dataclass
class Run:
    """One sequence tracked once: figures of each frame between the first and the last."""

    j: list[float]
    scores: list[float]
    origins: list[str]
    figures: list[Mapping[str, float] | None]


def follow(
    frames: FrameSequence, truths: Sequence[Mask], segmenter: StandIn, chosen: argparse.Namespace, refine: str
) -> Run:
    """Track from the first true mask to the end."""
    plugins = Plugins(objects={"stand-in": _StandInPlugin(segmenter)})
    with MaskTrack.open(IN_MEMORY, size=frames.size) as track:
        stage = TrackingStage(
            source="benchmark",
            frames_of=lambda shot: frames,
            track=track,
            plugins=plugins,
            runtime=Runtime(quality=chosen.quality),
            engines=Engines(
                "stand-in",
                chosen.tracker,
                refine=refine,  # type: ignore[arg-type]
                refine_options=options_of(chosen),
                reidentify={"enabled": False},
            ),
        )
        stage.run([Pointed(1, "it", {0: [MaskPrompt(mask=truths[0])]})], [frames.shot])
        entries = list(track.entries(1))[1:-1]
    j = [jaccard(one.mask.mask(), truths[one.index]) for one in entries]
    figures = [None if one.origin == "absent" else one.evidence["quality"] for one in entries]
    return Run(j, [one.score for one in entries], [one.origin for one in entries], figures)


def options_of(chosen: argparse.Namespace) -> dict[str, str]:
    return dict(one.split("=", 1) for one in chosen.option)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("davis", type=Path)
    parser.add_argument("--sequences", default="", help="names with commas between; all if left out")
    parser.add_argument("--frames", type=int, default=None, help="only so many frames of each sequence")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--tracker", default="builtin")
    parser.add_argument("--seeds", type=int, default=1, help="draws of the stand-in's answers")
    parser.add_argument("--errors", type=float, default=1.0, help="what its rates of wrong answers are multiplied by")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the refinement")
    chosen = parser.parse_args()
    gate = check_refine_options(options_of(chosen)).gate
    davis = open_davis(chosen.davis)
    print(f"{'sequence':16}{'J':>7}{'refined':>9}{'gain':>7}{'least':>7}", end="")
    print(f"{'AUROC':>8}{'asked':>7}{'taken':>7}{'rightly':>9}{'points':>8}")
    measured = []
    for name in chosen_names(davis, [chosen.sequences]):
        sequence = davis.sequence(name, chosen.frames, one_object=True)
        truths = [sequence.mask(index, 1) for index in range(len(sequence))]
        with open_video(sequence.folder) as reader:
            frames = reader.shot_frames(Shot(0, len(sequence), "start"))
            plain = follow(frames, truths, StandIn(truths), chosen, "off")
            one = Measured(name, plain)
            for seed in range(chosen.seeds):
                segmenter = StandIn(truths, seed, chosen.errors)
                # Where no score falls below the gate nothing is asked, and the run is the same.
                asks = min(plain.scores) < gate
                one.refined.append(follow(frames, truths, segmenter, chosen, "on") if asks else plain)
                one.asked += segmenter.asked
        measured.append(one)
        _line(name, [one])
    _line("mean", measured)
    least = min(measured, key=lambda one: one.least)
    gains = [one.gain for one in measured]
    print(f"mean gain in J {np.mean(gains):+.2f}, smallest {least.least:+.2f} ({least.name})")
    if len(measured) > 2:
        runs = [one.plain for one in measured]
        judged = [Judged(run.figures, run.scores, [j < FAILED_BELOW for j in run.j]) for run in runs]
        raw, ranked = left_out_auroc(judged)
        print(f"AUROC, form chosen on the other sequences: {raw:.3f}; as ranks among their scores {ranked:.3f}")


@dataclass
class Measured:
    """One sequence without refinement, and with it for each draw of the stand-in's answers."""

    name: str
    plain: Run
    refined: list[Run] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def gains(self) -> list[float]:
        """In points of mean J, of each draw."""
        return [100 * float(np.mean(run.j) - np.mean(self.plain.j)) for run in self.refined]

    @property
    def gain(self) -> float:
        return float(np.mean(self.gains))

    @property
    def least(self) -> float:
        return min(self.gains)


def _line(name: str, some: Sequence[Measured]) -> None:
    before = 100 * float(np.mean([np.mean(one.plain.j) for one in some]))
    after = 100 * float(np.mean([np.mean(run.j) for one in some for run in one.refined]))
    failed = [j < FAILED_BELOW for one in some for j in one.plain.j]
    found = auroc([score for one in some for score in one.plain.scores], failed)
    questions = [question for one in some for question in one.asked]
    trusted = [one for one in questions if one.before >= TRUSTED_IOU]
    points = sum(one.points for one in trusted)
    on_side = 100 * sum(one.right_points for one in trusted) / points if points else float("nan")
    taken = sum(origin == "refined" for one in some for run in one.refined for origin in run.origins)
    right = 100 * np.mean([one.kind == "right" for one in questions]) if questions else float("nan")
    print(
        f"{name:16}{before:7.1f}{after:9.1f}{after - before:+7.1f}{min(one.least for one in some):+7.1f}{found:8.3f}"
        f"{len(questions):7d}{taken:7d}{right:9.0f}{on_side:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
