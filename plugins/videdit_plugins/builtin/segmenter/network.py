"""The small network that corrects what colour, ways and motion say; the only part of the segmenter that needs torch."""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.builtin.segmenter.planes import BELIEF, COUNT

WIDTHS = (16, 40, 72, 112)
"""Channels at a half, a quarter, an eighth and a sixteenth of the size."""
MULTIPLE = 16
"""Sides of the input are multiples of this."""


class Corrector(nn.Module):
    """A U-Net (Ronneberger et al. 2015) over the planes of evidence.

    It answers with log-odds: the belief it was given, scaled, and what it adds to it.
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, least = WIDTHS
        self.stem = _conv(COUNT, half, stride=2)
        self.quarter = nn.Sequential(_conv(half, quarter, stride=2), _Residual(quarter))
        self.eighth = nn.Sequential(_conv(quarter, eighth, stride=2), _Residual(eighth))
        self.least = nn.Sequential(
            _conv(eighth, least, stride=2), _Residual(least, dilation=2), _conv(least, least, dilation=4)
        )
        self.join_eighth = nn.Sequential(_conv(least + eighth, eighth), _conv(eighth, eighth))
        self.join_quarter = nn.Sequential(_conv(eighth + quarter, quarter), _conv(quarter, quarter))
        self.narrow = nn.Conv2d(quarter, half, 1)
        self.join_half = _conv(2 * half, half)
        self.answer = nn.Conv2d(half, 1, 1)
        self.trust = nn.Parameter(torch.tensor(0.5))

    def forward(self, planes: Tensor) -> Tensor:
        """Return log-odds that a pixel belongs to the object.

        planes: (N, COUNT, H, W) float32, sides multiples of 16
        Returns (N, 1, H, W) float32.
        """
        half = self.stem(planes)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        joined = self.join_eighth(torch.cat([_twice(self.least(eighth)), eighth], 1))
        joined = self.join_quarter(torch.cat([_twice(joined), quarter], 1))
        joined = self.join_half(torch.cat([_twice(self.narrow(joined)), half], 1))
        return _twice(self.answer(joined)) + 8 * self.trust * planes[:, BELIEF : BELIEF + 1]


class _Residual(nn.Module):
    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _conv(channels, channels, dilation=dilation)
        self.second = _conv(channels, channels, dilation=dilation)

    def forward(self, values: Tensor) -> Tensor:
        return cast(Tensor, values + self.second(self.first(values)))


def _conv(inside: int, outside: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inside, outside, 3, stride, dilation, dilation, bias=False),
            norm=nn.BatchNorm2d(outside),
            bend=nn.ReLU(),
        )
    )


def _twice(values: Tensor) -> Tensor:
    return functional.interpolate(values, scale_factor=2.0, mode="bilinear", align_corners=False)
