"""What a window of the attention looks at, in small grids and in large ones."""

from __future__ import annotations

import pytest
import torch

from videdit_e2fgvi.windows import COLUMNS, ROWS, window_tables


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (4, 4), (6, 9), (7, 11)])
def test_a_window_looks_at_the_windows_up_to_two_down_and_four_across(grid: tuple[int, int]) -> None:
    down, across = grid
    tables = window_tables(down * ROWS, across * COLUMNS, torch.device("cpu"))
    for window in range(down * across):
        row, column = divmod(window, across)
        expected = {
            other
            for other in range(down * across)
            if abs(other // across - row) <= 2 and abs(other % across - column) <= 4
        }
        seen = tables.pooled[window][tables.there[window]].tolist()
        assert len(seen) == len(set(seen))
        assert set(seen) == expected
