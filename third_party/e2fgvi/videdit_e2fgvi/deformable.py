"""Modulated deformable convolution, 3x3, padding 1; on a CPU with bilinear sampling that is vectorised.

Zhu, Hu, Lin and Dai, "Deformable ConvNets v2: More Deformable, Better Results", CVPR 2019.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import deform_conv2d

TAPS = 9
_SAMPLED_BYTES = 64 << 20
"""How much is sampled at once; bounds the memory, changes no result."""


def modulated(x: Tensor, offsets: Tensor, modulation: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the convolution of `x`, each tap sampled where its offset points and scaled.

    x:          (N, C, h, w) float32; zero outside
    offsets:    (N, groups * 18, h, w), pixels; for each group of channels and each tap, y then x
    modulation: (N, groups * 9, h, w)
    weight:     (outputs, C, 3, 3)

    Returns (N, outputs, h, w).
    """
    if x.device.type != "cpu":
        y: Tensor = deform_conv2d(x, offsets, weight, bias, padding=1, mask=modulation)
        return y
    batch, channels, height, width = x.shape
    groups = modulation.shape[1] // TAPS
    source = x.reshape(batch * groups, channels // groups, height, width)
    offsets = offsets.reshape(batch * groups, TAPS, 2, height, width)
    modulation = modulation.reshape(batch * groups, 1, TAPS, height, width)
    flat = weight.reshape(weight.shape[0], -1)
    strips = []
    rows = max(1, _SAMPLED_BYTES // (batch * channels * TAPS * width * x.element_size()))
    for top in range(0, height, rows):
        strip = slice(top, min(top + rows, height))
        grid = _places(offsets[:, :, :, strip], top, height, width)
        sampled = functional.grid_sample(source, grid.flatten(1, 2), "bilinear", "zeros", align_corners=False)
        sampled = sampled.view(*sampled.shape[:2], TAPS, -1, width) * modulation[:, :, :, strip]
        columns = sampled.reshape(batch, channels * TAPS, -1)
        strips.append((flat @ columns).view(batch, flat.shape[0], -1, width))
    return torch.cat(strips, dim=2) + bias.view(1, -1, 1, 1)


def _places(offsets: Tensor, top: int, height: int, width: int) -> Tensor:
    """Return where each tap samples, (N, taps, rows, w, 2), x first; -1 and 1 are the outer edges of the picture."""
    tap = torch.arange(-1, 2, dtype=offsets.dtype, device=offsets.device)
    down, right = tap.repeat_interleave(3).view(1, TAPS, 1, 1), tap.repeat(3).view(1, TAPS, 1, 1)
    rows = torch.arange(top, top + offsets.shape[3], dtype=offsets.dtype, device=offsets.device).view(1, 1, -1, 1)
    columns = torch.arange(width, dtype=offsets.dtype, device=offsets.device)
    y = (rows + down + offsets[:, :, 0]) * (2 / height) + (1 / height - 1)
    x = (columns + right + offsets[:, :, 1]) * (2 / width) + (1 / width - 1)
    return torch.stack([x, y], dim=-1)
