"""Frames of other exposure are brought to the light of the frame that is filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from videdit_plugins.builtin.filler.light import in_light, in_light_of_places, light_between

Make = Callable[..., Any]


def test_the_light_is_told_by_what_two_frames_both_show() -> None:
    own = np.random.default_rng(0).integers(60, 180, (48, 64, 3)).astype(np.uint8)
    codes = np.array([12, -7, 0], np.float32)
    other = (own - codes).astype(np.uint8)
    # A tenth shows something else, a third is not shown.
    other[:5] = 255
    common = np.ones((48, 64), bool)
    common[:, 40:] = False
    other[~common] = 0
    np.testing.assert_array_equal(light_between(own, other, common), codes)
    np.testing.assert_array_equal(in_light(other, codes)[5:, :40], own[5:, :40])


def test_frames_that_show_nothing_in_common_are_taken_as_they_are() -> None:
    own, other = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 200, np.uint8)
    light = light_between(own, other, np.zeros((8, 8), bool))
    assert in_light(other, light) is other


def test_codes_stay_in_their_range() -> None:
    picture = np.array([[[0, 250, 128]]], np.uint8)
    np.testing.assert_array_equal(in_light(picture, np.array([-5, 20, 0.4], np.float32)), [[[0, 255, 128]]])


def test_light_that_changes_from_place_to_place_is_told_by_what_two_frames_both_show() -> None:
    own = np.random.default_rng(0).integers(60, 180, (48, 64, 3)).astype(np.uint8)
    slope = np.broadcast_to(np.linspace(-15, 15, 64)[:, None], own.shape).astype(np.float32)
    other = np.clip(own - slope, 0, 255).astype(np.uint8)
    # A post is in one of them, and the middle is not shown.
    other[:, 8:10] = 255
    common = np.ones((48, 64), bool)
    common[16:32, 24:40] = False
    other[~common] = 0
    wrong = in_light_of_places(other, own, common).astype(int) - own
    assert np.abs(wrong[common & (np.arange(64) > 16)]).mean() < 1
    hidden = in_light_of_places(other, own, common)[~common].reshape(16, 16, 3)
    # Nothing is shown there, so what is added to it is to be seen; codes below 0 are 0.
    assert np.abs(np.maximum(slope[16:32, 24:40], 0) - hidden).max() < 3


def test_a_frame_that_shows_nothing_in_common_is_left_as_it_is_in_all_places() -> None:
    own, other = np.zeros((9, 7, 3), np.uint8), np.full((9, 7, 3), 200, np.uint8)
    np.testing.assert_array_equal(in_light_of_places(other, own, np.zeros((9, 7), bool)), other)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (16, 21)])
def test_the_same_light_everywhere_is_added_everywhere(size: tuple[int, int]) -> None:
    other = np.full((*size, 3), 100, np.uint8)
    own = other + np.uint8(6)
    np.testing.assert_array_equal(in_light_of_places(other, own, np.ones(size, bool)), own)


def test_pieces_of_frames_that_are_darker_on_one_side_show_no_seam(make_clip: Make, started: Make) -> None:
    """One half of the hole is seen in a frame brighter on the right, the other in one brighter on the left."""
    clip = make_clip(3, pan=0, tilt=0)
    truth = np.clip(clip.truth[0], 40, 215)
    slope = np.linspace(-12, 12, truth.shape[1])[:, None]
    holes = [np.zeros(truth.shape[:2], bool) for _ in range(3)]
    holes[1][24:72, 24:104], holes[0][48:72, 24:104], holes[2][24:48, 24:104] = True, True, True
    shown = [np.clip(truth + sign * slope, 0, 255).astype(np.uint8) for sign in (1, 0, -1)]
    for frame, hole in zip(shown, holes, strict=True):
        frame[hole] = (200, 20, 20)
    filled = started(replace(clip, shown=shown, holes=holes), grain=False, shadows=False, remnants=False).fill(1)
    wrong = filled.rgb.astype(int) - truth[filled.region.slices]
    for end in (slice(20), slice(-20, None)):
        assert abs(wrong[4:20, end].mean() - wrong[28:44, end].mean()) < 2


@pytest.mark.parametrize("deep", [False, True])
def test_pieces_of_frames_of_different_exposure_show_no_seam(make_clip: Make, started: Make, deep: bool) -> None:
    """The left half of the hole is seen in a brighter frame alone, the right half in a darker one."""
    clip = make_clip(3, pan=0, tilt=0)
    truth = np.clip(clip.truth[0], 40, 215)
    codes = (14, 0, -14)
    holes = [np.zeros(truth.shape[:2], bool) for _ in codes]
    holes[0][24:72, 68:104] = holes[1][24:72, 24:104] = holes[2][24:72, 24:60] = True
    shown = [(truth.astype(int) + one).astype(np.uint8) for one in codes]
    for frame, hole in zip(shown, holes, strict=True):
        frame[hole] = (200, 20, 20)
    unit = 257 if deep else 1
    shown = [frame.astype(np.uint16) * np.uint16(257) if deep else frame for frame in shown]
    filled = started(replace(clip, shown=shown, holes=holes), grain=False, shadows=False, remnants=False).fill(1)
    hole = holes[1][filled.region.slices]
    wrong = filled.rgb.astype(int) / unit - truth[filled.region.slices]
    assert set(np.unique(filled.origin[hole])) == {0, 2}
    assert np.abs(wrong[hole].mean(axis=0)).max() < 1
    middle = slice(64 - 4 - filled.region.x0, 64 + 4 - filled.region.x0)
    assert np.abs(wrong[:, middle]).mean() < 3
