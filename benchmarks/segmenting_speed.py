"""Measure how long the built-in segmenter takes for a first answer and for each further click.

    python benchmarks/segmenting_speed.py FILM_OR_FOLDER... [--frames 5] [--threads 2] [--no-learned]

At evenly spread frames of each film: a click in the middle, then four more at fixed places, alternately on the object
and beside it. The first answer includes decoding the frame and its neighbours. Wall time and CPU time, medians and
worst, since wall time depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from videdit.frames import FrameSequence, Mask
from videdit.media import open_video
from videdit.prompts import Click, Prompt
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.options import SegmenterOptions

PLACES = ((0.5, 0.5, True), (0.1, 0.1, False), (0.45, 0.6, True), (0.9, 0.85, False), (0.55, 0.4, True))
"""x and y as shares of the picture, and whether the click is on the object."""
Times = list[tuple[float, float]]
"""Seconds of wall and of CPU time."""


def measure(frames: FrameSequence, index: int, learned: bool) -> Times:
    """Return the times of each of the clicks on one frame."""
    segmenter = BuiltinSegmenter(SegmenterOptions(), Runtime(learned=learned))
    height, width = frames.size
    prompts: list[Prompt] = []
    previous: Mask | None = None
    times = []
    for x, y, positive in PLACES:
        prompts.append(Click(x * width, y * height, positive))
        wall, used = time.perf_counter(), time.process_time()
        previous = segmenter.segment(frames, index, prompts, previous)[0].mask
        times.append((time.perf_counter() - wall, time.process_time() - used))
    return times


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="+", metavar="FILM_OR_FOLDER")
    parser.add_argument("--frames", type=int, default=5, help="frames asked about in each film (5)")
    parser.add_argument("--threads", type=int, default=2, help="threads of OpenCV and torch (2)")
    parser.add_argument("--no-learned", action="store_true", help="leave the network out")
    given = parser.parse_args()
    cv2.setNumThreads(given.threads)
    if not given.no_learned:
        import torch

        torch.set_num_threads(given.threads)
    print(f"{'film':<20}{'size':>11}  answer   wall s, worst   CPU s, worst")
    for path in given.films:
        with open_video(path) as reader:
            count = reader.frame_count
            frames = reader.shot_frames(Shot(0, count, "start"))
            measure(frames, 0, not given.no_learned)  # compiles, loads
            found = [measure(frames, int(at), not given.no_learned) for at in np.linspace(0, count - 1, given.frames)]
        for name, times in (
            ("first", [each[0] for each in found]),
            ("further", [one for each in found for one in each[1:]]),
        ):
            wall, used = np.array(times).T
            size = f"{frames.size[1]}x{frames.size[0]}"
            print(
                f"{path.stem:<20}{size:>11}  {name:<8}{np.median(wall):7.2f}{wall.max():7.2f}"
                f"{np.median(used):9.2f}{used.max():7.2f}"
            )


if __name__ == "__main__":
    main()
