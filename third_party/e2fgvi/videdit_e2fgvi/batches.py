"""How many frames go through a layer together."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from videdit_e2fgvi.split import Size

_PLACES_AT_ONCE = 24 * 60 * 108
"""Of feature maps, on a GPU: all frames of a usual window at 432x240, so that its many small layers fill the device."""


def frames_at_once(device: torch.device, size: Size) -> int:
    """Return how many frames with feature maps of `size` to take at once; one on a CPU, where more only take memory."""
    return 1 if device.type == "cpu" else max(1, _PLACES_AT_ONCE // (size[0] * size[1]))


def by_parts(function: Callable[[Tensor], Tensor], maps: Tensor, at_once: int) -> Tensor:
    """Apply a function to (N, ...), `at_once` of the N at a time."""
    return torch.cat([function(part) for part in torch.split(maps, at_once)])
