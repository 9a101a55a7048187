"""Sample a map where a flow points."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Outside = Literal["zeros", "border"]


def warp(source: Tensor, flow: Tensor, outside: Outside) -> Tensor:
    """Return `source` at each pixel's own place plus `flow`, bilinearly.

    source:  (N, C, H, W) float
    flow:    (N, 2, H, W) float, pixels; channel 0 is x
    outside: what lies beyond the border
    """
    height, width = flow.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    grid = torch.stack(
        [2 * (x + flow[:, 0]) / max(width - 1, 1) - 1, 2 * (y + flow[:, 1]) / max(height - 1, 1) - 1], dim=-1
    )
    return functional.grid_sample(source, grid, mode="bilinear", padding_mode=outside, align_corners=True)
