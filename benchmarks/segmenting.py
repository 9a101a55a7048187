"""Measure the built-in segmenter on DAVIS: IoU of a box and of simulated clicks, and seconds for each answer.

    python benchmarks/segmenting.py DATA_DIR [--sequences a,b] [--clicks 5] [--no-learned] [--quarters]
        [--weights FILE[=a,b]]...

Frames 0 and n/2 of each sequence under DATA_DIR/davis; with --quarters frames n/4 and 3n/4. A click falls on the
deepest point of the largest error, the picture's border counting as an edge. IoU is taken at full size. Answers are
chained: each question carries the answer before it. The own score is compared with the IoU over all answers:
correlation, mean error, and AUROC, the chance that an answer of IoU below 0.7 scores lower than one above.

--weights takes other weights of the network. Given with sequences, it is used on those alone, and the sequences named
are the ones measured. So a network trained twice, on five sequences each, is measured on all ten in one table:

    python benchmarks/segmenting.py DATA_DIR --weights trained-on-A=dog,soapbox --weights trained-on-B=camel,parkour
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.evaluation.confidence import FAILED_BELOW, auroc
from videdit.frames import ArrayFrames, Mask, Region
from videdit.prompts import Box, Click, Prompt
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis, Segmenter
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.options import SegmenterOptions

WORSE = 0.03
"""A click that lowers the IoU by more than this counts as one that did harm."""
_REACH = 24


@dataclass(slots=True)
class Case:
    """One frame with its neighbours and the true mask."""

    name: str
    frames: ArrayFrames
    index: int
    truth: Mask

    @property
    def sequence(self) -> str:
        return self.name.partition("@")[0]


@dataclass(slots=True)
class Row:
    """What one frame gave: for the box and for each click the IoU, the best of the hypotheses, and the own score."""

    name: str
    iou: list[float] = field(default_factory=list)
    oracle: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    first_seconds: float = 0.0
    later_seconds: list[float] = field(default_factory=list)

    def add(self, answers: Sequence[Hypothesis], truth: Mask) -> None:
        values = [overlap(one.mask, truth) for one in answers]
        self.iou.append(values[0])
        self.oracle.append(max(values))
        self.score.append(answers[0].score)


def overlap(one: Mask, other: Mask) -> float:
    """Return the IoU of two masks; 1 if both are empty."""
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0


def next_click(mask: Mask, truth: Mask) -> Click | None:
    """Return a click on the deepest point of the largest error, or None when there is none left."""
    best, best_area = None, 0
    for error, positive in ((truth & ~mask, True), (mask & ~truth, False)):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(error.astype(np.uint8), connectivity=8)
        if len(stats) > 1:
            label = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[label, cv2.CC_STAT_AREA] > best_area:
                best, best_area = (labels == label, positive), int(stats[label, cv2.CC_STAT_AREA])
    if best is None:
        return None
    bordered = np.pad(best[0].astype(np.uint8), 1)
    depth = cv2.distanceTransform(bordered, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return Click(float(x) + 0.5, float(y) + 0.5, best[1])


def weights_of(given: Sequence[str]) -> dict[str, Path]:
    """Read FILE=a,b pairs as the file of each sequence; a FILE alone is that of all others, under the name ""."""
    files: dict[str, Path] = {}
    for one in given:
        file, _, names = one.partition("=")
        for name in names.split(","):
            if name in files:
                raise SystemExit(f"--weights names {name or 'a file for all sequences'} twice")
            files[name] = Path(file)
    return files


def cases(data: Path, sequences: Sequence[str], *, quarters: bool = False) -> list[Case]:
    """Read frames 0 and n/2 of each sequence, or n/4 and 3n/4; all sequences there are if none is named."""
    images, masks = data / "davis" / "JPEGImages" / "480p", data / "davis" / "Annotations" / "480p"
    found = []
    for name in sequences or sorted(path.name for path in images.iterdir() if path.is_dir()):
        paths = sorted((images / name).glob("*.jpg"))
        count = len(paths)
        for index in (count // 4, 3 * count // 4) if quarters else (0, count // 2):
            start, stop = max(0, index - _REACH), min(len(paths), index + _REACH + 1)
            pixels = [np.ascontiguousarray(_read(path)[..., ::-1]) for path in paths[start:stop]]
            truth: Mask = np.any(_read(masks / name / f"{paths[index].stem}.png"), axis=2).astype(bool)
            if truth.any():
                found.append(Case(f"{name}@{index}", ArrayFrames(pixels, first_index=start), index, truth))
    return found


def _read(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path))
    if pixels is None:
        raise SystemExit(f"{path} cannot be read")
    return np.ascontiguousarray(pixels, np.uint8)


def measure(make: Callable[[], Segmenter], case: Case, clicks: int) -> Row:
    """Answer a box, then from scratch one click after the other."""
    row = Row(case.name)
    region = Region.of(case.truth)
    box = Box(region.x0, region.y0, region.x1, region.y1)
    segmenter = make()
    started = time.perf_counter()
    row.add(segmenter.segment(case.frames, case.index, [box]), case.truth)
    row.first_seconds = time.perf_counter() - started

    prompts: list[Prompt] = []
    previous: Mask | None = None
    for _ in range(clicks):
        click = next_click(np.zeros_like(case.truth) if previous is None else previous, case.truth)
        if click is None:
            row.iou.append(row.iou[-1])
            row.oracle.append(row.oracle[-1])
            row.score.append(row.score[-1])
            continue
        prompts.append(click)
        started = time.perf_counter()
        answers = segmenter.segment(case.frames, case.index, prompts, previous)
        row.later_seconds.append(time.perf_counter() - started)
        row.add(answers, case.truth)
        previous = answers[0].mask
    return row


def report(rows: Sequence[Row], clicks: int) -> str:
    """Return the table, the mean last, and the figures below it."""
    heads = ["box", *(str(number) for number in range(1, clicks + 1))]
    lines = [f"{'frame':<22}" + "".join(f"{head:>7}" for head in heads) + f"{'first s':>9}{'later s':>9}"]
    for row in rows:
        later = float(np.mean(row.later_seconds)) if row.later_seconds else 0.0
        lines.append(
            f"{row.name:<22}" + "".join(f"{v:7.3f}" for v in row.iou) + f"{row.first_seconds:9.2f}{later:9.2f}"
        )
    iou = np.array([row.iou for row in rows])
    later = float(np.mean([s for row in rows for s in row.later_seconds] or [0.0]))
    first = float(np.mean([row.first_seconds for row in rows]))
    oracle = np.array([row.oracle for row in rows]).mean(axis=0)
    worse = float((np.diff(iou[:, 1:], axis=1) < -WORSE).mean()) if clicks > 1 else 0.0
    lines += [
        f"{'best of the answers':<22}" + "".join(f"{v:7.3f}" for v in oracle),
        f"{'mean':<22}" + "".join(f"{v:7.3f}" for v in iou.mean(axis=0)) + f"{first:9.2f}{later:9.2f}",
        f"clicks that lower the IoU by more than {WORSE:g}: {worse:.0%}",
    ]
    scores = np.array([row.score for row in rows])
    if len(rows) > 2 and scores.std() > 0:
        lines.append(
            f"score against IoU: correlation {np.corrcoef(scores.ravel(), iou.ravel())[0, 1]:.2f}, "
            f"mean error {np.abs(scores - iou).mean():.3f}, "
            f"AUROC {auroc(scores.ravel().tolist(), (iou.ravel() < FAILED_BELOW).tolist()):.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="the folder that holds davis/")
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--clicks", type=int, default=5, help="clicks to simulate (5)")
    parser.add_argument("--no-learned", action="store_true", help="leave the network out")
    parser.add_argument("--quarters", action="store_true", help="frames n/4 and 3n/4, which nothing was tuned on")
    parser.add_argument(
        "--weights", action="append", default=[], metavar="FILE[=a,b]", help="the network's, all or on these sequences"
    )
    given = parser.parse_args()
    files = weights_of(given.weights)
    sequences = [name for name in given.sequences.split(",") if name]
    if not sequences and "" not in files:
        sequences = sorted(files)
    if files and given.no_learned:
        parser.error("--weights and --no-learned contradict each other")
    if files and "" not in files and set(sequences) - set(files):
        parser.error(f"--weights names no file for {', '.join(sorted(set(sequences) - set(files)))}")
    found = cases(given.data, sequences, quarters=given.quarters)

    def make(sequence: str) -> Segmenter:
        options = SegmenterOptions(weights=files.get(sequence, files.get("")))
        return BuiltinSegmenter(options, Runtime(learned=not given.no_learned))

    for name in sorted({case.sequence for case in found}):  # before the long part: a file may not be there
        make(name)
    first = found[0]
    make(first.sequence).segment(first.frames, first.index, [Click(1, 1)])  # compiles, where nothing was kept on disk
    print(report([measure(partial(make, case.sequence), case, given.clicks) for case in found], given.clicks))


if __name__ == "__main__":
    main()
