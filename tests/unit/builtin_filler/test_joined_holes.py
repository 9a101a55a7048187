"""Between a hole and what is added to it nothing narrow stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from videdit_plugins.builtin.filler.pictures import joined
from videdit_plugins.builtin.filler.scale import Scale

SIZE = (240, 320)
SCALE = Scale.of(SIZE, 240)


def box(y0: int, x0: int, y1: int, x1: int) -> NDArray[np.bool_]:
    mask = np.zeros(SIZE, np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


@pytest.mark.parametrize(("gap", "closed"), [(1, True), (4, True), (12, False)])
def test_a_narrow_gap_is_closed(gap: int, closed: bool) -> None:
    hole, extra = box(60, 60, 120, 120), box(120 + gap, 60, 160, 120)
    slit = box(120, 64, 120 + gap, 116)
    assert joined(extra, hole, SCALE)[slit].all() == closed


def test_an_island_is_taken_along() -> None:
    hole, extra = box(60, 60, 120, 120), box(120, 60, 160, 120)
    island = box(116, 80, 124, 88)
    added = joined(extra & ~island, hole & ~island, SCALE)
    assert added[island].all()


def test_ground_inside_a_ring_stays() -> None:
    hole, extra = box(60, 60, 120, 120), box(120, 60, 200, 120)
    ground = box(130, 70, 190, 110)
    assert not joined(extra & ~ground, hole, SCALE)[box(134, 74, 186, 106)].any()


def test_the_gaps_of_the_hole_itself_stay() -> None:
    hole, extra = box(60, 60, 120, 120) & ~box(60, 80, 110, 82), box(120, 60, 140, 120)
    assert not joined(extra, hole, SCALE)[box(60, 80, 100, 82)].any()


def test_nothing_else_is_added() -> None:
    hole, extra = box(60, 60, 120, 120), box(120, 60, 160, 120)
    assert np.array_equal(joined(extra, hole, SCALE), extra)
