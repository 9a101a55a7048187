"""Which frame of a window shows what lies in a hole, by following the completed flow."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from videdit import MADE_UP


def trace(holes: Tensor, forward: Tensor, backward: Tensor, first_index: int) -> NDArray[np.int32]:
    """Return for each frame the nearest one in which the flow leads out of the hole.

    holes:    (l, h, w) bool
    forward:  (l - 1, 2, h, w) float32 pixels, frame i to frame i + 1; channel 0 is x
    backward: (l - 1, 2, h, w), frame i + 1 to frame i

    Returns (l, h, w) int32: indices of frames counted from `first_index`, MADE_UP where neither direction leads out.
    The earlier frame is taken of two that are equally near.
    """
    count = holes.shape[0]
    index = torch.arange(count, dtype=torch.int32, device=holes.device)[:, None, None]
    origins = torch.full(holes.shape, MADE_UP, dtype=torch.int32, device=holes.device)
    nearest = torch.full_like(origins, count)
    for found in (_first_shown(holes, backward, -1), _first_shown(holes, forward, 1)):
        distance = torch.where(found >= 0, (found - index).abs(), count)
        origins = torch.where(distance < nearest, found + first_index, origins)
        nearest = torch.minimum(distance, nearest)
    result: NDArray[np.int32] = origins.cpu().numpy()
    return result


def _first_shown(holes: Tensor, flows: Tensor, step: int) -> Tensor:
    """Follow one direction from all frames at once.

    Returns (l, h, w) int32 positions in the window, -1 where the way never leaves the holes.
    """
    count, height, width = holes.shape
    y, x = torch.meshgrid(
        torch.arange(height, device=holes.device), torch.arange(width, device=holes.device), indexing="ij"
    )
    place = torch.stack([x, y]).float().expand(count, -1, -1, -1)
    found = torch.full(holes.shape, -1, dtype=torch.int32, device=holes.device)
    position = torch.arange(count, dtype=torch.int32, device=holes.device)
    for far in range(1, count):
        # Those whose way has not left the window yet go one frame further: the first ones forward, the last ones back.
        going = slice(count - far) if step > 0 else slice(1, None)
        flow = flows[far - 1 :] if step > 0 else flows[: count - far]
        place, position = place[going], position[going] + step
        place = place + _sample(flow, place, "bilinear")
        column, row = place.round().unbind(1)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        reached = holes[far:] if step > 0 else holes[: count - far]
        shown = _sample((~reached).float()[:, None], place, "nearest")[:, 0] > 0.5
        started = found[: count - far] if step > 0 else found[far:]
        started.copy_(torch.where((started < 0) & inside & shown, position[:, None, None], started))
    return found


def _sample(source: Tensor, place: Tensor, how: str) -> Tensor:
    """Return (N, C, h, w) of `source` at `place` (N, 2, h, w), x first."""
    height, width = source.shape[-2:]
    grid = torch.stack([2 * place[:, 0] / max(width - 1, 1) - 1, 2 * place[:, 1] / max(height - 1, 1) - 1], dim=-1)
    return functional.grid_sample(source, grid, mode=how, padding_mode="border", align_corners=True)
