"""The check beside the object, and the choice of a filler by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit import ArrayFrames, Filled, Filler, Region
from videdit_plugins.remove.checking import Beside, beside, psnr_beside, samples
from videdit_plugins.remove.choosing import NO_ROOM, choose

SIZE = (40, 60)


def box(region: Region, size: tuple[int, int] = SIZE) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[region.slices] = True
    return mask


class Off(Filler):
    """Fills with the truth of a plain grey film, off by `by`; it must not see the second hole."""

    def __init__(self, by: int, pixels_by_network: int = 0) -> None:
        self.by = by
        self.told = {"pixels_by_network": pixels_by_network}
        self.starts = 0

    def start(self, frames: Any, holes: Any) -> None:
        self.frames, self.holes = frames, holes
        self.starts += 1

    def fill(self, index: int) -> Filled | None:
        hole, rgb = self.holes[index], self.frames[index].rgb.copy()
        assert (rgb[hole] <= 100).all()
        rgb[hole] = 100 + self.by
        return Filled(Region.whole(SIZE), rgb, np.where(hole, index + 1, index).astype(np.int32))

    def report(self) -> dict[str, Any]:
        return dict(self.told)


def film(count: int = 4) -> ArrayFrames:
    return ArrayFrames([np.full((*SIZE, 3), 100, np.uint8)] * count, first_index=10)


class Same:
    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask

    def __getitem__(self, index: int) -> np.ndarray:
        return self.mask


@given(st.integers(0, 59), st.integers(0, 39), st.integers(1, 60), st.integers(1, 40))
def test_the_second_hole_has_the_shape_of_the_first_and_lies_beside_it(x: int, y: int, wide: int, tall: int) -> None:
    mask = box(Region(x, y, min(60, x + wide), min(40, y + tall)))
    second = beside([mask])
    if second is None:
        return
    moved = second.of(mask)
    assert not (moved & mask).any()
    assert np.count_nonzero(moved) > np.count_nonzero(mask) / 2
    rows, columns = np.nonzero(moved)
    assert mask[rows - second.dy, columns - second.dx].all()


def test_an_object_that_fills_the_frame_has_nothing_beside_it() -> None:
    assert beside([box(Region(5, 5, 55, 35))]) is None
    filler, chosen = choose({"auto": lambda: Off(0)}, film(), Same(box(Region(5, 5, 55, 35))))
    assert isinstance(filler, Off)
    assert filler.starts == 0
    assert chosen.sentence == NO_ROOM


def test_the_place_is_the_same_on_every_frame_and_shows_most_of_the_hole() -> None:
    # To the right there is room at first and none at the end.
    masks = [box(Region(x, 10, x + 12, 20)) for x in (16, 30, 44)]
    assert beside(masks) == Beside(0, -16)


def test_a_few_frames_are_looked_at_and_only_such_with_a_hole() -> None:
    holes = {index: box(Region(0, 0, 4, 4)) if index != 25 else np.zeros(SIZE, bool) for index in range(300)}
    assert samples(holes, range(50)) == []  # type: ignore[arg-type]
    assert samples(holes, range(52)) == [26]  # type: ignore[arg-type]
    assert samples(holes, range(300)) == [50, 150, 250]  # type: ignore[arg-type]


def test_the_figure_is_the_psnr_of_the_second_hole() -> None:
    hole = Same(box(Region(10, 10, 20, 20)))
    found = psnr_beside(Off(5), film(), hole, Beside(0, 14), [10, 12])
    assert found == pytest.approx(20 * np.log10(255 / 5))
    assert psnr_beside(Off(0), film(), hole, Beside(0, 14), [10]) == 60


def test_the_better_filler_is_taken_where_a_network_made_pixels() -> None:
    hole = Same(box(Region(10, 10, 20, 20)))
    better, chosen = choose({"auto": lambda: Off(9, 40), "builtin": lambda: Off(3)}, film(), hole)
    assert isinstance(better, Off)
    assert better.by == 3
    assert chosen.sentence == "38.6 dB (auto: 29.0 dB)"
    kept, chosen = choose({"auto": lambda: Off(3, 40), "builtin": lambda: Off(3)}, film(), hole)
    assert isinstance(kept, Off)
    assert chosen.name == "auto"


def test_a_rival_is_not_even_made_where_no_network_made_pixels() -> None:
    def none() -> Filler:
        raise AssertionError("it was made")

    _, chosen = choose({"auto": lambda: Off(9), "builtin": none}, film(), Same(box(Region(10, 10, 20, 20))))
    assert chosen.sentence == "29.0 dB"
