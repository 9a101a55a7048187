"""Another object that stays: ground where it rests, not there any more once it has gone, and never taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.builtin_filler.conftest import Holes
from videdit import ArrayFrames, Runtime
from videdit_plugins.builtin.filler import others
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.options import FillerOptions

Make = Callable[..., Any]
Labels = NDArray[np.int32]
COUNT, INDEX, GONE_FROM = 21, 14, 13
SIZE = (96, 160)
ID = 7


class Among(Holes):
    """Holes that know where another object is, and leave it out."""

    def __init__(self, masks: list[NDArray[np.bool_]], labels: list[Labels]) -> None:
        super().__init__([mask & (label == 0) for mask, label in zip(masks, labels, strict=True)])
        self._labels = labels

    def others(self, index: int) -> Labels:
        return self._labels[index]


@pytest.fixture
def clip(make_clip: Make) -> Any:
    return make_clip(count=COUNT, size=SIZE, pan=0.0, tilt=0.0)


def beside(clip: Any, place_at: Callable[[int], tuple[slice, slice]]) -> list[Labels]:
    """Lay an orange rectangle into a clip, behind the object; return its labels."""
    labels = []
    for index, (truth, shown, hole) in enumerate(zip(clip.truth, clip.shown, clip.holes, strict=True)):
        place = np.zeros(hole.shape, np.bool_)
        place[place_at(index)] = True
        # A texture of its own, so that it can be followed.
        orange = np.array([230, 120, 20]) - (np.indices(hole.shape).sum(axis=0) // 3 % 3 * 20)[..., None]
        truth[place] = orange[place]
        shown[place & ~hole] = orange[place & ~hole]
        labels.append(np.where(place & ~hole, ID, 0).astype(np.int32))
    return labels


def square(left: int) -> tuple[slice, slice]:
    return slice(36, 56), slice(left, left + 20)


def error(clip: Any, holes: Any, index: int = INDEX) -> float:
    filler = BuiltinFiller(FillerOptions(grain=False), Runtime())
    filler.start(ArrayFrames(clip.shown), holes)
    filled = filler.fill(index)
    assert filled is not None
    hole = clip.holes[index][filled.region.slices]
    return float(np.abs(filled.rgb.astype(int) - clip.truth[index][filled.region.slices])[hole].mean())


def test_one_that_rested_behind_the_hole_and_has_gone_is_not_laid_there(clip: Any) -> None:
    # Only once it has moved on does the hole come to where it was: no motion tells that it is not there any more.
    labels = beside(clip, lambda index: square(80 if index < GONE_FROM else 20))
    known, unknown = error(clip, Among(clip.holes, labels)), error(clip, Holes(clip.holes))
    assert known < 3
    assert unknown > 10


def test_one_that_rests_is_shown_behind_the_hole_by_frames_that_see_it(clip: Any) -> None:
    labels = beside(clip, lambda index: square(88))
    assert labels[INDEX].any()
    assert (clip.truth[INDEX] != clip.shown[INDEX])[40, 88:102].any()
    assert error(clip, Among(clip.holes, labels)) < 3


def test_one_that_is_all_around_the_hole_is_behind_it_though_it_has_another_shape_than_before(
    make_clip: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place_at(index: int) -> tuple[slice, slice]:
        return (slice(16, 76), slice(60, 120)) if index < INDEX - 3 else (slice(24, 70), slice(60, 150))

    # Of the frames on which it has the later shape none shows what the hole hides.
    clip = make_clip(count=INDEX + 2, size=SIZE, pan=0.0, tilt=0.0, speed=2.0)
    holes = [np.roll(hole, 50, axis=1) for hole in clip.holes]
    for hole, shown, truth in zip(holes, clip.shown, clip.truth, strict=True):
        shown[...] = truth
        shown[hole] = 0
    clip = type(clip)(clip.truth, clip.shown, holes)
    labels = beside(clip, place_at)
    assert error(clip, Among(clip.holes, labels)) < 8
    monkeypatch.setattr(others, "_MOST_AROUND", 2.0)
    assert error(clip, Among(clip.holes, labels)) > 20


def test_of_one_that_touches_the_hole_and_goes_along_with_it_nothing_is_taken_away(make_clip: Make) -> None:
    # In the object's own colours: what else would tell it from a part that the mask missed?
    for known in (False, True):
        clip = make_clip(count=COUNT, size=SIZE)
        labels = []
        for shown, hole in zip(clip.shown, clip.holes, strict=True):
            rows, columns = np.nonzero(hole)
            place = np.zeros(hole.shape, np.bool_)
            place[rows.max() + 1 : rows.max() + 7, columns.min() : columns.max() + 1] = True
            shown[place] = (np.indices(hole.shape).sum(axis=0) // 4 % 2 * 200)[place][:, None]
            labels.append(np.where(place, ID, 0).astype(np.int32))
        filler = BuiltinFiller(FillerOptions(grain=False), Runtime())
        filler.start(ArrayFrames(clip.shown), Among(clip.holes, labels) if known else Holes(clip.holes))
        filled = filler.fill(INDEX)
        assert filled is not None
        changed = np.zeros(SIZE, np.bool_)
        changed[filled.region.slices] = filled.origin != INDEX
        taken = changed[labels[INDEX] > 0].mean()
        assert (taken < 0.1) if known else (taken > 0.9)
