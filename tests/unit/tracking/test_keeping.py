"""What an object keeps of what it covers when another one is pointed at inside of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from videdit.frames import ArrayFrames
from videdit.ops import are_parts
from videdit.prompts import Click, MaskPrompt
from videdit.segmenter import Hypothesis
from videdit.tracking.keeping import kept_of
from videdit.tracking.prompting import select

SIZE = (60, 90)
places = st.tuples(st.floats(0, SIZE[1] - 0.01), st.floats(0, SIZE[0] - 0.01))


def two_heads() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A body with its head, another head beside it, and all three as one mask."""
    rows, columns = np.indices(SIZE)
    own = ((rows - 20) ** 2 + (columns - 50) ** 2 < 100) | ((rows > 28) & (abs(columns - 52) < 18))
    head = (rows - 18) ** 2 + (columns - 29) ** 2 < 100
    return own, head, own | head


@given(arrays(np.bool_, SIZE), st.lists(places, max_size=4))
def test_nothing_is_kept_that_was_not_there_and_no_click_is(rest: Any, points: list[tuple[float, float]]) -> None:
    kept = kept_of(rest, points)
    assert not (kept & ~rest).any()
    assert not any(kept[int(y), int(x)] for x, y in points)
    if not any(rest[int(y), int(x)] for x, y in points):
        assert np.array_equal(kept, rest)


def test_a_head_that_was_swallowed_is_given_up_and_the_one_beside_it_is_not() -> None:
    own, head, both = two_heads()
    kept = kept_of(both, [(29.5, 18.5)])
    assert (kept & head & ~own).sum() < 0.1 * head.sum()
    assert (kept & own).sum() > 0.9 * own.sum()


def test_what_is_pointed_at_in_the_middle_is_given_up_whole() -> None:
    small = np.zeros(SIZE, np.bool_)
    small[20:28, 20:28] = True
    assert not kept_of(small, [(24, 24)]).any()


def test_a_negative_mask_is_cut_out_of_the_answer_and_never_shown_to_the_segmenter() -> None:
    _, head, both = two_heads()
    seen: list[Any] = []

    class All:
        def segment(self, frames: Any, index: int, prompts: Any, previous: Any = None) -> list[Hypothesis]:
            seen.extend(prompts)
            return [Hypothesis(np.ones(SIZE, np.bool_), 0.7), Hypothesis(both, 0.6)]

    frames = ArrayFrames([np.zeros((*SIZE, 3), np.uint8)])
    base, beside = MaskPrompt(mask=~both), MaskPrompt(mask=both, positive=False)
    for click in ([], [Click(29.5, 18.5)], [Click(29.5, 18.5, positive=False)]):
        seen.clear()
        chosen = select(lambda: All(), frames, 0, [base, beside, *click], "boy")  # type: ignore[arg-type, return-value]
        positive = [(one.x, one.y) for one in click if one.positive]
        assert np.array_equal(chosen.mask, ~kept_of(both, positive))
        assert (head & chosen.mask).any() == bool(positive)
        assert all(isinstance(one, Click) or one.positive for one in seen)


def test_sharing_more_than_half_makes_parts() -> None:
    person, face, hand, rider = (np.zeros((10, 10), np.bool_) for _ in range(4))
    person[:, :8], face[:3, 2:5], hand[:, 8:], rider[:, 6:] = True, True, True, True
    assert are_parts(person, face)
    assert are_parts(face, person)
    assert not are_parts(person, hand)
    assert not are_parts(person, rider)
    assert not are_parts(person, np.zeros((10, 10), np.bool_))
