"""What is remembered of one object on one frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.xmem.network.blocks import Fuser
from videdit_plugins.xmem.network.key_encoder import F16_CHANNELS
from videdit_plugins.xmem.network.sensory import DeepUpdate
from videdit_plugins.xmem.network.trunk import basic_stage

INPUT_CHANNELS = 5
TRUNK_CHANNELS = 256


class ValueEncoder(nn.Module):
    """ResNet-18 up to stride 16 on the picture and the masks, joined with the frame's features."""

    def __init__(self, value_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(INPUT_CHANNELS, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = basic_stage(64, 64)
        self.layer2 = basic_stage(64, 128, stride=2)
        self.layer3 = basic_stage(128, TRUNK_CHANNELS, stride=2)
        self.fuser = Fuser(F16_CHANNELS, TRUNK_CHANNELS, value_channels, value_channels)
        self.hidden_reinforce = DeepUpdate(value_channels, hidden_channels) if hidden_channels else None

    def forward(self, image: Tensor, f16: Tensor, own: Tensor, others: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Encode N objects of one frame.

        image:  (1, 3, H, W), normalised
        f16:    (1, 1024, h, w)
        own:    (N, 1, H, W) in [0, 1], each object's mask; soft masks stay soft
        others: (N, 1, H, W), the sum of the other objects' masks
        hidden: (N, Ch, h, w), float32

        Returns values (N, Cv, h, w) and the next hidden.
        """
        stacked = torch.cat([image.expand(len(own), -1, -1, -1), own, others], dim=1)
        stem = functional.relu(self.bn1(self.conv1(stacked)))
        trunk = self.layer3(self.layer2(self.layer1(functional.max_pool2d(stem, 3, stride=2, padding=1))))
        value: Tensor = self.fuser(f16, trunk)
        return value.float(), hidden if self.hidden_reinforce is None else self.hidden_reinforce(value, hidden)
