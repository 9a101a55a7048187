"""Composite: exact at both ends, whatever the depth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.errors import ShapeError
from videdit.ops import composite


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), height=st.integers(1, 40), width=st.integers(1, 40), depth=st.sampled_from([8, 16])
)
def test_exact_where_alpha_is_0_or_1_and_rounded_between(seed: int, height: int, width: int, depth: int) -> None:
    random = np.random.default_rng(seed)
    dtype = np.uint8 if depth == 8 else np.uint16
    frame, fill = random.integers(0, 2**depth, (2, height, width, 3)).astype(dtype)
    alpha = random.random((height, width)).astype(np.float32)
    alpha[random.random((height, width)) < 0.3] = 0
    alpha[random.random((height, width)) < 0.3] = 1
    before = frame.copy()

    result = composite(frame, fill, alpha)

    assert result.dtype == dtype
    assert np.array_equal(frame, before)
    assert np.array_equal(result[alpha == 0], frame[alpha == 0])
    assert np.array_equal(result[alpha == 1], fill[alpha == 1])
    exact = frame + alpha[..., None].astype(np.float64) * (fill.astype(np.float64) - frame)
    assert np.abs(result - exact).max() <= 0.51


def test_a_wholly_transparent_fill_changes_nothing() -> None:
    frame = np.full((5, 7, 3), 9, np.uint8)
    assert np.array_equal(composite(frame, frame + 1, np.zeros((5, 7), np.float32)), frame)


@pytest.mark.parametrize(
    ("fill", "alpha"),
    [
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), np.float32)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4), np.float32)),
        (np.zeros((4, 4, 3), np.uint16), np.zeros((4, 4), np.float32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(fill: np.ndarray, alpha: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        composite(np.zeros((4, 4, 3), np.uint8), fill, alpha)
