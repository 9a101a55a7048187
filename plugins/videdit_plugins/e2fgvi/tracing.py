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
    origins = torch.full(holes.shape, MADE_UP, dtype=torch.int32, device=holes.device)
    for start in range(count):
        nearest = torch.full_like(origins[0], count)
        for step, flows in ((-1, backward), (1, forward)):
            found = _first_shown(holes, flows, start, step)
            distance = torch.where(found >= 0, (found - start).abs(), count)
            origins[start] = torch.where(distance < nearest, found + first_index, origins[start])
            nearest = torch.minimum(distance, nearest)
    result: NDArray[np.int32] = origins.cpu().numpy()
    return result


def _first_shown(holes: Tensor, flows: Tensor, start: int, step: int) -> Tensor:
    """Follow one direction; return (h, w) int32 positions in the window, -1 where the way never leaves the holes."""
    count, height, width = holes.shape
    y, x = torch.meshgrid(
        torch.arange(height, device=holes.device), torch.arange(width, device=holes.device), indexing="ij"
    )
    place = torch.stack([x, y]).float()
    found = torch.full((height, width), -1, dtype=torch.int32, device=holes.device)
    position = start
    while 0 <= position + step < count:
        flow = flows[position if step > 0 else position - 1]
        place = place + _sample(flow, place, "bilinear")
        position += step
        column, row = place.round().unbind(0)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        shown = _sample((~holes[position]).float()[None], place, "nearest")[0] > 0.5
        found = torch.where((found < 0) & inside & shown, position, found)
    return found


def _sample(source: Tensor, place: Tensor, how: str) -> Tensor:
    """Return (C, h, w) of `source` at `place` (2, h, w), x first."""
    height, width = source.shape[-2:]
    grid = torch.stack([2 * place[0] / max(width - 1, 1) - 1, 2 * place[1] / max(height - 1, 1) - 1], dim=-1)
    return functional.grid_sample(source[None], grid[None], mode=how, padding_mode="border", align_corners=True)[0]
