"""The sensory memory: one small state per object that goes from frame to frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

INNER_CHANNELS = 256


def gated(transformed: Tensor, hidden: Tensor) -> Tensor:
    """Update `hidden` by a GRU-like gate.

    transformed: (N, 3 C, h, w), in thirds: how much to forget, how much to update, the new value
    hidden:      (N, C, h, w)
    """
    forget, update, new = transformed.float().chunk(3, dim=1)
    keep, take = torch.sigmoid(forget), torch.sigmoid(update)
    return keep * hidden * (1 - take) + take * torch.tanh(new)


class DeepUpdate(nn.Module):
    """Update from the value of a frame that is being remembered."""

    def __init__(self, value_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(value_channels + hidden_channels, 3 * hidden_channels, 3, padding=1)

    def forward(self, value: Tensor, hidden: Tensor) -> Tensor:
        """value: (N, Cv, h, w), hidden: (N, Ch, h, w) -> the next hidden."""
        return gated(self.transform(torch.cat([value, hidden], dim=1)), hidden)


class FrameUpdate(nn.Module):
    """Update from what the decoder made of a frame, at three scales."""

    def __init__(self, channels: tuple[int, int, int], hidden_channels: int) -> None:
        super().__init__()
        s16, s8, s4 = channels
        self.g16_conv = nn.Conv2d(s16, INNER_CHANNELS, 1)
        self.g8_conv = nn.Conv2d(s8, INNER_CHANNELS, 1)
        self.g4_conv = nn.Conv2d(s4 + 1, INNER_CHANNELS, 1)
        self.transform = nn.Conv2d(INNER_CHANNELS + hidden_channels, 3 * hidden_channels, 3, padding=1)

    def forward(self, g16: Tensor, g8: Tensor, g4: Tensor, logit: Tensor, hidden: Tensor) -> Tensor:
        """g16, g8, g4: (N, C, h, w) at strides 16, 8, 4; logit: (N, 1, h, w) at stride 4 -> the next hidden."""
        finest = torch.cat([g4, logit], dim=1)
        summed = (
            self.g16_conv(g16)
            + self.g8_conv(functional.avg_pool2d(g8, 2))
            + self.g4_conv(functional.avg_pool2d(finest, 4))
        )
        return gated(self.transform(torch.cat([summed, hidden], dim=1)), hidden)
