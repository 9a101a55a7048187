"""Frames to feature maps at a quarter of the size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SHARED = 8
"""The output of the convolution before this index is joined to the input of later ones."""
_GROUPS = {8: 1, 10: 2, 12: 4, 14: 8, 16: 1}


class Encoder(nn.Module):
    """Nine convolutions; the later ones see the map of the fourth again, channel group by channel group."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for inputs, outputs, stride, groups in (
            (3, 64, 2, 1),
            (64, 64, 1, 1),
            (64, 128, 2, 1),
            (128, 256, 1, 1),
            (256, 384, 1, 1),
            (640, 512, 1, 2),
            (768, 384, 1, 4),
            (640, 256, 1, 8),
            (512, 128, 1, 1),
        ):
            self.layers.append(nn.Conv2d(inputs, outputs, 3, stride, padding=1, groups=groups))
            self.layers.append(nn.LeakyReLU(0.2, inplace=True))

    def forward(self, frames: Tensor) -> Tensor:
        """Return the features of each frame.

        frames: (N, 3, H, W) float in [-1, 1], 0 in the holes

        Returns (N, 128, H / 4, W / 4).
        """
        x = shared = frames
        for index in range(0, len(self.layers), 2):
            if index == _SHARED:
                shared = x
            elif index > _SHARED:
                x = _join(shared, x, _GROUPS[index])
            x = self.layers[index + 1](self.layers[index](x))
        return x


def _join(shared: Tensor, x: Tensor, groups: int) -> Tensor:
    """Cut both into channel groups and join them group by group, the shared part first."""
    pairs = zip(shared.chunk(groups, dim=1), x.chunk(groups, dim=1), strict=True)
    return torch.cat([part for pair in pairs for part in pair], dim=1)
