"""The points that doubtful masks are asked about: each on its side, the confident middle, rivals and holes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.testing.shapes import disc, wheel
from videdit.tracking.projecting import depth_of, holes_of, obeyed, project
from videdit.tracking.refining import fills_holes

SIZE = (96, 128)


@settings(max_examples=40, deadline=None)
@given(
    y=st.floats(10, 86), x=st.floats(10, 118), radius=st.floats(3, 40),
    positives=st.integers(1, 5), negatives=st.integers(0, 6),
)  # fmt: skip
def test_points_lie_on_their_side(y: float, x: float, radius: float, positives: int, negatives: int) -> None:
    mask, rival = disc(SIZE, (x, y), radius), disc(SIZE, (x + 1.8 * radius, y), radius)
    projected = project(mask, mask.astype(np.float32), {2: rival}, 7, positives=positives, negatives=negatives)
    assert projected is not None
    assert obeyed(mask, projected.points) == 1
    counts = [sum(one.positive == side for one in projected.points) for side in (True, False)]
    assert 1 <= counts[0] <= positives
    assert counts[1] <= negatives
    assert all(one.at.frame == 7 for one in projected.points)
    box = projected.box
    rows, columns = np.nonzero(mask)
    assert box.x0 <= columns.min() and columns.max() < box.x1  # noqa: PT018
    assert box.y0 <= rows.min() and rows.max() < box.y1  # noqa: PT018


def test_positive_points_keep_to_the_confident_middle() -> None:
    mask = disc(SIZE, (64, 48), 30)
    belief = np.where(disc(SIZE, (64, 48), 30), 0.55, 0.0).astype(np.float32)
    belief[disc(SIZE, (50, 48), 12)] = 0.95
    projected = project(mask, belief, {}, 0, positives=3, negatives=0)
    assert projected is not None
    sure = disc(SIZE, (50, 48), 12)
    assert all(sure[int(one.y), int(one.x)] for one in projected.points)
    first = projected.points[0]
    assert depth_of(sure)[int(first.y), int(first.x)] == depth_of(sure).max()


def test_negative_points_lie_in_rivals_and_in_holes() -> None:
    mask, rival = wheel(SIZE, (50, 48), 30), disc(SIZE, (96, 48), 14)
    projected = project(mask, mask.astype(np.float32), {2: rival}, 0, positives=2, negatives=4)
    assert projected is not None
    against = [(int(one.y), int(one.x)) for one in projected.points if not one.positive]
    assert any(rival[place] for place in against)
    assert sum(holes_of(mask)[0][place] > 0 for place in against) >= 2
    assert obeyed(mask, projected.points) == 1


def test_gaps_of_a_mask_are_no_holes() -> None:
    gap = disc(SIZE, (64, 48), 30) & ~disc(SIZE, (70, 48), 8)
    belief = np.where(gap, 0.9, 0.0).astype(np.float32)
    for holed, count in ((True, 1), (False, 0)):
        projected = project(gap, belief, {}, 0, positives=2, negatives=4, holed=holed)
        assert projected is not None
        inside = [
            one for one in projected.points if not one.positive and disc(SIZE, (70, 48), 8)[int(one.y), int(one.x)]
        ]
        assert len(inside) == count
    gap_believed = np.where(gap, 0.9, 0.3).astype(np.float32)
    projected = project(gap, gap_believed, {}, 0, positives=2, negatives=4)
    assert projected is not None
    assert all(one.positive for one in projected.points)


def test_an_empty_mask_has_no_points() -> None:
    nothing = np.zeros(SIZE, bool)
    assert project(nothing, nothing.astype(np.float32), {}, 0, positives=2, negatives=2) is None


def test_holes_are_what_a_mask_encloses() -> None:
    numbers, areas = holes_of(wheel(SIZE, (50, 48), 30))
    assert len(areas) == 4
    assert [int((numbers == number).sum()) for number in range(1, 5)] == list(areas)
    assert holes_of(disc(SIZE, (50, 48), 30))[1].size == 0
    assert fills_holes(wheel(SIZE, (50, 48), 30), disc(SIZE, (50, 48), 30))
    assert not fills_holes(wheel(SIZE, (50, 48), 30), wheel(SIZE, (51, 48), 30))
    assert not fills_holes(disc(SIZE, (50, 48), 30), disc(SIZE, (50, 48), 35))
