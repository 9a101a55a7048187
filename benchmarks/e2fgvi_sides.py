"""The sides of `e2fgvi_speed.py`: the published network and videdit's, called on the same windows of the same film."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from golden import GOLDEN, reference_module
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from videdit.frames import ArrayFrames
from videdit.shots import Shot
from videdit_e2fgvi import Flows, e2fgvi_hq, mirrored, quarter
from videdit_plugins.e2fgvi.integers import in_integers
from videdit_plugins.e2fgvi.windows import REACH, Schedule


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
    drawn: dict[str, Tensor] = reference_module().reference_state_dict(GOLDEN / "e2fgvi_hq_state_dict.tsv")
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
