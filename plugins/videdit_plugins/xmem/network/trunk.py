"""The convolutional trunks: ResNet-50 and ResNet-18, each without its last stage."""

from __future__ import annotations

from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck


def bottleneck_stage(in_channels: int, width: int, blocks: int, stride: int = 1) -> nn.Sequential:
    """Make one stage of ResNet-50: `blocks` bottlenecks of `width` that end in 4 * width channels."""
    out_channels = width * Bottleneck.expansion
    first = Bottleneck(in_channels, width, stride, _shortcut(in_channels, out_channels, stride))
    return nn.Sequential(first, *(Bottleneck(out_channels, width) for _ in range(blocks - 1)))


def basic_stage(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Make one stage of ResNet-18: two basic blocks."""
    shortcut = _shortcut(in_channels, out_channels, stride) if stride != 1 or in_channels != out_channels else None
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride, shortcut), BasicBlock(out_channels, out_channels)
    )


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))
