"""Convolutions and linear layers in 8-bit integers on a processor: several times faster than float32, and lossy.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018.
Weights have a scale for each output, once and for all; what comes in has one scale, taken from its own range each time.
So a result depends on what comes in alone, not on what came before, and a run that is taken up again gets the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import torch
from torch import Tensor, nn

from videdit.errors import OptionError

_LEVELS = 255
_MOST = 127
_TINY = 1e-20
_LEAST_WORK = 80
"""Multiplications for each number that goes in or comes out; with 50 nothing is gained, with 85 half the time."""
_NEEDED = ("qconv_prepack", "qconv2d_pointwise", "qlinear_prepack", "qlinear_pointwise")
_AS_FLOAT: tuple[Any, ...] = (1.0, 0, torch.float32, "none", [], "")
"""No scale for what comes out, its type, and nothing applied to it."""


class Int8Conv2d(nn.Module):
    """A convolution with a border of zeros, in 8-bit integers."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        whole, self._scales = _whole(convolution.weight)
        self._zeros = torch.zeros_like(self._scales, dtype=torch.int32)
        self._bias = None if convolution.bias is None else convolution.bias.detach().clone()
        self._form = (
            list(convolution.stride), list(convolution.padding), list(convolution.dilation), convolution.groups
        )  # fmt: skip
        self._weight = torch.ops.onednn.qconv_prepack(whole, self._scales, 1.0, 0, *self._form, None)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out, h, w) float32, channels last, for (N, C, H, W) float32."""
        numbers, scale, zero = _maps(x)
        y: Tensor = torch.ops.onednn.qconv2d_pointwise(
            numbers, scale, zero, self._weight, self._scales, self._zeros, self._bias, *self._form, *_AS_FLOAT
        )
        return y


class Int8Linear(nn.Module):
    """A linear layer in 8-bit integers."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        whole, self._scales = _whole(linear.weight)
        self._zeros = torch.zeros_like(self._scales, dtype=torch.int32)
        self._bias = None if linear.bias is None else linear.bias.detach().clone()
        self._weight = torch.ops.onednn.qlinear_prepack(whole, None)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., out) float32 for (..., in) float32."""
        numbers, scale, zero = _whole_numbers(x.reshape(-1, x.shape[-1]))
        y: Tensor = torch.ops.onednn.qlinear_pointwise(
            numbers, scale, zero, self._weight, self._scales, self._zeros, self._bias, *_AS_FLOAT
        )
        return y.view(*x.shape[:-1], -1)


def worth_it(layer: nn.Module) -> bool:
    """Say whether a convolution multiplies so often that it gains more than turning numbers into integers costs."""
    if not isinstance(layer, nn.Conv2d):
        return False
    down, across = layer.stride
    moved = layer.in_channels * down * across + layer.out_channels
    return layer.weight.numel() >= _LEAST_WORK * moved


def has_int8() -> bool:
    """Say whether layers in 8-bit integers are fast and exact here: x86 with VNNI; older ones overflow in between."""
    ask = getattr(torch.cpu, "get_capabilities", None)  # absent from older releases of PyTorch
    known = {} if ask is None else ask()
    built: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    there = built and all(hasattr(torch.ops.onednn, name) for name in _NEEDED)
    return there and bool(known.get("avx512_vnni") or known.get("avx_vnni"))


def quantize(network: nn.Module, device: str, wanted: Callable[[str, nn.Module], bool]) -> None:
    """Replace convolutions and linear layers of a network, on the CPU and in float32, by ones in 8-bit integers.

    device: where it is to work
    wanted: name of a layer, the layer -> whether it is replaced

    The network is for use alone from then on: the layers replaced have no parameters, and names change.
    Raises OptionError on a device that is no CPU, and if this one, or this PyTorch, has no such instructions.
    """
    if torch.device(device).type != "cpu":
        raise OptionError("int8 is for CPUs", next_step="set precision to auto")
    if not has_int8():
        raise OptionError(
            "this processor, or this PyTorch, does not multiply 8-bit integers faster",
            next_step="set precision to float32 or auto",
        )
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d | nn.Linear) and wanted(name, module):
            owner, _, own = name.rpartition(".")
            new = Int8Conv2d(module) if isinstance(module, nn.Conv2d) else Int8Linear(module)
            setattr(network.get_submodule(owner), own, new)


def _whole(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights in int8 and a scale for each output."""
    values = weight.detach().float()
    scales = values.flatten(1).abs().amax(1).clamp(min=_TINY) / _MOST
    return (values / scales.view(-1, *[1] * (values.ndim - 1))).round().to(torch.int8), scales


def _maps(x: Tensor) -> tuple[Tensor, float, int]:
    """Return maps (N, C, H, W) as `_whole_numbers` does, channels last."""
    if x.is_contiguous(memory_format=torch.channels_last):
        numbers, scale, zero = _whole_numbers(x.permute(0, 2, 3, 1).flatten(0, 2))
        batch, channels, height, width = x.shape
        return numbers.view(batch, height, width, channels).permute(0, 3, 1, 2), scale, zero
    numbers, scale, zero = _whole_numbers(x.contiguous().flatten(0, 2))
    return numbers.view(x.shape).contiguous(memory_format=torch.channels_last), scale, zero


def _whole_numbers(rows: Tensor) -> tuple[Tensor, float, int]:
    """Return (N, C) float32 as uint8, their scale, and the number that stands for 0."""
    least, most = torch.aminmax(rows)
    # Zero itself must be exact: borders are made of it.
    low, high = min(0.0, float(least)), max(0.0, float(most))
    scale = max(_TINY, (high - low) / _LEVELS)
    zero = round(-low / scale)
    return torch.from_numpy(cv2.convertScaleAbs(rows.numpy(), alpha=1 / scale, beta=zero)), scale, zero
