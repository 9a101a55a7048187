"""Where a person who sees the truth would click next."""

from __future__ import annotations

import numpy as np
import pytest

from videdit.errors import ShapeError
from videdit.evaluation import next_click
from videdit.prompts import Click

NOTHING = np.zeros((40, 60), bool)


def block(y0: int, y1: int, x0: int, x1: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[y0:y1, x0:x1] = True
    return mask


def test_the_first_click_falls_in_the_middle_of_the_object() -> None:
    assert next_click(NOTHING, block(10, 21, 30, 41)) == Click(35.5, 15.5, True)


def test_a_false_part_gets_a_negative_click() -> None:
    truth = block(10, 21, 30, 41)
    assert next_click(truth | block(30, 39, 2, 11), truth) == Click(6.5, 34.5, False)


def test_the_border_of_the_frame_is_an_edge() -> None:
    # Without it the deepest point would lie on the frame's left border.
    click = next_click(NOTHING, block(0, 40, 0, 9))
    assert click is not None
    assert click.x == 4.5


def test_the_largest_error_is_not_the_deepest() -> None:
    # 58x3 = 174 pixels, 2 deep, against 9x9 = 81, 5 deep.
    truth = block(2, 5, 1, 59) | block(20, 29, 20, 29)
    largest, deepest = next_click(NOTHING, truth), next_click(NOTHING, truth, robot="deepest")
    assert largest is not None
    assert largest.y == 3.5
    assert deepest == Click(24.5, 24.5, True)


def test_parts_that_touch_are_one_error_but_kinds_are_not() -> None:
    # Missing 10x10 beside false 10x9: the missing one is larger though both touch.
    truth, mask = block(10, 20, 10, 20), block(10, 20, 20, 29)
    click = next_click(mask, truth)
    assert click is not None
    assert click.positive


def test_of_equal_errors_the_usual_robot_takes_the_false_one() -> None:
    truth, mask = block(5, 12, 5, 12), block(25, 32, 40, 47)
    assert next_click(mask, truth, robot="deepest") == Click(43.5, 28.5, False)
    assert next_click(mask, truth) == Click(8.5, 8.5, True)


def test_no_pixel_is_clicked_twice() -> None:
    truth = block(10, 11, 10, 13)
    clicks: list[Click] = []
    while (click := next_click(NOTHING, truth, before=clicks)) is not None:
        clicks.append(click)
    assert sorted(click.x for click in clicks) == [10.5, 11.5, 12.5]


@pytest.mark.parametrize("robot", ["largest", "deepest"])
def test_nothing_wrong_nothing_to_click(robot: str) -> None:
    assert next_click(block(3, 9, 3, 9), block(3, 9, 3, 9), robot=robot) is None  # type: ignore[arg-type]
    assert next_click(NOTHING, NOTHING, robot=robot) is None  # type: ignore[arg-type]


def test_two_sizes_are_refused() -> None:
    with pytest.raises(ShapeError):
        next_click(NOTHING, NOTHING[1:])
