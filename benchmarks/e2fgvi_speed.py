"""Measure videdit's E2FGVI-HQ against the published implementation: same film, same weights, same windows, one run.

    python benchmarks/e2fgvi_speed.py --reference DIR [--frames 21] [--size 432x240] [--checkpoint FILE] [--peak]
    python benchmarks/e2fgvi_speed.py --reference DIR --device cuda [--frames 60] [--tf32 on] [--peak]

DIR is a copy of the published repository, with its `model` folder. It needs mmcv, which is built for few machines: the
four names it takes from there are stood in for by a plain convolution and torchvision's deformable convolution.
Without --checkpoint both get the same random weights, drawn by the rule of the golden tests.

The windows are those of the published procedure: 11 neighbours, every tenth other frame of the film. Compared are

plain     the network called on each window, in float32, as the published code does
kept      float32, with features and flows kept from window to window
bfloat16  kept, in bfloat16
float16   kept, in float16
int8      kept, the layers that gain by it in 8-bit integers (a CPU with VNNI)

Times are processor time of all threads, summed over the film; the sides take turns window by window, so that a busy
machine slows all alike. `difference` is the mean absolute difference to the published output in 1/255, over whole local
frames, and that of the finished film in the holes. --peak measures peak memory in a process for each side instead.

With --device cuda the film lies on the GPU, times are the median of --rounds runs over the whole film, each waited for,
after one that is not counted, and the peak is that of torch's allocator. `-last` has encoder and decoder channels_last.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from e2fgvi_cuda import measure
from e2fgvi_sides import Film, sides, weights_of, windows
from torch import Tensor

from videdit.runtime import Runtime
from videdit_e2fgvi import e2fgvi_hq
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.options import E2fgviOptions
from videdit_plugins.e2fgvi.windows import REACH

SIDES = ("published", "plain", "kept", "bfloat16", "float16", "int8")


def compare(film: Film, reference: Path, weights: dict[str, Tensor], names: list[str]) -> None:
    spent = dict.fromkeys(names, 0.0)
    difference: dict[str, list[float]] = {name: [] for name in names}
    count = len(film.pixels)
    functions = sides(weights, film, reference, names)
    with torch.inference_mode():
        for indices, local in windows(count):
            expected = None
            for name, function in functions.items():
                start = time.process_time()
                pictures = function(indices, local)
                spent[name] += time.process_time() - start
                if expected is None:
                    expected = pictures
                difference[name].append(float((pictures - expected).abs().mean()) * 127.5)
            print(f"window of {local} and {len(indices) - local}: " + _shown(spent), file=sys.stderr, flush=True)
    print(f"{'side':12}{'CPU s/frame':>12}{'of published':>14}{'difference /255':>17}")
    for name in names:
        ratio = spent[name] / spent[names[0]]
        print(f"{name:12}{spent[name] / count:12.2f}{ratio:14.3f}{np.mean(difference[name]):17.4f}")


def _shown(spent: dict[str, float]) -> str:
    return "  ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())


def finished_films(film: Film, reference: Path, weights: dict[str, Tensor]) -> None:
    """Compare the finished holes: the published procedure, and the filler with its parity option in bfloat16."""
    published = sides(weights, film, reference, ["published"])["published"]
    running: list[Any] = [None] * len(film.pixels)
    with torch.inference_mode():
        for indices, local in windows(len(film.pixels)):
            pictures = (published(indices, local).permute(0, 2, 3, 1).numpy() + 1) / 2 * 255
            for index, picture in zip(indices[:local], pictures.astype(np.uint8).astype(np.float32), strict=True):
                running[index] = picture if running[index] is None else running[index] * 0.5 + picture * 0.5
    network = e2fgvi_hq().eval().requires_grad_(False)
    network.load_state_dict(weights)
    network.configure(torch.bfloat16)
    filler = E2fgviFiller(E2fgviOptions(parity=True), Runtime(), network)
    filler.start(film.frames, film.holes)
    errors = []
    for index in film.frames.shot:
        filled = filler.fill(index)
        assert filled is not None
        hole = film.holes[index][filled.region.slices]
        errors.append(np.abs(filled.rgb[hole] - running[index].astype(np.uint8)[filled.region.slices][hole]).mean())
    print(f"finished film, holes, bfloat16 with the parity option: {np.mean(errors):.3f} /255 on average")


def peaks(arguments: argparse.Namespace) -> None:
    """Print the peak memory of each side, in a process of its own that runs one window."""
    for name in arguments.sides.split(","):
        command = [sys.executable, __file__, "--one", name, "--size", arguments.size, "--frames", str(arguments.frames)]
        command += ["--reference", str(arguments.reference)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(done.stdout.strip() or f"{name}: {done.stderr.strip().splitlines()[-1]}", flush=True)


def one(film: Film, reference: Path, name: str) -> None:
    function = sides(weights_of(None), film, reference, [name])[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    indices, local = list(windows(len(film.pixels)))[len(film.pixels) // (2 * REACH)]
    with torch.inference_mode():
        function(indices, local)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{name:12}window of {local} and {len(indices) - local} at {film.pixels.shape[2]}x{film.pixels.shape[1]}: "
        f"peak {peak / 2**20:.2f} GiB, {(peak - before) / 2**20:.2f} of it for the window"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=21)
    parser.add_argument("--size", default="432x240")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--sides", help="separated by commas; the first one is what the others are compared with")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5, help="with --device cuda")
    parser.add_argument("--tf32", choices=["on", "off"], default="on", help="with --device cuda, for all sides")
    parser.add_argument("--profile", help="with --device cuda: print where this side spends its time instead")
    parser.add_argument("--films", action="store_true", help="compare the finished films too")
    parser.add_argument("--peak", action="store_true")
    parser.add_argument("--one", choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    if arguments.device != "cpu":
        measure(arguments, (height, width))
        return
    arguments.sides = arguments.sides or ",".join(SIDES)
    if arguments.peak:
        peaks(arguments)
        return
    film = Film(arguments.frames, (height, width))
    if arguments.one:
        one(film, arguments.reference, arguments.one)
        return
    weights = weights_of(arguments.checkpoint)
    compare(film, arguments.reference, weights, arguments.sides.split(","))
    if arguments.films:
        finished_films(film, arguments.reference, weights)


if __name__ == "__main__":
    main()
