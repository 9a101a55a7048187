"""Holes with fixed seeds, of both kinds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from videdit.evaluation.davis import open_davis
from videdit.evaluation.holes import (
    ObjectHoles,
    StationaryHoles,
    background_of,
    donor_of,
    free_form_hole,
    grown_with_height,
)


def test_a_drawn_hole_is_the_same_for_one_seed_and_differs_for_another() -> None:
    hole = free_form_hole((240, 432), 0, "dog")
    assert np.array_equal(hole, free_form_hole((240, 432), 0, "dog"))
    assert not np.array_equal(hole, free_form_hole((240, 432), 1, "dog"))
    assert not np.array_equal(hole, free_form_hole((240, 432), 0, "camel"))


def test_every_size_gets_the_same_drawing() -> None:
    small, large = free_form_hole((240, 432), 3, "dog"), free_form_hole((480, 864), 3, "dog")
    scaled = cv2.resize(large.view(np.uint8), (432, 240), interpolation=cv2.INTER_NEAREST) > 0
    assert (scaled != small).mean() < 0.02


def test_drawn_holes_are_an_eighth_of_the_picture_on_average() -> None:
    shares = [free_form_hole((120, 216), seed, "x").mean() for seed in range(60)]
    assert 0.1 < np.mean(shares) < 0.15
    assert min(shares) > 0.02
    assert max(shares) < 0.35


def test_a_stationary_hole_stands_still_and_ends_with_the_shot() -> None:
    holes = StationaryHoles((90, 160), 4, 0, "dog")
    assert np.array_equal(holes[0], holes[3])
    for index in (-1, 4):
        with pytest.raises(IndexError):
            holes[index]


def test_growing_goes_with_the_height() -> None:
    dot = np.zeros((240, 240), bool)
    dot[100, 100] = True
    # Four crosses make a diamond of radius 4: 2 * 4 * 5 + 1 pixels.
    assert grown_with_height(dot, 4).sum() == 41
    large = np.zeros((480, 480), bool)
    large[100, 100] = True
    assert grown_with_height(large, 4).sum() == 2 * 8 * 9 + 1


def test_whose_object_becomes_whose_hole() -> None:
    ten = [f"s{number}" for number in range(10)]
    assert donor_of("s0", ten) == ("s7", False)
    assert donor_of("s5", ten) == ("s2", False)
    assert donor_of("s3", ten[:7]) == ("s4", False)
    assert donor_of("s0", ten[:1]) == ("s0", True)


def test_object_holes_go_to_and_fro(davis: Path) -> None:
    donor = open_davis(davis).sequence("ants", 3)
    holes = ObjectHoles(donor, (72, 96), 8)
    turns = [0, 1, 2, 1, 0, 1, 2, 1]
    for index, turn in enumerate(turns):
        assert holes.donor_index(index) == turn
        assert np.array_equal(holes[index], grown_with_height(donor.labels(turn) > 0, 4))
    with pytest.raises(IndexError):
        holes[8]
    mirrored = ObjectHoles(donor, (72, 96), 8, mirrored=True)
    assert np.array_equal(mirrored[0], holes[0][:, ::-1])
    assert ObjectHoles(donor, (36, 48), 8)[0].shape == (36, 48)


def test_object_holes_grow_by_four_pixels_at_240(davis: Path) -> None:
    donor = open_davis(davis).sequence("ants")
    hole = ObjectHoles(donor, (240, 320), 6)[0]
    # The red square: rows 10 to 29 of 72, columns 8 to 27 of 96.
    rows, columns = np.flatnonzero(hole[:, 60]), np.flatnonzero(hole[65])
    assert (rows[0], columns[0]) == (33 + 1 - 4, 26 + 1 - 4)


def test_the_background_is_the_hole_less_the_own_object() -> None:
    hole, own = np.zeros((240, 432), bool), np.zeros((240, 432), bool)
    hole[:20, :20] = True
    own[:10] = True
    background = background_of(hole, own)
    assert background is not None
    assert background.sum() == 200
    own[:16] = True
    assert background_of(hole, own) is None  # 80 pixels are left; more are needed
    own[15, 0] = False
    assert background_of(hole, own) is not None
