"""Train the network of the built-in filler, which weighs what other frames show of a hole.

    python -m training.weigher OUT.safetensors --davis DAVIS --sequences a,b,c,d,e --masks RESULTS/masks

Every film gets holes in the shape of every other one's object: blacked out, as the filler is measured, also in the
mirror, and with --masks (as `videdit evaluate tracking DAVIS --results RESULTS` leaves them) an object pasted in, and
removed by its tracked mask. What the filler sees of each is kept in OUT.lessons, what was learned beside OUT every
minute; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from training.weigher.learning import WeigherNetwork, drawn, loss, usual_error
from training.weigher.lessons import Lesson, gather
from training.whole import write_whole
from videdit.evaluation.davis import open_davis

RATE, DECAY, WARM_UP = 3e-3, 1e-3, 50
LESSONS, SQUARES = 6, 128
"""Of a step: so many lessons, so many squares of each."""
KEPT_EVERY_SECONDS = 60.0
LAST = 500
"""So many batches are averaged for what is told."""


def train(lessons: list[Lesson], out: Path, minutes: float, seed: int, iterations: int | None = None) -> WeigherNetwork:
    """Learn for so many minutes in all, or so many iterations if that is sooner, and write the weights."""
    torch.manual_seed(seed)
    network, kept = WeigherNetwork(), out.with_suffix(".resume")
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    iteration, before = 0, 0.0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        iteration, before = state["iteration"], state["seconds"]
        print(f"goes on from iteration {iteration}, {before / 60:.1f} minutes", flush=True)
    random = np.random.default_rng((seed, iteration))
    begun = told = time.monotonic()
    measured = [(lesson, usual_error(lesson)) for lesson in lessons]
    ratios: list[float] = []
    while True:
        seconds = before + time.monotonic() - begun
        progress = max(seconds / (60 * minutes), 0 if iterations is None else iteration / iterations)
        if progress >= 1:
            break
        rate = RATE * min(1.0, (iteration + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        errors = []
        for number in random.integers(len(measured), size=LESSONS):
            batch = drawn(*measured[int(number)], SQUARES, random)
            wrong = loss(batch, network)
            wrong.backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                errors.append((float(wrong), float(loss(batch, None))))
        ratios.append(float(np.divide(*np.sum(errors, axis=0))))
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        iteration += 1
        if time.monotonic() - told > KEPT_EVERY_SECONDS:
            told = time.monotonic()
            print(
                f"iteration {iteration}, {seconds / 60:.1f} minutes: error x {np.mean(ratios[-LAST:]):.4f}", flush=True
            )
            state = {
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "iteration": iteration,
                "seconds": seconds,
            }
            write_whole(kept, partial(torch.save, state))
    print(f"iteration {iteration}: error x {np.mean(ratios[-LAST:]):.4f} on what was learned from", flush=True)
    write_whole(out, partial(save_file, network.state_dict()))
    kept.unlink(missing_ok=True)
    return network


def main() -> None:
    """Read the command line, gather what there is to learn from, train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--davis", type=Path, required=True, help="folder with JPEGImages/480p and Annotations/480p")
    parser.add_argument("--sequences", required=True, help="with commas between; never score on these")
    parser.add_argument("--masks", type=Path, help="folder of folders of tracked masks, by film")
    parser.add_argument("--minutes", type=float, default=12.0, help="of learning, after the lessons are made (12)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    names = given.sequences.split(",")
    lessons = gather(
        open_davis(given.davis), names, given.masks, given.out.with_suffix(".lessons"), tell=partial(print, flush=True)
    )
    train(lessons, given.out, given.minutes, given.seed)


if __name__ == "__main__":
    main()
