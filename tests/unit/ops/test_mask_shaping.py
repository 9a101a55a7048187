"""Masks over time, and the one place where they are shaped."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from videdit.errors import ShapeError
from videdit.filler import ProbableMasks
from videdit.frames import Mask
from videdit.ops import MaskShaping, alpha_of, feather, grow, length_px, shape_masks, smooth_in_time
from videdit.shots import Shot
from videdit.testing.shapes import disc

SIZE = (90, 160)


def iou(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / (a | b).sum())


class Recorded:
    """A MaskSequence over a list that notes what was read."""

    def __init__(self, masks: list[Mask], first_index: int = 0) -> None:
        self.masks, self.first_index, self.read = masks, first_index, []

    def __getitem__(self, index: int) -> Mask:
        self.read.append(index)
        return self.masks[index - self.first_index]


@pytest.mark.parametrize("speed_px", [0, 1, 4, 9])
@pytest.mark.parametrize("reach", [1, 2, 3])
def test_a_moving_disc_is_not_lagged_behind(speed_px: int, reach: int) -> None:
    track = [disc(SIZE, (30 + speed_px * step, 45), 18) for step in range(2 * reach + 1)]
    assert iou(smooth_in_time(track), track[reach]) > 0.98


def test_flicker_of_the_edge_falls() -> None:
    # The disc stands still while its tracked radius trembles.
    random = np.random.default_rng(3)
    track = [disc(SIZE, (80, 45), 25 + random.uniform(-2, 2)) for _ in range(12)]
    smooth = [smooth_in_time(track[i - 2 : i + 3]) for i in range(2, 10)]

    def flicker(masks: list[Mask]) -> float:
        return float(np.mean([(a ^ b).sum() for a, b in pairwise(masks)]))

    assert flicker(smooth) < 0.5 * flicker(track[2:10])


def test_absence_is_left_alone() -> None:
    there, gone = disc(SIZE, (80, 45), 20), np.zeros((90, 160), np.bool_)
    assert not smooth_in_time([there, gone, there]).any()
    assert np.array_equal(smooth_in_time([gone, there, there]), there)
    assert np.array_equal(smooth_in_time([there]), there)


def test_a_mask_that_fills_the_frame_is_left_alone() -> None:
    full = np.ones((12, 15), np.bool_)
    assert smooth_in_time([full, full, full]).all()
    left = full.copy()
    left[:, 10:] = False
    assert np.array_equal(smooth_in_time([full, left, full])[:, :10], left[:, :10])


def test_an_even_number_or_different_sizes_are_refused() -> None:
    one = np.ones((4, 4), np.bool_)
    for masks in ([], [one, one], [one, np.ones((5, 4), np.bool_), one]):
        with pytest.raises(ShapeError):
            smooth_in_time(masks)


def test_shaping_closes_smooths_and_grows_in_this_order() -> None:
    still = disc(SIZE, (80, 45), 20)
    holed = still.copy()
    holed[45, 80] = False
    holed[2, 2] = True
    shaping = MaskShaping(grow="4", pinholes="2", specks="2", smooth_frames=1)
    shaped = shape_masks(Recorded([still, holed, still]), Shot(0, 3), shaping)
    assert np.array_equal(shaped[1], grow(still, 4))


@settings(deadline=None, max_examples=15)
@given(order=st.permutations(range(10, 18)), reach=st.integers(0, 3))
def test_masks_do_not_depend_on_the_order_and_never_cross_the_shot(order: list[int], reach: int) -> None:
    random = np.random.default_rng(0)
    track = [disc(SIZE, (40 + 3 * i, 45), 15 + random.uniform(-1, 1)) for i in range(8)]
    raw = Recorded(track, first_index=10)
    shaping = MaskShaping(grow="1%", smooth_frames=reach)
    forwards = shape_masks(Recorded(track, 10), Shot(10, 18), shaping)
    expected = {index: forwards[index] for index in range(10, 18)}
    shaped = shape_masks(raw, Shot(10, 18), shaping)
    for index in order:
        assert np.array_equal(shaped[index], expected[index])
    assert set(raw.read) == set(range(10, 18))
    for outside in (9, 18):
        with pytest.raises(IndexError):
            shaped[outside]


def test_going_forwards_reads_each_mask_once() -> None:
    raw = Recorded([disc(SIZE, (40 + 2 * i, 45), 12) for i in range(40)])
    shaped = shape_masks(raw, Shot(0, 40), MaskShaping(smooth_frames=3))
    for index in range(40):
        mask = shaped[index]
        assert not mask.flags.writeable
    assert sorted(raw.read) == list(range(40))


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (40, 1)])
def test_tiny_frames_and_empty_masks(shape: tuple[int, int]) -> None:
    for filled in (False, True):
        raw = Recorded([np.full(shape, filled)] * 3)
        shaping = MaskShaping(grow="50%", feather="20%", smooth_frames=2)
        mask = shape_masks(raw, Shot(0, 3), shaping)[1]
        assert mask.shape == shape
        assert mask.all() == mask.any() == filled
        assert np.array_equal(alpha_of(mask, shaping), mask.astype(np.float32))


def test_alpha_fades_over_the_stated_part_of_the_height() -> None:
    mask = disc((200, 500), (250, 100), 30)
    alpha = alpha_of(mask, MaskShaping(feather="5%"))
    assert np.array_equal(alpha > 0, grow(mask, 10))
    assert np.array_equal(alpha == 1, mask)


@pytest.mark.parametrize(
    ("text", "expected"), [("4", 4), ("4px", 4), ("1.5%", 15), ("-2", -2), ("+.5 %", 5), ("0", 0), ("3.", 3)]
)
def test_lengths(text: str, expected: float) -> None:
    assert length_px(text, 1000) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", ["", "four", "1.5 %%", "1e3", "4 em", "nan", True, None, "--1"])
def test_lengths_that_are_none(wrong: object) -> None:
    with pytest.raises(ValidationError):
        MaskShaping(grow=wrong)  # type: ignore[arg-type]


def test_lengths_from_a_file_may_be_numbers_and_signs_are_checked() -> None:
    shaping = MaskShaping.model_validate({"grow": -3, "feather": 1.5})
    assert (shaping.grow, shaping.feather) == ("-3", "1.5")
    with pytest.raises(ValidationError, match="below 0"):
        MaskShaping(feather="-1")


def test_what_stands_far_apart_is_feathered_as_if_alone() -> None:
    left, right, near = np.zeros((3, 40, 120), np.bool_)
    left[10:20, 5:15] = True
    right[25:35, 90:100] = True
    near[0:5, 18:22] = True
    alone = [feather(one, 3.5) for one in (left, right, near)]
    assert np.array_equal(feather(left | right, 3.5), np.maximum(alone[0], alone[1]))
    assert np.array_equal(feather(left | right | near, 3.5), np.maximum(feather(left | near, 3.5), alone[1]))


def test_what_masks_say_of_their_surroundings_is_passed_on() -> None:
    said = np.full(SIZE, 0.25, np.float32)

    class Saying(Recorded):
        def probability(self, index: int) -> np.ndarray:
            return said

    masks, shot = [disc(SIZE, (80, 45), 20)], Shot(0, 1)
    shaped = shape_masks(Saying(masks), shot, MaskShaping())
    assert isinstance(shaped, ProbableMasks)
    assert shaped.probability(0) is said
    silent = shape_masks(Recorded(masks), shot, MaskShaping())
    assert isinstance(silent, ProbableMasks)
    assert silent.probability(0) is None
