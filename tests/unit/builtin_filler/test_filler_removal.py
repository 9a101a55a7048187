"""The built-in filler gives the true ground back, and does so in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from videdit import MADE_UP

Make = Callable[..., Any]


@pytest.mark.parametrize("index", [0, 7, 15])
def test_gives_back_the_true_ground(clip: Any, started: Make, index: int) -> None:
    filled = started(clip, grain=False).fill(index)
    hole = clip.holes[index][filled.region.slices]
    truth = clip.truth[index][filled.region.slices].astype(int)
    seen = hole & (filled.origin != MADE_UP)
    assert np.count_nonzero(seen) > 0.98 * np.count_nonzero(hole)
    assert np.abs(filled.rgb - truth)[seen].mean() < 3
    # What stood there before is nothing like this.
    assert np.abs(clip.shown[index][filled.region.slices] - truth)[hole].mean() > 50


def test_leaves_what_is_outside_the_hole_alone(clip: Any, started: Make) -> None:
    filled = started(clip).fill(7)
    outside = ~clip.holes[7][filled.region.slices]
    assert filled.region.width * filled.region.height > np.count_nonzero(~outside) or not outside.any()
    assert np.array_equal(filled.rgb[outside], clip.shown[7][filled.region.slices][outside])
    assert (filled.origin[outside] == 7).all()


def test_the_order_of_calls_does_not_matter(clip: Any, started: Make) -> None:
    in_order = started(clip)
    forwards = [in_order.fill(index) for index in range(10)]
    for index in (7, 2):
        alone = started(clip).fill(index)
        assert np.array_equal(alone.rgb, forwards[index].rgb)
        assert np.array_equal(alone.origin, forwards[index].origin)


def test_origin_names_a_frame_that_shows_the_pixel(clip: Any, started: Make) -> None:
    filled = started(clip).fill(7)
    rows, columns = np.nonzero(clip.holes[7][filled.region.slices])
    for y, x in list(zip(rows, columns, strict=True))[::37]:
        source = int(filled.origin[y, x])
        assert source != 7
        if source != MADE_UP:
            # The camera pans 1.5 px a frame: the ground under the pixel lies this far left in the source frame.
            there = round(filled.region.x0 + x - 1.5 * (source - 7))
            assert not clip.holes[source][filled.region.y0 + y, min(max(there, 0), 127)]


def test_indices_are_those_of_the_film(clip: Any, started: Make) -> None:
    at_zero, later = started(clip).fill(7), started(clip, first_index=100).fill(107)
    assert np.array_equal(at_zero.rgb, later.rgb) or not np.array_equal(at_zero.rgb, clip.shown[7])
    sources = later.origin[later.origin != MADE_UP]
    assert sources.min() >= 100
    assert sources.max() < 116


def test_sixteen_bits_stay_sixteen_bits(clip: Any, started: Make, make_clip: Make) -> None:
    deep = make_clip()
    deep.shown[:] = [frame.astype(np.uint16) * 257 for frame in deep.shown]
    filled, plain = started(deep, grain=False).fill(7), started(clip, grain=False).fill(7)
    assert filled.rgb.dtype == np.uint16
    # Eight bits are rounded twice, once when blended and once when steadied.
    assert np.abs(filled.rgb / 257 - plain.rgb).max() <= 2
    inside = clip.holes[7][filled.region.slices]
    assert (filled.rgb[inside] % 257 != 0).any()
