"""Going from frame to frame, and telling what moves by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from videdit import MADE_UP, ArrayFrames, Region, Shot
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.following import Following
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale

Make = Callable[..., Any]


def following(clip: Any) -> Following:
    size = clip.truth[0].shape[:2]

    class Holes:
        def __getitem__(self, index: int) -> Any:
            return clip.holes[index]

    pictures = Pictures(ArrayFrames(clip.shown), Holes(), Scale(size, size), len(clip.shown))
    shot = Shot(0, len(clip.shown))
    return Following(shot, pictures, Camera(pictures, shot), "medium")


def test_following_arrives_where_the_ground_has_gone(clip: Any) -> None:
    box = Region(2, 20, 60, 80)
    views = following(clip).views(4, box, {1, 2, 7})
    assert [(view.index, view.distance, view.followed) for view in views] == [(2, 2, True), (1, 3, True), (7, 3, True)]
    for view in views:
        shown = view.valid
        assert shown.mean() > 0.6
        # The camera pans 1.5 px a frame to the right.
        assert np.median(view.shift[0][shown]) == pytest.approx(-1.5 * (view.index - 4), abs=0.1)
        truth = clip.truth[4][box.slices].astype(float)
        assert np.abs(view.rgb - truth)[shown].mean() < 4


def test_what_moves_by_itself_is_told_from_the_ground(make_clip: Make) -> None:
    size = (192, 256)
    clip = make_clip(count=4, size=size)
    coat = make_clip(count=1, size=(40, 40), side=8).truth[0][::-1]
    other = []
    for index, frame in enumerate(clip.shown):
        place = np.zeros(size, np.bool_)
        place[130:170, 170 - 5 * index : 210 - 5 * index] = True
        frame[place] = coat.reshape(-1, 3)
        other.append(place)
    moving = following(clip).moving(2)
    assert moving[other[2]].mean() > 0.8
    elsewhere = ~clip.holes[2]
    elsewhere[110:, 130:230] = False
    assert moving[elsewhere].mean() < 0.02


def test_a_ground_at_rest_has_nothing_moving(clip: Any) -> None:
    assert following(clip).moving(7)[~clip.holes[7]].mean() < 0.02


def test_without_synthesis_the_same_pixels_are_made_up_and_they_are_smooth(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=6, speed=0.0, pan=0.4)
    plain = started(clip, synthesis=False, grain=False).fill(3)
    textured = started(clip, grain=False).fill(3)
    made_up = plain.origin == MADE_UP
    assert made_up.any()
    assert np.array_equal(made_up, textured.origin == MADE_UP)
    assert np.array_equal(plain.rgb[plain.origin == 3], textured.rgb[plain.origin == 3])
    assert plain.rgb[made_up].std() < textured.rgb[made_up].std()
