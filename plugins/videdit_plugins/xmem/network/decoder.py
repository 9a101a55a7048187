"""From what memory says about an object to its mask."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.xmem.network.blocks import Fuser, ResidualBlock
from videdit_plugins.xmem.network.key_encoder import F4_CHANNELS, F8_CHANNELS, F16_CHANNELS, Features
from videdit_plugins.xmem.network.sensory import FrameUpdate

G16_CHANNELS, G8_CHANNELS, G4_CHANNELS = 512, 256, 256


class Upsampling(nn.Module):
    """Twice the size, with the frame's features of that size added."""

    def __init__(self, skip_channels: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.skip_conv = nn.Conv2d(skip_channels, in_channels, 3, padding=1)
        self.out_conv = ResidualBlock(in_channels, out_channels)

    def forward(self, skip: Tensor, coarse: Tensor) -> Tensor:
        """skip: (1, skip, 2h, 2w), coarse: (N, in, h, w) -> (N, out, 2h, 2w)."""
        larger = functional.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        finer: Tensor = self.out_conv(self.skip_conv(skip) + larger)
        return finer


class Decoder(nn.Module):
    """Three scales up to stride 4, then four times larger by interpolation."""

    def __init__(self, value_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.fuser = Fuser(F16_CHANNELS, value_channels + hidden_channels, G16_CHANNELS, G16_CHANNELS)
        channels = (G16_CHANNELS, G8_CHANNELS, G4_CHANNELS)
        self.hidden_update = FrameUpdate(channels, hidden_channels) if hidden_channels else None
        self.up_16_8 = Upsampling(F8_CHANNELS, G16_CHANNELS, G8_CHANNELS)
        self.up_8_4 = Upsampling(F4_CHANNELS, G8_CHANNELS, G4_CHANNELS)
        self.pred = nn.Conv2d(G4_CHANNELS, 1, 3, padding=1)

    def forward(self, features: Features, readout: Tensor, hidden: Tensor, update: bool) -> tuple[Tensor, Tensor]:
        """Decode N objects of one frame.

        readout: (N, Cv, h, w), hidden: (N, Ch, h, w), float32
        update:  whether the hidden state goes on to this frame

        Returns logits (N, H, W) float32 and the hidden state, updated or not.
        """
        g16 = self.fuser(features.f16, torch.cat([readout, hidden], dim=1))
        g8 = self.up_16_8(features.f8, g16)
        g4 = self.up_8_4(features.f4, g8)
        logit = self.pred(functional.relu(g4))
        if update and self.hidden_update is not None:
            hidden = self.hidden_update(g16, g8, g4, logit, hidden)
        full = functional.interpolate(logit.float(), scale_factor=4, mode="bilinear", align_corners=False)
        return full[:, 0], hidden
