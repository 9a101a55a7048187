"""Make the example film, remove the ball and its shadow, and compare with the film as it would be without them.

python examples/remove_ball.py
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

import videdit
from videdit.example import make_example
from videdit.example.ball import BallFilm
from videdit.example.face import FaceFilm


def remove_ball(folder: Path, frames: int) -> Path:
    """Write ball.mp4 into `folder` and return the film without the ball."""
    made = make_example(folder, ball=BallFilm(frames), face=FaceFilm(1))
    boxes = made.as_dict()["boxes"]
    removed = folder / "ball_removed.mp4"
    with videdit.open(made.ball) as project:
        project.box(*boxes["ball"], object="ball")
        project.box(*boxes["shadow"], object="shadow")
        rendered = project.remove().save(removed)
        for one in project.summary():
            print(f"{one['name']}: on {one['frames']} frames, {one['doubtful']} to review")
    print(rendered.verified.sentence)
    print(f"like the film without a ball: {psnr_db(removed, made.ball_clean):.1f} dB")
    return removed


def psnr_db(one: Path, other: Path) -> float:
    """Return the peak signal-to-noise ratio of two films of equal length, over all their pixels."""
    errors = []
    with videdit.open(one) as first, videdit.open(other) as second:
        for mine, theirs in zip(first.reader.pictures(), second.reader.pictures(), strict=True):
            difference = mine.to_frame().rgb8.astype(np.float32) - theirs.to_frame().rgb8
            errors.append(float(np.square(difference).mean()))
    return 10 * math.log10(255**2 / float(np.mean(errors)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("videdit-example"))
    parser.add_argument("--frames", type=int, default=50)
    chosen = parser.parse_args()
    remove_ball(chosen.folder, chosen.frames)
