"""Train the segmenter's network from scratch.

    python -m training.segmenter --stills DATA/stills --steps 3000 --seed 0 --out runs/segmenter
    python -m training.segmenter --davis DATA/davis --sequences a,b,c,d,e --generated 300 --out runs/fold-1
    python -m training.segmenter --stills DATA/stills --workers 6 --minutes 8 --device cuda --out runs/fast

Without workers every step draws from a generator of its own: stopped, the same command goes on from the last hundred
steps, and is the training that was not stopped. With workers, other processes make scenes and hold the conversations,
this one learns; the clock ends it. Stopped, the same command goes on from the last minute.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import torch

from training.segmenter import clocked, stepwise
from training.segmenter.learning import Settings
from training.segmenter.talkers import Sources


def main() -> None:
    """Read the command line, train, tell progress, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", type=Path, help="folder with images/ and segments/")
    parser.add_argument("--davis", type=Path, help="folder with JPEGImages/480p and Annotations/480p")
    parser.add_argument("--sequences", default="", help="of davis: those to learn from, with commas between")
    parser.add_argument("--generated", type=int, default=0, help="number of generated pictures (0)")
    parser.add_argument("--steps", type=int, default=3000, help="batches of scenes; 4 answers to each (3000)")
    parser.add_argument("--workers", type=int, default=0, help="processes that make scenes and hold conversations (0)")
    parser.add_argument("--minutes", type=float, default=150, help="with workers: until the last save (150)")
    parser.add_argument("--batch", type=int, help="scenes at a time (8); with workers questions at a time (48)")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="highest learning rate (0.0025)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="of the network; scenes are made on the CPU")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the state and the weights")
    given = parser.parse_args()
    begun = time.monotonic()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    if not (given.stills or given.davis or given.generated):
        parser.error("no pictures: give --stills, --davis or --generated")
    names = tuple(name for name in given.sequences.split(",") if name)
    if given.davis and not names:
        parser.error("--davis needs --sequences: those that will not be scored")
    sources = Sources(given.stills, given.davis, names, given.generated, given.seed)
    if given.workers:
        torch.backends.cudnn.benchmark = True
        settings = Settings(0, given.batch or 48, given.rate, given.seed, given.device, average=0.9985)
        clocked.train(clocked.Clocked(settings, given.minutes, begun), sources, given.workers, given.out)
    else:
        settings = Settings(given.steps, given.batch or 8, given.rate, given.seed, given.device)
        pictures = [*sources.read(), *sources.generate()]
        stepwise.train(stepwise.Stepwise(pictures, settings, sources.films()), given.out)


if __name__ == "__main__":
    main()
