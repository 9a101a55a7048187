"""Train the segmenter's network from scratch.

    python -m training.segmenter --stills DATA/stills --steps 3000 --seed 0 --out runs/segmenter
    python -m training.segmenter --davis DATA/davis --sequences a,b,c,d,e --generated 300 --out runs/fold-1

Stopped, the same command goes on from the last hundred steps. Every step draws from a generator of its own, so that a
resumed training is the training that was not stopped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from training.material import SegmentedPicture, read_pictures
from training.segmenter.learning import Learning, Settings


def main() -> None:
    """Read the command line, train, tell progress, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", type=Path, help="folder with images/ and segments/")
    parser.add_argument("--davis", type=Path, help="folder with JPEGImages/480p and Annotations/480p")
    parser.add_argument("--sequences", default="", help="of davis: those to learn from, with commas between")
    parser.add_argument("--generated", type=int, default=0, help="number of generated pictures (0)")
    parser.add_argument("--steps", type=int, default=3000, help="batches of scenes; 4 answers to each (3000)")
    parser.add_argument("--batch", type=int, default=8, help="scenes at a time (8)")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="highest learning rate (0.0025)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="of the network; scenes are made on the CPU")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the state and the weights")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    pictures: list[SegmentedPicture] = []
    if given.stills:
        pictures += read_pictures("stills", given.stills)
    if given.davis:
        names = [name for name in given.sequences.split(",") if name]
        if not names:
            parser.error("--davis needs --sequences: those that will not be scored")
        pictures += read_pictures("davis", given.davis, sequences=names)
    if given.generated:
        pictures += read_pictures("generated", count=given.generated, seed=given.seed)
    if not pictures:
        parser.error("no pictures: give --stills, --davis or --generated")
    settings = Settings(given.steps, given.batch, given.rate, given.seed, given.device)
    train(Learning(pictures, settings), given.out)


def train(learning: Learning, out: Path) -> None:
    """Go on from what is in `out` to the last step; a line every 50 steps, the state every 100."""
    out.mkdir(parents=True, exist_ok=True)
    state = out / "state.pt"
    if state.exists():
        learning.load(torch.load(state, weights_only=True, map_location=learning.settings.device))
        print(f"goes on at step {learning.step}", flush=True)
    total, begun, first = learning.settings.steps, time.monotonic(), learning.step
    recent: list[tuple[float, ...]] = []
    while learning.step < total:
        recent.append(learning.advance())
        if learning.step % 50 == 0 or learning.step == total:
            passed = time.monotonic() - begun
            left = passed / (learning.step - first) * (total - learning.step)
            means = np.nanmean(np.array(recent), axis=0)
            recent.clear()
            print(
                f"step {learning.step}/{total}  loss {means[0]:.4f}  IoU of answers 1 to 4: "
                + " ".join(f"{value:.3f}" for value in means[1:])
                + f"  {passed / 60:.1f} min, {left / 60:.1f} left",
                flush=True,
            )
        if learning.step % 100 == 0 or learning.step == total:
            torch.save(learning.state(), state.with_suffix(".new"))
            state.with_suffix(".new").replace(state)
            learning.export(out / "segmenter.safetensors")


if __name__ == "__main__":
    main()
