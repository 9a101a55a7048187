"""Which tokens each window of the attention may look at, as tables of indices; computed, never learned.

After Yang et al., "Focal Self-attention for Local-Global Interactions in Vision Transformers", NeurIPS 2021.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

ROWS, COLUMNS = 5, 9
AREA = ROWS * COLUMNS
_DOWN, _RIGHT = ROWS // 2, COLUMNS // 2
_ROLLS = ((-_DOWN, -_RIGHT), (-_DOWN, _RIGHT), (_DOWN, -_RIGHT), (_DOWN, _RIGHT))
"""Cyclic moves of the token grid; each brings one corner of a window's surroundings into the window."""


class WindowTables(NamedTuple):
    """For a grid of tokens.

    own:    (windows, 45) int64, the window's tokens by their number in the grid
    rolled: (windows, 180) int64, what stands in the window after each of the four rolls
    pooled: (windows, at most 45) int64, numbers of the windows around it
    there:  (windows, at most 45) bool, which of them count
    """

    own: Tensor
    rolled: Tensor
    pooled: Tensor
    there: Tensor


def to_windows(grid: Tensor) -> Tensor:
    """Cut (..., rows, columns) into windows: (..., windows, 45)."""
    down, across = grid.shape[-2] // ROWS, grid.shape[-1] // COLUMNS
    cut = grid.reshape(*grid.shape[:-2], down, ROWS, across, COLUMNS)
    return cut.transpose(-2, -3).reshape(*grid.shape[:-2], down * across, AREA)


def beyond_window() -> Tensor:
    """Return the places of a window, in the list of 4 x 45, that a roll fills from outside it: (120,) int64."""
    rows, columns = torch.arange(ROWS, device="cpu")[:, None], torch.arange(COLUMNS, device="cpu")
    outside = []
    for down, right in _ROLLS:
        from_row, from_column = rows - down, columns - right
        inside = (from_row >= 0) & (from_row < ROWS) & (from_column >= 0) & (from_column < COLUMNS)
        outside.append(~inside)
    return torch.stack(outside).flatten().nonzero().flatten()


@lru_cache(maxsize=8)
def window_tables(rows: int, columns: int, device: torch.device) -> WindowTables:
    """Return the tables for a grid of tokens; `rows` is a multiple of 5, `columns` of 9."""
    grid = torch.arange(rows * columns).view(rows, columns)
    rolled = torch.cat([to_windows(grid.roll(shift, (0, 1))) for shift in _ROLLS], dim=-1)
    pooled, there = _surroundings(rows // ROWS, columns // COLUMNS)
    return WindowTables(*(table.to(device) for table in (to_windows(grid), rolled, pooled, there)))


def _surroundings(down: int, across: int) -> tuple[Tensor, Tensor]:
    """Number the 5 x 9 windows around each window, itself in the middle.

    A grid of no more windows than that is listed whole, which leaves fewer to mask.
    """
    if down * across <= AREA:
        number = torch.arange(down * across)
        rows, columns = number // across, number % across
        near = ((rows[:, None] - rows).abs() <= _DOWN) & ((columns[:, None] - columns).abs() <= _RIGHT)
        return number.expand(len(number), -1), near
    row = torch.arange(down)[:, None] + torch.arange(-_DOWN, _DOWN + 1)
    column = torch.arange(across)[:, None] + torch.arange(-_RIGHT, _RIGHT + 1)
    there = ((row >= 0) & (row < down))[:, None, :, None] & ((column >= 0) & (column < across))[None, :, None, :]
    number = row[:, None, :, None] * across + column[None, :, None, :]
    return torch.where(there, number, 0).reshape(down * across, AREA), there.reshape(down * across, AREA)
