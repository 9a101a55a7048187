"""Grain and steady light: put back what averaging took, and nothing where nothing is missing."""

from __future__ import annotations

import numpy as np
import pytest

from videdit.ops import grain_of
from videdit_plugins.builtin.filler.grain import missing_grain
from videdit_plugins.builtin.filler.steadying import steadying

HOLE = np.zeros((80, 90), np.bool_)
HOLE[20:60, 25:65] = True


def noisy(sigma: float) -> np.ndarray:  # type: ignore[type-arg]
    grain = np.random.default_rng(5).normal(0, sigma, (80, 90))
    return (120 + np.repeat(grain[..., None], 3, axis=2)).astype(np.float32)


@pytest.mark.parametrize("sigma", [1.0, 3.0, 6.0])
def test_grain_is_measured(sigma: float) -> None:
    assert grain_of(noisy(sigma), ~HOLE) == pytest.approx(sigma, rel=0.15)


def test_a_smooth_fill_gets_the_grain_around_it_by_frame_number() -> None:
    picture = noisy(4.0)
    picture[HOLE] = 120
    grain = missing_grain(picture, HOLE, seed=7)
    assert grain[HOLE].std() == pytest.approx(4.0, rel=0.15)
    assert np.array_equal(grain, missing_grain(picture, HOLE, seed=7))
    assert not np.array_equal(grain, missing_grain(picture, HOLE, seed=8))


def test_a_grainy_fill_gets_none() -> None:
    assert not missing_grain(noisy(4.0), HOLE, seed=7).any()


def test_a_fill_that_blinks_is_steadied_and_its_surroundings_are_not_touched() -> None:
    calm = np.full((80, 90, 3), 100, np.uint8)
    bright = calm.copy()
    bright[HOLE] = 106
    change = steadying(bright, HOLE, [(calm, np.eye(3)), (calm, np.eye(3))], 1.5)
    assert change[40, 45].mean() < -2.5
    assert not change[~HOLE].any()


def test_neighbours_that_look_different_do_not_count() -> None:
    calm = np.full((80, 90, 3), 100, np.uint8)
    other = np.full((80, 90, 3), 200, np.uint8)
    assert np.abs(steadying(calm, HOLE, [(other, np.eye(3))], 1.5)).max() < 0.1
