"""Sizes that the windows of the attention divide."""

from __future__ import annotations

import torch
from torch import Tensor

from videdit_e2fgvi.split import STRIDE, Size
from videdit_e2fgvi.windows import COLUMNS, ROWS

MULTIPLE_OF: Size = (4 * STRIDE * ROWS, 4 * STRIDE * COLUMNS)
"""Height and width of frames are brought to multiples of these: 60 and 108."""


def padded_size(size: Size) -> Size:
    """Return the size (height, width) that frames of `size` are brought to."""
    height, width = (-(-side // multiple) * multiple for side, multiple in zip(size, MULTIPLE_OF, strict=True))
    return height, width


def mirrored(frames: Tensor, size: Size | None = None) -> Tensor:
    """Mirror frames (..., H, W) at their lower and right border, edge repeated, as often as it takes.

    size: (height, width) that they get, at least their own; None takes that of `padded_size`
    """
    wanted = padded_size((frames.shape[-2], frames.shape[-1])) if size is None else size
    for dim, side in zip((-2, -1), wanted, strict=True):
        there = frames.shape[dim]
        if side == there:
            continue
        place = torch.arange(side, device=frames.device) % (2 * there)
        frames = frames.index_select(dim, torch.where(place < there, place, 2 * there - 1 - place))
    return frames
