"""What a frame looks like, the objects left aside."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.xmem.network.trunk import bottleneck_stage

F16_CHANNELS, F8_CHANNELS, F4_CHANNELS = 1024, 512, 256


class Features(NamedTuple):
    """What is known of frames before memory is asked; N frames.

    key:       (N, Ck, h, w) at stride 16, what places are compared by
    shrinkage: (N, 1, h, w), at least 1: how narrow the surroundings of a remembered key are
    selection: (N, Ck, h, w) in [0, 1]: which channels matter to a place that asks
    f16, f8, f4: (N, 1024 | 512 | 256, ...) at strides 16, 8, 4
    """

    key: Tensor
    shrinkage: Tensor
    selection: Tensor
    f16: Tensor
    f8: Tensor
    f4: Tensor


class KeyEncoder(nn.Module):
    """ResNet-50 up to stride 16."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.res2 = bottleneck_stage(64, 64, 3)
        self.layer2 = bottleneck_stage(F4_CHANNELS, 128, 4, stride=2)
        self.layer3 = bottleneck_stage(F8_CHANNELS, 256, 6, stride=2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """images: (N, 3, H, W), normalised -> features at strides 16, 8, 4."""
        stem = functional.relu(self.bn1(self.conv1(images)))
        f4 = self.res2(functional.max_pool2d(stem, 3, stride=2, padding=1))
        f8 = self.layer2(f4)
        return self.layer3(f8), f8, f4


class KeyProjection(nn.Module):
    """Key, shrinkage and selection from the features at stride 16."""

    def __init__(self, key_channels: int) -> None:
        super().__init__()
        self.key_proj = nn.Conv2d(F16_CHANNELS, key_channels, 3, padding=1)
        self.d_proj = nn.Conv2d(F16_CHANNELS, 1, 3, padding=1)
        self.e_proj = nn.Conv2d(F16_CHANNELS, key_channels, 3, padding=1)

    def forward(self, f16: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """f16: (N, 1024, h, w) -> key, shrinkage, selection, float32: memory is compared in full precision."""
        key, shrinkage, selection = self.key_proj(f16), self.d_proj(f16), self.e_proj(f16)
        return key.float(), shrinkage.float() ** 2 + 1, torch.sigmoid(selection.float())
