"""What `e2fgvi_speed.py --device cuda` measures; see there. It runs on another device too, to be tried."""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from e2fgvi_sides import Film, Keeping, sides, weights_of, windows
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

GIB = 2**30
FORMATS = {"kept": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEFAULT = "published,plain,kept,kept-last,bfloat16,bfloat16-last,float16,float16-last"
Side = Callable[[list[int], int], Tensor]


def measure(arguments: argparse.Namespace, size: tuple[int, int]) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.tf32 == "on"
    film = Film(arguments.frames, size, arguments.device)
    names = (arguments.profile or arguments.sides or DEFAULT).split(",")
    weights = weights_of(arguments.checkpoint)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else arguments.device
    print(f"{name}, torch {torch.__version__}, {size[1]}x{size[0]}, {len(film.pixels)} frames, TF32 {arguments.tf32}")

    def make(name: str) -> Side:
        format_, *told = name.split("-")
        if format_ not in FORMATS:
            return sides(weights, film, arguments.reference, [name])[name]  # type: ignore[no-any-return]
        keeping = Keeping(weights, film, FORMATS[format_], channels_last="last" in told)
        height, width = size

        def kept(indices: list[int], local: int) -> Tensor:
            return keeping(indices, local)[:, :, :height, :width]

        kept.forget = keeping.forget  # type: ignore[attr-defined]
        return kept

    with torch.inference_mode():
        if arguments.profile:
            run(make(names[0]), film)
            profiled(make(names[0]), film)
        elif arguments.peak:
            for name in names:
                print(f"{name:22}{peak(make, name, film)}", flush=True)
        else:
            compare({name: make(name) for name in names}, film, arguments.rounds)


def run(side: Side, film: Film, each: Callable[[Tensor], Any] = lambda _: None) -> float:
    """Run over the whole film; return seconds. What is kept between windows begins empty."""
    getattr(side, "forget", lambda: None)()
    wait()
    start = time.perf_counter()
    for indices, local in windows(len(film.pixels)):
        each(side(indices, local))
    wait()
    return time.perf_counter() - start


def wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def compare(made: dict[str, Side], film: Film, rounds: int) -> None:
    expected: list[Tensor] = []
    difference: dict[str, float] = {}
    for name, side in made.items():  # this round warms up
        pictures: list[Tensor] = []
        run(side, film, lambda those, pictures=pictures: pictures.append(those.float().cpu()))
        expected = expected or pictures
        errors = [(one - other).abs().mean() for one, other in zip(pictures, expected, strict=True)]
        difference[name] = float(torch.stack(errors).mean()) * 127.5
    spent: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(rounds):
        for name, side in made.items():
            spent[name].append(run(side, film))
    count = len(film.pixels)
    medians = {name: statistics.median(seconds) for name, seconds in spent.items()}
    first = medians[next(iter(made))]
    print(f"{'side':22}{'ms/frame':>10}{'least':>8}{'most':>8}{'of first':>10}{'difference /255':>17}")
    for name, median in medians.items():
        least, most = min(spent[name]) * 1000 / count, max(spent[name]) * 1000 / count
        print(
            f"{name:22}{median * 1000 / count:10.2f}{least:8.2f}{most:8.2f}{median / first:10.3f}"
            f"{difference[name]:17.4f}",
            flush=True,
        )


def peak(make: Callable[[str], Side], name: str, film: Film) -> str:
    """Return what the allocator held at most while this side alone ran over the film."""
    gc.collect()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    try:
        seconds = run(make(name), film)
    except torch.OutOfMemoryError:
        return f"out of memory at {torch.cuda.max_memory_allocated() / GIB:.2f} GiB"
    return f"peak {(torch.cuda.max_memory_allocated() - before) / GIB:.2f} GiB, first run {seconds:.2f} s"


def profiled(side: Side, film: Film) -> None:
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        run(side, film)
    order = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    print(seen.key_averages().table(sort_by=order, row_limit=25, max_name_column_width=50))
