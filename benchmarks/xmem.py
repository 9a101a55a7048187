"""XMem against its published implementation: time, split by part, difference of the results, and peak memory.

    python benchmarks/xmem.py --reference DIR [--frames 11] [--size 480x854] [--objects 1] [--threads 2]
    python benchmarks/xmem.py --reference DIR --memory 1080x1920 [--frames 10]
    python benchmarks/xmem.py --reference DIR --device cuda --frames 120 [--split] [--tf32 on]
    python benchmarks/xmem.py --long 600

DIR is a checkout of the published code, https://github.com/hkchengrex/XMem. Both run the same clip with the same
weights, drawn by `tests/golden/reference_weights.py`, which is made for comparing and segments nothing. True masks are
given on every fifth frame, for a free run of random weights says nothing about a difference; they are remembered as
tracked frames are, so that both hold the same memory. Runs alternate frame by frame, so that whatever else the machine
does concerns all alike; CPU ms are of all threads. --memory runs each in a process of its own. --long is a run of ours
alone, of small frames: objects join at 50 and 300 and one leaves at 400, with long-term memory full before the first
joins.

A side is "published" or a precision of ours, then options: "published:amp" is what its evaluation program takes on a
GPU, "bfloat16:cuda_graphs=false" is ours with an option of the engine. The clock of the published side runs from a
normalised picture in the machine's memory to mask and probability there; what its loader does before, in processes of
its own, is left out. Ours runs from the decoded frame to the same, all included. On a GPU the clock waits for the
device before and after.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from golden import GOLDEN, reference_module
from xmem_sides import EVERY, clip, make_side, own_network

from videdit.devices import peak_memory_bytes
from videdit.evaluation.costs import Meter
from videdit.runtime import Runtime
from videdit_plugins.xmem.engine import XMemTracker
from videdit_plugins.xmem.options import XMemOptions

MEBIBYTE = 1 << 20
ON_CPU = ["published", "float32", "bfloat16", "int8"]
ON_CUDA = ["published", "published:amp", "float32", "float16", "bfloat16", "bfloat16:cuda_graphs=false"]
MEMORY_ON_CPU = ["published", "float32", "float32:short_side_px=480", "bfloat16:short_side_px=480"]
MEMORY_ON_CUDA = ["published", "published:amp", "float32", "bfloat16", "bfloat16:short_side_px=480"]


def compare(arguments: argparse.Namespace) -> None:
    """Print time, parts and differences of a run of all side by side."""
    state = reference_module().reference_state_dict(GOLDEN / "xmem_state_dict.tsv")
    size, device = _size(arguments.size), arguments.device
    cuda = device.startswith("cuda")
    split = arguments.split or not cuda
    frames, masks = clip(arguments.frames, size, arguments.objects)
    names = arguments.sides.split(",") if arguments.sides else (ON_CUDA if cuda else ON_CPU)
    sides = {name: make_side(name, arguments.reference, state, frames, device, split) for name in names}
    wall: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, float] = defaultdict(float)
    furthest: dict[str, list[float]] = defaultdict(list)
    for index in range(arguments.frames):
        given = masks(index) if index % EVERY == 0 else {}
        answers = {}
        for name, side in sides.items():
            side.prepare(index)
            if cuda:
                torch.cuda.synchronize()
            began, spent = time.perf_counter(), time.process_time()
            answers[name] = side.frame(index, given)
            if cuda:
                torch.cuda.synchronize()
            if index >= arguments.warm_up:
                wall[name].append(1000 * (time.perf_counter() - began))
                cpu[name] += time.process_time() - spent
            else:
                side.parts.clear()
        first = answers[names[0]]
        for name in names[1:]:
            if first is not None:
                furthest[name].append(float(np.abs(np.stack(answers[name]) - np.stack(first)).mean()))
    count = arguments.frames - arguments.warm_up
    where = torch.cuda.get_device_name(device) if cuda else f"{torch.get_num_threads()} threads"
    print(f"{size[0]}x{size[1]}, {arguments.objects} objects, {count} frames, {where}, PyTorch {torch.__version__}")
    if cuda:
        cudnn, matmul = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        print(f"TF32 in convolutions {cudnn}, in products of matrices {matmul}")
    parts = ("key encoder", "memory read", "decoder", "value encoder") if split else ()
    rest = ("rest",) if split else ()
    heads = ("mean ms", "ratio", "median", "ratio", "CPU ms", "ratio", *parts, *rest)
    rows: list[tuple[str, list[float]]] = []
    for name, side in sides.items():
        mean, median = (wall[name], wall[names[0]]), (np.median(wall[name]), np.median(wall[names[0]]))
        row = [np.mean(mean[0]), np.mean(mean[0]) / np.mean(mean[1]), median[0], median[0] / median[1]]
        row += [1000 * cpu[name] / count, cpu[name] / cpu[names[0]]]
        if split:
            of_parts = [1000 * side.parts[part] / count for part in parts]
            row += [*of_parts, (row[0] if cuda else row[4]) - sum(of_parts)]
        rows.append((name, [float(value) for value in row]))
    print(f"{'':32}" + "".join(f"{head:>14}" for head in heads))
    for name, row in rows:
        print(f"{name:32}" + "".join(f"{value:14.2f}" for value in row))
    for name, values in furthest.items():
        mean_of, worst = np.mean(values), max(values)
        print(f"{name}: mean absolute difference of the probabilities {mean_of:.5f}, worst frame {worst:.5f}")
    for name, side in sides.items():
        if side.remark():
            print(f"{name}: {side.remark()}")


def measure_memory(arguments: argparse.Namespace) -> None:
    """Print the peak of a process for each implementation; masks are given on every frame, so memory fills fast."""
    cuda = arguments.device.startswith("cuda")
    names = arguments.sides.split(",") if arguments.sides else (MEMORY_ON_CUDA if cuda else MEMORY_ON_CPU)
    for name in names:
        command = [sys.executable, __file__, "--reference", str(arguments.reference), "--memory", arguments.memory]
        command += ["--frames", str(arguments.frames), "--one", name, "--threads", str(arguments.threads)]
        command += ["--device", arguments.device, "--tf32", arguments.tf32]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stdout if done.returncode == 0 else f"ended with {done.returncode}: {done.stderr[-300:]}"
        print(f"{name:32} {said.strip().splitlines()[-1]}", flush=True)


def measure_one(arguments: argparse.Namespace) -> None:
    state = reference_module().reference_state_dict(GOLDEN / "xmem_state_dict.tsv")
    frames, masks = clip(arguments.frames, _size(arguments.memory), 1, pictures=4)
    side = make_side(arguments.one, arguments.reference, state, frames, arguments.device, split=False)
    del state
    meter = Meter(arguments.device)  # drawing the weights took more than the network does; a new peak begins here
    before = meter.record(1)["peak_mib"]
    for index in range(arguments.frames):
        side.prepare(index)
        side.frame(index, masks(index))
    said = f"peak {meter.record(1)['peak_mib']:.0f} MiB, {before:.0f} before the first frame"
    if arguments.device.startswith("cuda"):
        said += f"; {torch.cuda.max_memory_allocated(arguments.device) / MEBIBYTE:.0f} MiB in tensors at most"
    print(said)


def run_long(arguments: argparse.Namespace) -> None:
    """Print what memory holds along a run with joins and a leave, on the real network at 48x64."""
    state = reference_module().reference_state_dict(GOLDEN / "xmem_state_dict.tsv")
    frames, masks = clip(arguments.long, (48, 64), 3)
    options = XMemOptions(max_long_term=256, prototypes=32, memory_every_frames=2, precision=arguments.precision)
    tracker = XMemTracker(options, Runtime(device=arguments.device), own_network(state))
    tracker.start(frames, 0, {1: masks(0)[1]})
    began = time.process_time()
    for index in range(1, arguments.long):
        found = tracker.step(index)
        if index in (50, 300):
            object_id = 2 if index == 50 else 3
            tracker.add(index, object_id, masks(index)[object_id])
        if index == 400:
            tracker.forget(2)
        if index % 50 == 49:
            state_mib = len(tracker.snapshot()) / MEBIBYTE
            peak = (peak_memory_bytes(arguments.device) or 0) / MEBIBYTE
            print(f"frame {index}: objects {sorted(found)}, state {state_mib:.2f} MiB, peak {peak:.0f} MiB", flush=True)
    print(f"{1000 * (time.process_time() - began) / (arguments.long - 1):.0f} CPU ms a frame, no exception")


def _size(text: str) -> tuple[int, int]:
    height, width = text.split("x")
    return int(height), int(width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="a checkout of the published code")
    parser.add_argument("--frames", type=int, default=11)
    parser.add_argument("--size", default="480x854", metavar="HxW")
    parser.add_argument("--objects", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", metavar="HxW", help="measure peak memory at this size instead")
    parser.add_argument("--long", type=int, metavar="FRAMES", help="run ours alone, with joins and a leave")
    parser.add_argument("--sides", help="what runs side by side, separated by commas; ratios are to the first")
    parser.add_argument("--warm-up", type=int, help="frames not counted; 2, on a GPU 20")
    parser.add_argument("--split", action="store_true", help="on a GPU: time the parts, which slows the whole")
    parser.add_argument("--tf32", choices=("default", "on", "off"), default="default", help="of all sides, on a GPU")
    parser.add_argument("--precision", default="float32", help="of --long")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cuda = arguments.device.startswith("cuda")
    if arguments.warm_up is None:
        arguments.warm_up = 20 if cuda else 2
    if arguments.tf32 != "default":
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = arguments.tf32 == "on"
    if arguments.long:
        run_long(arguments)
    elif arguments.reference is None:
        parser.error("--reference names a checkout of the published code")
    elif arguments.one:
        measure_one(arguments)
    elif arguments.memory:
        measure_memory(arguments)
    else:
        compare(arguments)


if __name__ == "__main__":
    main()
