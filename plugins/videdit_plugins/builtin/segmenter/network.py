"""The small network that corrects what colour, ways and motion say; the only part of the segmenter that needs torch."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.builtin.folding import folded
from videdit_plugins.builtin.segmenter.planes import BELIEF, COUNT

WIDTHS = (24, 56, 96, 144)
"""Channels at a half, a quarter, an eighth and a sixteenth of the size."""
_JUDGING = 32
MULTIPLE = 16
"""Sides of the input are multiples of this."""


class Corrector(nn.Module):
    """A U-Net (Ronneberger et al. 2015) over the planes of evidence.

    It answers with log-odds: the belief it was given, scaled, and what it adds to it; and with what it thinks its
    answer is worth.
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, least = WIDTHS
        self.stem = _Layer(COUNT, half, stride=2)
        self.quarter = nn.Sequential(_Layer(half, quarter, stride=2), _Residual(quarter))
        self.eighth = nn.Sequential(_Layer(quarter, eighth, stride=2), _Residual(eighth))
        self.least = nn.Sequential(
            _Layer(eighth, least, stride=2), _Residual(least, dilation=2), _Layer(least, least, dilation=4)
        )
        self.join_eighth = nn.Sequential(_Layer(least + eighth, eighth), _Layer(eighth, eighth))
        self.join_quarter = nn.Sequential(_Layer(eighth + quarter, quarter), _Layer(quarter, quarter))
        self.narrow = nn.Conv2d(quarter, half, 1)
        self.join_half = _Layer(2 * half, half)
        self.answer = nn.Conv2d(half, 1, 1)
        self.trust = nn.Parameter(torch.tensor(0.5))
        self.judge = nn.Sequential(nn.Linear(2 * eighth + 1, _JUDGING), nn.ReLU(), nn.Linear(_JUDGING, 1))

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-odds that a pixel belongs to the object, and those of the answer's IoU.

        planes: (N, COUNT, H, W) float32, sides multiples of 16
        Returns (N, 1, H, W) float32 and (N,) float32; the sigmoid of the latter estimates the IoU of what is above 0.
        """
        half = self.stem(planes)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        coarse = self.join_eighth(torch.cat([_twice(self.least(eighth)), eighth], 1))
        joined = self.join_quarter(torch.cat([_twice(coarse), quarter], 1))
        joined = self.join_half(torch.cat([_twice(self.narrow(joined)), half], 1))
        answer = _twice(self.answer(joined).float()) + 8 * self.trust * planes[:, BELIEF : BELIEF + 1].float()
        return answer, self._worth(coarse.float(), answer)

    def folded(self) -> Corrector:
        """Return the network for use, its normalisations folded into its convolutions."""
        return folded(self, "conv")

    def _worth(self, coarse: Tensor, answer: Tensor) -> Tensor:
        likely = answer.sigmoid()
        chosen = (answer > 0).float()
        both = (likely * chosen).sum((1, 2, 3))
        expected = both / (likely.sum((1, 2, 3)) + chosen.sum((1, 2, 3)) - both + 1)
        share = functional.avg_pool2d(likely, 8)
        inside = (coarse * share).sum((2, 3)) / (share.sum((2, 3)) + 0.1)
        return cast(Tensor, self.judge(torch.cat([inside, coarse.mean((2, 3)), expected[:, None]], 1))[:, 0].float())


class _Layer(nn.Module):
    """A 3 x 3 convolution with batch normalisation and a rectifier."""

    def __init__(self, inside: int, outside: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, stride, dilation, dilation, bias=False)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, values: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(values)), inplace=True)


class _Residual(nn.Module):
    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _Layer(channels, channels, dilation=dilation)
        self.second = _Layer(channels, channels, dilation=dilation)

    def forward(self, values: Tensor) -> Tensor:
        return cast(Tensor, values + self.second(self.first(values)))


def _twice(values: Tensor) -> Tensor:
    return functional.interpolate(values, scale_factor=2.0, mode="bilinear", align_corners=False)
