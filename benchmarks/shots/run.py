"""Measure the shot detectors on test films: `python -m benchmarks.shots.run DATA_DIR [--half report]`.

DATA_DIR holds `davis/` and `clips/`. A cut counts as found within two frames, a dissolve or fade within its span and
two frames around it; one finding counts once. Detectors are tuned on one half; the other is the one to report.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.shots.films import FRAMES_PER_SECOND, Film, films
from benchmarks.shots.footage import HALVES, Footage
from benchmarks.shots.scoring import KINDS, Score
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.shot_detector import ShotChange, ShotDetector


def measure(detector: ShotDetector, made: Sequence[Film], footage: Footage) -> tuple[Score, float]:
    """Return the score over the films, and the detector's CPU time per frame in ms."""
    score, spent, count = Score(), 0.0, 0
    for film in made:
        changes: list[ShotChange] = []
        detector.start(FRAMES_PER_SECOND)
        for frame in film.frames(footage):
            began = time.process_time()
            changes += detector.watch(frame)
            spent += time.process_time() - began
            count += 1
        changes += detector.finish()
        score.add(changes, film.changes, film.traps)
    return score, 1000 * spent / count


def main() -> None:
    """Print one row for each detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--half", choices=sorted(HALVES), default="report")
    parser.add_argument("--detectors", help="names, separated by commas; all there are if left out")
    arguments = parser.parse_args()
    plugins = Plugins()
    footage = Footage(arguments.data_dir)
    made = films(arguments.half, footage)
    names = arguments.detectors.split(",") if arguments.detectors else plugins.names("shot_detector")
    frames = sum(film.frame_count for film in made)
    changes = sum(len(film.changes) for film in made)
    print(f"{arguments.half} half: {len(made)} films, {frames} frames, {changes} changes")
    heads = [f"{kind:>15s}" for kind in KINDS]
    print(f"{'':10s}   P    R    F1  {''.join(heads)}  ms/frame  false alarms    (by kind: R/F1)")
    for name in names:
        detector: ShotDetector = plugins.create("shot_detector", name, None, plugins.runtime(Runtime()))
        score, milliseconds = measure(detector, made, footage)
        kinds = "".join(f"      {score.recall(kind):.2f}/{score.f1(kind):.2f}" for kind in KINDS)
        false = ", ".join(f"{cause} {count}" for cause, count in sorted(score.false.items())) or "none"
        total = f"{score.precision():.2f} {score.recall():.2f} {score.f1():.3f}"
        print(f"{name:10s} {total}{kinds}  {milliseconds:8.2f}  {false}")
        named = f"{score.named}/{score.found.total()}"
        print(f"{'':10s} found and given their right kind: {named}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
