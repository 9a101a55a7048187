"""Residual blocks and attention gates that the value encoder and the decoder share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

REDUCTION = 16


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, each after a ReLU, without normalisation, beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.downsample = nn.Conv2d(in_channels, out_channels, 3, padding=1) if in_channels != out_channels else None
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, in, h, w) -> (N, out, h, w)."""
        inner: Tensor = self.conv2(functional.relu(self.conv1(functional.relu(x))))
        shortcut: Tensor = x if self.downsample is None else self.downsample(x)
        return inner + shortcut


class ChannelGate(nn.Module):
    """Weigh channels by their mean and their maximum over the picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // REDUCTION)
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels))

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w) -> the same shape."""
        logit: Tensor = self.mlp(x.mean(dim=(2, 3))) + self.mlp(x.amax(dim=(2, 3)))
        return x * torch.sigmoid(logit)[:, :, None, None]


class SpatialGate(nn.Module):
    """Weigh places by the maximum and the mean of their channels."""

    def __init__(self) -> None:
        super().__init__()
        # The published files call the convolution `spatial.conv`.
        self.spatial = nn.Sequential()
        self.spatial.add_module("conv", nn.Conv2d(2, 1, 7, padding=3))

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w) -> the same shape."""
        summary = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.spatial(summary))


class Attention(nn.Module):
    """Both gates, channels first (Woo et al., CBAM, ECCV 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ChannelGate = ChannelGate(channels)
        self.SpatialGate = SpatialGate()

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w) -> the same shape."""
        gated: Tensor = self.SpatialGate(self.ChannelGate(x))
        return gated


class Fuser(nn.Module):
    """Join the frame's features with those of one object."""

    def __init__(self, frame_channels: int, object_channels: int, inner: int, out_channels: int) -> None:
        super().__init__()
        self.block1 = ResidualBlock(frame_channels + object_channels, inner)
        self.attention = Attention(inner)
        self.block2 = ResidualBlock(inner, out_channels)

    def forward(self, frame: Tensor, of_objects: Tensor) -> Tensor:
        """frame: (1, frame_channels, h, w), of_objects: (N, object_channels, h, w) -> (N, out_channels, h, w)."""
        joined = torch.cat([frame.expand(len(of_objects), -1, -1, -1), of_objects], dim=1)
        mixed: Tensor = self.block1(joined)
        fused: Tensor = self.block2(mixed + self.attention(mixed))
        return fused
