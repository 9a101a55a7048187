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
import importlib
import importlib.util
import resource
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from videdit.frames import ArrayFrames
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit_e2fgvi import Flows, e2fgvi_hq, mirrored, quarter
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.integers import in_integers
from videdit_plugins.e2fgvi.options import E2fgviOptions
from videdit_plugins.e2fgvi.windows import REACH, Schedule

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
SIDES = ("published", "plain", "kept", "bfloat16", "float16", "int8")


class _ConvModule(nn.Module):
    """A convolution, then ReLU unless told otherwise."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0, **told: Any
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
        self._activate = told.get("act_cfg", {}) is not None

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return torch.relu(y) if self._activate else y


class _ModulatedDeformConv2d(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel_size: int, stride: int = 1, padding: int = 0, **told: Any
    ) -> None:
        super().__init__()
        self.out_channels, self.deform_groups = outputs, told.get("deform_groups", 1)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, 1, 1
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(outputs))


def _modulated(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int, *_: Any
) -> Tensor:
    y: Tensor = deform_conv2d(x, offset, weight, bias, stride, padding, mask=mask)
    return y


def published_network(folder: Path) -> nn.Module:
    """Make the published HQ network from its own code."""
    for name, members in {
        "mmcv": {},
        "mmcv.cnn": {"ConvModule": _ConvModule, "constant_init": lambda *_, **__: None},
        "mmcv.runner": {"load_checkpoint": lambda *_, **__: None},
        "mmcv.ops": {"ModulatedDeformConv2d": _ModulatedDeformConv2d, "modulated_deform_conv2d": _modulated},
    }.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
    sys.path.insert(0, str(folder))
    network: nn.Module = importlib.import_module("model.e2fgvi_hq").InpaintGenerator(init_weights=False)
    return network.eval().requires_grad_(False)


def weights_of(checkpoint: Path | None) -> dict[str, Tensor]:
    if checkpoint is not None:
        loaded: dict[str, Tensor] = torch.load(checkpoint, map_location="cpu", weights_only=True)
        return loaded
    spec = importlib.util.spec_from_file_location("reference_weights", GOLDEN / "reference_weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn: dict[str, Tensor] = module.reference_state_dict(GOLDEN / "e2fgvi_hq_state_dict.tsv")
    tables = {key: value for key, value in e2fgvi_hq().state_dict().items() if key.endswith("valid_ind_rolled")}
    return drawn | tables


class Film:
    """Moving smooth texture with a hole that moves the other way."""

    def __init__(self, count: int, size: tuple[int, int], device: str = "cpu") -> None:
        self.device = device
        height, width = size
        draw = np.random.default_rng(0)
        coarse = torch.from_numpy(draw.random((1, 3, height // 8, (width + 4 * count) // 8), np.float32))
        ground = nn.functional.interpolate(coarse, (height, width + 4 * count), mode="bicubic")[0].clamp(0, 1)
        large = (ground.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
        self.pixels = np.stack([large[:, 4 * number : 4 * number + width] for number in range(count)])
        self.holes = np.zeros((count, height, width), bool)
        for number in range(count):
            left = width // 2 - 3 * number
            self.holes[number, height // 4 : height * 3 // 4, left : left + width // 5] = True
        self.frames = ArrayFrames(list(self.pixels))
        masked = (self.pixels.astype(np.float32) / 127.5 - 1) * ~self.holes[..., None]
        self._masked = torch.from_numpy(masked).permute(0, 3, 1, 2).contiguous().to(device)

    def seen(self, indices: list[int]) -> Tensor:
        """Return (1, T, 3, H, W) float32 in [-1, 1], 0 in the holes."""
        return self._masked[indices][None]


def windows(count: int) -> Iterator[tuple[list[int], int]]:
    """Yield each window of the published procedure: indices with local frames first, and how many are local."""
    schedule = Schedule(Shot(0, count), every=10, most=count)
    for middle in range(0, count, REACH):
        window = schedule.window(middle)
        yield [*window.local, *window.references], len(window.local)


class Keeping:
    """Our network with features and flows kept; the decoded local frames of each window."""

    def __init__(
        self, weights: dict[str, Tensor], film: Film, dtype: torch.dtype, *, integers: bool = False, **told: bool
    ) -> None:
        self._network = e2fgvi_hq().eval().requires_grad_(False)
        self._network.load_state_dict(weights)
        self._network.to(film.device)
        self._network.configure(dtype, **told)
        if integers:
            in_integers(self._network, "cpu")
        self._film = film
        self.forget()

    def forget(self) -> None:
        """Begin the film anew."""
        self._encoded: dict[int, tuple[Tensor, Tensor]] = {}
        self._flows: dict[int, Flows] = {}

    def __call__(self, indices: list[int], local: int) -> Tensor:
        new = [index for index in indices if index not in self._encoded]
        if new:
            padded = mirrored(self._film.seen(new)[0])
            for index, *both in zip(new, self._network.encode(padded).split(1), quarter(padded).split(1), strict=True):
                self._encoded[index] = both[0], both[1]
        pairs = [index for index in indices[: local - 1] if index not in self._flows]
        if pairs:
            ends = torch.stack([torch.cat([self._encoded[i][1], self._encoded[i + 1][1]]) for i in pairs])
            flows = self._network.flows(ends)
            for index, *ways in zip(pairs, flows.forward.split(1), flows.backward.split(1), strict=True):
                self._flows[index] = Flows(ways[0], ways[1])
        features = torch.stack([self._encoded[index][0] for index in indices], dim=1)
        kept = [self._flows[index] for index in indices[: local - 1]]
        flows = Flows(torch.cat([one.forward for one in kept], 1), torch.cat([one.backward for one in kept], 1))
        return self._network.complete(features, flows, local, local)


def sides(weights: dict[str, Tensor], film: Film, reference: Path, names: list[str]) -> dict[str, Any]:
    """Return for each side a function from a window to its local pictures (local, 3, H, W)."""
    height, width = film.pixels.shape[1:3]
    made: dict[str, Callable[[list[int], int], Tensor]] = {}
    if "published" in names:
        published = published_network(reference)
        published.load_state_dict(weights)
        published.to(film.device)

        def as_published(indices: list[int], local: int) -> Tensor:
            pictures: Tensor = published(mirrored(film.seen(indices)), local)[0]
            return pictures[:local, :, :height, :width]

        made["published"] = as_published
    if "plain" in names:
        network = e2fgvi_hq().eval().requires_grad_(False)
        network.load_state_dict(weights)
        network.to(film.device)

        def plain(indices: list[int], local: int) -> Tensor:
            pictures, _ = network(film.seen(indices), local, references=False)
            return pictures

        made["plain"] = plain
    types = {"kept": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "int8": torch.float32}
    for name, dtype in types.items():
        if name in names:
            keeping = Keeping(weights, film, dtype, integers=name == "int8")
            made[name] = lambda indices, local, keeping=keeping: keeping(indices, local)[:, :, :height, :width]
    return made


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
        from e2fgvi_cuda import measure

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
