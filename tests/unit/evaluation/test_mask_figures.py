"""J, F, recall, decay and AUROC on cases small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from videdit.errors import ShapeError
from videdit.evaluation import auroc, boundary, boundary_f, course_of, jaccard
from videdit.evaluation.contours import reach_px
from videdit.evaluation.courses import counted

MASKS = arrays(np.bool_, (9, 11))


def square(y: int, x: int, side: int, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[y : y + side, x : x + side] = True
    return mask


NOTHING = np.zeros((60, 80), bool)


def test_j_of_a_square_shifted_by_half() -> None:
    # 10x10 each, 50 pixels in common, 150 in either.
    assert jaccard(square(5, 5, 10), square(5, 10, 10)) == pytest.approx(50 / 150)


def test_j_of_empty_masks() -> None:
    assert jaccard(NOTHING, NOTHING) == 1
    assert jaccard(square(5, 5, 10), NOTHING) == 0
    assert jaccard(NOTHING, square(5, 5, 10)) == 0


@given(MASKS, MASKS)
def test_j_and_f_are_symmetric_and_lie_between_0_and_1(one: np.ndarray, other: np.ndarray) -> None:
    for figure in (jaccard, boundary_f):
        value = figure(one, other)
        assert 0 <= value <= 1
        assert value == pytest.approx(figure(other, one))
        assert figure(one, one) == 1


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ShapeError):
        jaccard(NOTHING, NOTHING[1:])
    with pytest.raises(ShapeError):
        boundary_f(NOTHING, NOTHING[1:])


def test_the_outline_lies_half_a_pixel_towards_the_origin() -> None:
    mask = np.zeros((6, 6), bool)
    mask[2:4, 2:4] = True
    expected = np.array(
        [
            [0, 0, 0, 0, 0, 0],
            [0, 1, 1, 1, 0, 0],
            [0, 1, 0, 1, 0, 0],
            [0, 1, 1, 1, 0, 0],
            [0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
        ],
        bool,
    )
    assert np.array_equal(boundary(mask), expected)


def test_the_border_of_the_frame_is_no_outline() -> None:
    assert not boundary(np.ones((6, 6), bool)).any()
    half = np.zeros((6, 6), bool)
    half[:, :3] = True
    # One column, down to the last row, where only the right neighbour counts.
    assert np.array_equal(np.argwhere(boundary(half)), [[y, 2] for y in range(6)])


def test_the_last_corner_is_never_outline() -> None:
    mask = np.zeros((4, 4), bool)
    mask[3, 3] = True
    assert np.array_equal(np.argwhere(boundary(mask)), [[2, 2], [2, 3], [3, 2]])


@pytest.mark.parametrize(("size", "reach"), [((480, 854), 8), ((60, 80), 1), ((1080, 1920), 18)])
def test_the_tolerance_grows_with_the_diagonal(size: tuple[int, int], reach: int) -> None:
    assert reach_px(size) == reach


def test_f_within_and_beyond_the_tolerance() -> None:
    # Reach 1 px in a frame of 60x80: moved by 1 every pixel of the outline is near, but for none.
    assert boundary_f(square(20, 20, 10), square(20, 21, 10)) == 1
    # Moved by 20 none is.
    assert boundary_f(square(20, 20, 10), square(20, 40, 10)) == 0


def test_f_of_a_line_half_met() -> None:
    # Outlines are columns; the result's is 60 px, 30 of them within 1 px of the truth's.
    truth, result = NOTHING.copy(), NOTHING.copy()
    truth[:, :40] = True
    result[:30, :40] = True
    result[30:, :50] = True
    ours = int(boundary(result).sum())
    # The step from column 39 to 49 lies in row 29: columns 39 to 49, of which 39 and 40 are near, and 39 counts once.
    # (0..28, 39): 29 near; (29, 39..49): 39 and 40 near of 11; (30..59, 49): 30 far.
    assert ours == 29 + 11 + 30
    precision = (29 + 2) / ours
    recall = 31 / 60  # rows 0..30 of the truth's column lie within 1 px
    assert boundary_f(result, truth) == pytest.approx(2 * precision * recall / (precision + recall))


def test_f_of_empty_masks() -> None:
    assert boundary_f(NOTHING, NOTHING) == 1
    assert boundary_f(square(5, 5, 10), NOTHING) == 0
    # A mask that fills the frame has no outline, as an empty one has none.
    assert boundary_f(~NOTHING, NOTHING) == 1


def test_mean_recall_and_decay() -> None:
    course = course_of([0.9, 0.8, 0.6, 0.4, 0.2])
    assert course.mean == pytest.approx(0.58)
    assert course.recall == pytest.approx(3 / 5)
    # Borders 1, 2, 3, 4, 5: the first quarter is frames 1 and 2, the last 4 and 5.
    assert course.decay == pytest.approx(0.85 - 0.3)


def test_halves_round_up_at_the_borders_of_the_quarters() -> None:
    # linspace(1, 7, 5) = 1, 2.5, 4, 5.5, 7: borders 1, 3, 4, 6, 7.
    assert course_of([1, 1, 1, 0, 0, 0, 0.5]).decay == pytest.approx(1 - 0.25)


def test_decay_beyond_255_frames() -> None:
    assert course_of([1.0] * 300 + [0.0] * 300).decay == pytest.approx(1.0)


def test_recall_is_above_one_half_not_at_it() -> None:
    assert course_of([0.5, 0.5, 0.6, 0.4]).recall == 0.25


def test_nothing_measured_is_not_a_number() -> None:
    assert math.isnan(course_of([]).mean)


def test_the_first_and_the_last_frame_do_not_count() -> None:
    assert list(counted(5)) == [1, 2, 3]


def test_auroc() -> None:
    assert auroc([0.1, 0.2, 0.8, 0.9], [True, True, False, False]) == 1
    assert auroc([0.9, 0.8, 0.2, 0.1], [True, True, False, False]) == 0
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    # Pairs (bad, good): (.3 < .5), (.3 < .4), (.45 < .5), (.45 > .4): three of four.
    assert auroc([0.3, 0.45, 0.5, 0.4], [True, True, False, False]) == 0.75
    assert math.isnan(auroc([0.1, 0.2], [False, False]))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30))
def test_auroc_counts_pairs(pairs: list[tuple[float, bool]]) -> None:
    bad = [score for score, failed in pairs if failed]
    good = [score for score, failed in pairs if not failed]
    value = auroc([score for score, _ in pairs], [failed for _, failed in pairs])
    if not bad or not good:
        assert math.isnan(value)
        return
    counted_pairs = sum((b < g) + (b == g) / 2 for b in bad for g in good)
    assert value == pytest.approx(counted_pairs / (len(bad) * len(good)))


def wavy(shift_px: int) -> np.ndarray:
    """A ragged blob of 785 pixels that falls apart at its edge."""
    y, x = np.mgrid[0:48, 0:64]
    return (x - 30 - shift_px) ** 2 + 2 * (y - 22) ** 2 + 40 * ((x // 5 + y // 7) % 3) < 400


@pytest.mark.parametrize(
    ("shift", "j", "f", "f_wide"),
    [
        (1, 0.9320148331273177, 0.9781931464174456, 0.9969040247678018),
        (3, 0.8045977011494253, 0.5563199583503774, 0.9259093752792921),
        (6, 0.673728813559322, 0.3358234528133781, 0.6406063887384948),
    ],
)
def test_the_figures_that_the_code_of_davis_2017_gives(shift: int, j: float, f: float, f_wide: float) -> None:
    # Written down from davisvideochallenge/davis2017-evaluation, run on these masks.
    assert wavy(0).sum() == 785
    assert jaccard(wavy(shift), wavy(0)) == pytest.approx(j, abs=1e-15)
    assert boundary_f(wavy(shift), wavy(0)) == pytest.approx(f, abs=1e-15)
    assert boundary_f(wavy(shift), wavy(0), 0.03) == pytest.approx(f_wide, abs=1e-15)


@pytest.mark.parametrize(
    ("count", "mean", "recall", "decay"),
    [
        (6, 0.42, 0.3333333333333333, -0.47),
        (11, 0.4727272727272727, 0.45454545454545453, -0.3341666666666667),
        (80, 0.50025, 0.4875, -0.042857142857142816),
    ],
)
def test_the_courses_that_the_code_of_davis_2017_gives(count: int, mean: float, recall: float, decay: float) -> None:
    course = course_of([37 * number % 101 / 100 for number in range(count)])
    assert (course.mean, course.recall, course.decay) == pytest.approx((mean, recall, decay), abs=1e-12)
