"""Optical flow that is completed in the holes: a SPyNet which sees frames with grey holes.

Ranjan and Black, "Optical Flow Estimation using a Spatial Pyramid Network", CVPR 2017.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_e2fgvi.warping import warp

LEVELS = 6
_COARSEST = 2 ** (LEVELS - 1)
_CHANNELS = (8, 32, 64, 32, 16, 2)
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class _Level(nn.Module):
    """What one level adds to the flow of the level below it."""

    def __init__(self) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(_Convolution(inputs, outputs) for inputs, outputs in pairwise(_CHANNELS))

    def forward(self, x: Tensor) -> Tensor:
        last = len(self.basic_module) - 1
        for number, convolution in enumerate(self.basic_module):
            x = convolution(x) if number == last else functional.relu(convolution(x))
        return x


class SPyNet(nn.Module):
    """Estimates flow from coarse to fine."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(_Level() for _ in range(LEVELS))
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(_IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, reference: Tensor, support: Tensor) -> Tensor:
        """Return the flow from `reference` to `support`.

        reference, support: (N, 3, H, W) float32 in [0, 1]

        Returns (N, 2, H, W) float32, pixels; channel 0 is x.
        """
        height, width = reference.shape[-2:]
        height_up, width_up = (-(-side // _COARSEST) * _COARSEST for side in (height, width))
        pyramids = (self._pyramid(reference, height_up, width_up), self._pyramid(support, height_up, width_up))
        flow = reference.new_zeros(reference.shape[0], 2, height_up // _COARSEST, width_up // _COARSEST)
        for number, (level, ours, theirs) in enumerate(zip(self.basic_module, *pyramids, strict=True)):
            if number > 0:
                flow = 2 * functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=True)
            flow = flow + level(torch.cat([ours, warp(theirs, flow, "border"), flow], dim=1))
        flow = functional.interpolate(flow, (height, width), mode="bilinear", align_corners=False)
        return flow * flow.new_tensor([width / width_up, height / height_up]).view(1, 2, 1, 1)

    def _pyramid(self, image: Tensor, height: int, width: int) -> list[Tensor]:
        """Return the picture at every level, coarsest first."""
        image = functional.interpolate(image, (height, width), mode="bilinear", align_corners=False)
        levels = [(image - self.mean) / self.std]
        for _ in range(LEVELS - 1):
            levels.append(functional.avg_pool2d(levels[-1], 2))
        return levels[::-1]


def quarter(frames: Tensor) -> Tensor:
    """Bring frames in [-1, 1] to what the flow is estimated on: a quarter of the size, in [0, 1].

    frames: (N, 3, H, W) float

    Returns (N, 3, H // 4, W // 4) float32.
    """
    height, width = frames.shape[-2:]
    shown = (frames.float() + 1) / 2
    return functional.interpolate(shown, (height // 4, width // 4), mode="bilinear", align_corners=True)
