"""The shadow of a moving object is taken away with it; other dark things stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Make = Callable[..., Any]


def shaded(make_clip: Make, shadow: Callable[[int], slice], strength: float = 0.55) -> Any:
    """A clip in which the ground is darker in a band below the object, at the columns that `shadow` gives."""
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    for index, frame in enumerate(clip.shown):
        band = frame[50:68, shadow(index)]
        keep = clip.holes[index][50:68, shadow(index)]
        band[~keep] = (band[~keep] * strength).astype(np.uint8)
    return clip


def object_left(index: int) -> int:
    return 8 + int(2.6 * index)


def test_a_shadow_that_follows_the_object_goes_with_it(make_clip: Make, started: Make) -> None:
    clip = shaded(make_clip, lambda index: slice(object_left(index), object_left(index) + 24))
    index = 14
    filled = started(clip, grain=False).fill(index)
    result = clip.shown[index].copy()
    result[filled.region.slices] = filled.rgb
    left = object_left(index)
    shadow = np.zeros(clip.holes[index].shape, np.bool_)
    shadow[56:68, left : left + 24] = True
    shadow &= ~clip.holes[index]
    truth = clip.truth[index].astype(int)
    assert np.abs(clip.shown[index] - truth)[shadow].mean() > 40
    assert np.abs(result - truth)[shadow].mean() < 10


def test_it_stays_if_it_is_not_asked_for(make_clip: Make, started: Make) -> None:
    clip = shaded(make_clip, lambda index: slice(object_left(index), object_left(index) + 24))
    filled = started(clip, shadows=False).fill(14)
    assert filled.region.y1 == 56


def test_a_dark_place_of_the_ground_is_no_shadow(make_clip: Make, started: Make) -> None:
    # It moves with the ground, 0.6 px a frame to the left, and the object passes over it.
    clip = shaded(make_clip, lambda index: slice(round(50 - 0.6 * index), round(74 - 0.6 * index)))
    filled = started(clip).fill(14)
    assert filled.region.y1 == 56
