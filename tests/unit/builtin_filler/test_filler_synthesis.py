"""Made-up pixels: texture, not blur; the same each time; and where a plate is carried, it stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit import MADE_UP
from videdit_plugins.builtin.filler.diffusion import extend
from videdit_plugins.builtin.filler.synthesis import flowed_in, synthesise

Make = Callable[..., Any]


def stripes(height: int, width: int) -> np.ndarray[Any, Any]:
    rows, columns = np.indices((height, width))
    return np.repeat(np.where((rows + columns) // 4 % 2, 200.0, 60.0)[..., None], 3, axis=2).astype(np.float32)


def test_texture_goes_on_through_the_hole() -> None:
    truth = stripes(60, 80)
    missing = np.zeros((60, 80), np.bool_)
    missing[22:38, 30:50] = True
    made = synthesise(np.where(missing[..., None], 0, truth), missing, seed=3)
    assert np.array_equal(made[~missing], truth[~missing])
    # Blur would be off by 70 codes everywhere.
    assert (np.abs(made - truth)[missing] < 20).mean() > 0.9


def test_the_seed_decides() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (40, 50, 3)).astype(np.float32)
    missing = np.zeros((40, 50), np.bool_)
    missing[12:25, 15:30] = True
    assert np.array_equal(synthesise(picture, missing, 1), synthesise(picture, missing, 1))
    assert not np.array_equal(synthesise(picture, missing, 1), synthesise(picture, missing, 2))


def test_what_stands_in_the_hole_is_not_looked_at() -> None:
    picture = stripes(40, 50)
    missing = np.zeros((40, 50), np.bool_)
    missing[12:25, 15:30] = True
    other = np.where(missing[..., None], 255, picture).astype(np.float32)
    assert np.array_equal(synthesise(picture, missing, 1), synthesise(other, missing, 1))


def test_what_is_foreign_is_not_copied_and_not_gone_by() -> None:
    truth, missing, foreign = stripes(60, 80), np.zeros((60, 80), np.bool_), np.zeros((60, 80), np.bool_)
    missing[22:38, 30:50] = True
    foreign[10:50, 34:] = True
    foreign &= ~missing
    picture = truth.copy()
    picture[foreign] = 0, 255, 0
    for made in (synthesise(picture, missing, 3, foreign), flowed_in(picture, missing, foreign)):
        assert np.array_equal(made[~missing], picture[~missing])
        # There is no colour in the rest of the picture.
        assert np.ptp(made[missing], axis=1).max() < 1
    assert (np.abs(synthesise(picture, missing, 3, foreign) - truth)[missing] < 20).mean() > 0.9
    assert np.ptp(synthesise(picture, missing, 3)[missing], axis=1).max() > 100


def test_where_all_is_foreign_it_is_gone_by_after_all() -> None:
    picture, missing = stripes(40, 50), np.zeros((40, 50), np.bool_)
    missing[12:25, 15:30] = True
    assert np.array_equal(synthesise(picture, missing, 1, ~missing), synthesise(picture, missing, 1))


def test_without_room_for_patches_colours_flow_in() -> None:
    picture = np.full((8, 9, 3), 77, np.float32)
    missing = np.zeros((8, 9), np.bool_)
    missing[2:6, 2:6] = True
    picture[missing] = 0
    assert np.allclose(synthesise(picture, missing, 0), 77, atol=0.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10**6))
def test_extended_values_stay_between_the_known_ones(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.uniform(-5, 5, (height, width)).astype(np.float32)
    known = random.uniform(size=(height, width)) < 0.3
    result = extend(values, known.astype(np.float32))
    assert np.allclose(result[known], values[known], atol=1e-4)
    if known.any():
        assert result.min() >= values[known].min() - 1e-3
        assert result.max() <= values[known].max() + 1e-3
    else:
        assert not result.any()


def test_what_no_frame_shows_moves_with_the_ground(make_clip: Make, started: Make) -> None:
    # A mark that the camera never sees behind: it hangs on the ground, so its fill must too.
    clip = make_clip(count=14, pan=2.0, speed=-2.0, tilt=0)
    for index, hole in enumerate(clip.holes):
        left = 70 - 2 * index
        hole[:] = False
        hole[30:54, left : left + 24] = True
        clip.shown[index] = np.where(hole[..., None], 255, clip.truth[index]).astype(np.uint8)
    filler = started(clip, grain=False)
    fills = [filler.fill(index) for index in (4, 5, 9)]
    assert all((one.origin[8:16, 8:16] == MADE_UP).all() for one in fills)
    inner = (slice(4, 20), slice(4, 20))
    still = np.abs(fills[0].rgb[inner].astype(int) - fills[2].rgb[inner]).mean()
    assert still < 6
    assert fills[0].rgb[inner].std() > 15
