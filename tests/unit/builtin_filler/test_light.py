"""Frames of other exposure are brought to the light of the frame that is filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from videdit_plugins.builtin.filler.light import in_light, light_between

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
