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
    return sample(source, places(flow), outside)


def places(flow: Tensor) -> Tensor:
    """Return where each pixel's flow (N, 2, H, W) leads: (N, H, W, 2), x first; -1 and 1 are the outermost pixels."""
    height, width = flow.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    return torch.stack(
        [2 * (x + flow[:, 0]) / max(width - 1, 1) - 1, 2 * (y + flow[:, 1]) / max(height - 1, 1) - 1], dim=-1
    )


def sample(source: Tensor, where: Tensor, outside: Outside) -> Tensor:
    """Return `source` (N, C, H, W) at what `places` returned."""
    return functional.grid_sample(source, where, mode="bilinear", padding_mode=outside, align_corners=True)
