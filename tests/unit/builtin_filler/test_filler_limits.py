"""The built-in filler on shots that give it little to work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from videdit import MADE_UP

Make = Callable[..., Any]


def test_no_hole_costs_nothing(clip: Any, started: Make) -> None:
    class Counted(list):  # type: ignore[type-arg]
        reads = 0

        def __getitem__(self, index: Any) -> Any:
            Counted.reads += isinstance(index, int)
            return super().__getitem__(index)

    nothing = [np.zeros_like(hole) for hole in clip.holes]
    filler = started(type(clip)(clip.truth, Counted(clip.shown), nothing))
    before = Counted.reads
    assert filler.fill(7) is None
    assert Counted.reads - before <= 1


def test_one_frame(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=1)
    filled = started(clip).fill(0)
    hole = clip.holes[0][filled.region.slices]
    assert (filled.origin[hole] == MADE_UP).all()
    assert np.abs(filled.rgb.astype(int) - clip.shown[0][filled.region.slices])[hole].mean() > 20


@pytest.mark.parametrize("quality", ["draft", "standard", "best"])
def test_a_mark_that_never_moves_is_filled_once_and_stays_put(make_clip: Make, started: Make, quality: str) -> None:
    clip = make_clip(count=12, pan=0, speed=0)
    clip.shown[:] = [np.roll(clip.shown[0], 0, axis=0) for _ in clip.shown]
    filler = started(clip, quality=quality)
    fills = [filler.fill(index) for index in (0, 1, 6, 11)]
    hole = clip.holes[0][fills[0].region.slices]
    assert all((one.origin[hole] == MADE_UP).all() for one in fills)
    assert all(np.abs(one.rgb.astype(int) - fills[0].rgb).max() <= 8 for one in fills)
    assert 10 < fills[0].rgb[hole].mean() < 245


def test_a_hole_over_nearly_everything(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=5)
    for hole in clip.holes:
        hole[:] = True
        hole[0, :3] = False
    filled = started(clip).fill(2)
    assert filled.rgb.shape[:2] == filled.origin.shape == (96, 128)


def test_a_hole_over_everything(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=3)
    for hole in clip.holes:
        hole[:] = True
    assert started(clip).fill(1).rgb.shape == (96, 128, 3)


def test_a_hole_at_the_border(make_clip: Make, started: Make) -> None:
    clip = make_clip(speed=8.0)
    at_border = [index for index, hole in enumerate(clip.holes) if hole[:, -1].any()]
    assert at_border
    filled = started(clip).fill(at_border[0])
    assert filled.region.x1 == 128


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 16), (33, 20)])
def test_tiny_frames(make_clip: Make, started: Make, size: tuple[int, int]) -> None:
    clip = make_clip(count=4, size=size, pan=0.5)
    for hole in clip.holes:
        hole[:] = False
        hole[size[0] // 2, size[1] // 2] = True
    filled = started(clip).fill(1)
    assert (filled.region.height, filled.region.width) == (1, 1)


def test_textureless_frames(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=6)
    for shown, hole in zip(clip.shown, clip.holes, strict=True):
        shown[:] = 90
        shown[hole] = 255
    filled = started(clip).fill(3)
    assert np.abs(filled.rgb.astype(int) - 90).max() <= 2


def test_nothing_is_read_outside_the_shot(clip: Any, started: Make) -> None:
    # ArrayFrames and Holes raise IndexError outside [100, 116).
    filler = started(clip, first_index=100)
    assert all(filler.fill(index) is not None for index in (100, 115))


def test_a_new_shot_forgets_the_last_one(clip: Any, make_clip: Make, started: Make) -> None:
    other = make_clip(count=4, pan=-1.0)
    filler = started(clip)
    filler.fill(2)
    fresh = started(other)
    started(other, filler=filler)
    assert np.array_equal(filler.fill(2).rgb, fresh.fill(2).rgb)
