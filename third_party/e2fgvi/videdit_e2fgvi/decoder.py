"""Feature maps to pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Doubling(nn.Module):
    """Twice the size, then a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return y


class Decoder(nn.Sequential):
    """(N, 128, h, w) to (N, 3, 4 h, 4 w) in [-1, 1]."""

    def __init__(self) -> None:
        slope = 0.2
        super().__init__(
            _Doubling(128, 128),
            nn.LeakyReLU(slope, inplace=True),
            nn.Conv2d(128, 64, 3, padding=1),
            nn.LeakyReLU(slope, inplace=True),
            _Doubling(64, 64),
            nn.LeakyReLU(slope, inplace=True),
            nn.Conv2d(64, 3, 3, padding=1),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return the pictures of the maps."""
        for layer in self:
            maps = layer(maps)
        return torch.tanh(maps)
