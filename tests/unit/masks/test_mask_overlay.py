"""Masks drawn over the picture."""

from __future__ import annotations

import numpy as np
import pytest

from videdit.errors import ShapeError
from videdit.frames import Region
from videdit.masks import OverlayStyle, PackedMask, draw_overlay, object_colour

SIZE = (120, 160)
PLAIN = OverlayStyle(opacity=0.5, contour_px=0, labels=False)


def _picture() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def _box(x0: int, y0: int, x1: int, y1: int) -> PackedMask:
    mask = np.zeros(SIZE, dtype=bool)
    mask[y0:y1, x0:x1] = True
    return PackedMask.pack(mask)


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=2)


def test_the_tint_lies_on_the_mask_and_nowhere_else() -> None:
    picture = _picture()
    packed = PackedMask.pack(np.random.default_rng(4).random(SIZE) < 0.5)
    drawn = draw_overlay(picture, {7: packed}, {}, PLAIN)
    expected = picture.astype(float) * 0.5 + np.multiply(object_colour(7), 0.5)
    assert np.abs(drawn[packed.mask()] - expected[packed.mask()]).max() <= 0.5
    assert np.array_equal(drawn[~packed.mask()], picture[~packed.mask()])


def test_the_picture_given_is_left_alone() -> None:
    picture = _picture()
    picture.flags.writeable = False
    before = picture.copy()
    drawn = draw_overlay(picture, {1: _box(10, 10, 60, 60)}, {1: "dog"})
    assert np.array_equal(picture, before)
    assert _changed(picture, drawn).any()
    assert np.array_equal(drawn, draw_overlay(picture, {1: _box(10, 10, 60, 60)}, {1: "dog"}))


def test_an_absent_object_is_not_drawn() -> None:
    picture = _picture()
    assert np.array_equal(draw_overlay(picture, {1: PackedMask.absent(SIZE)}, {1: "dog"}), picture)


def test_the_contour_follows_the_edge_and_the_holes() -> None:
    mask = _box(20, 20, 100, 100).mask()
    mask[50:70, 50:70] = False
    drawn = draw_overlay(_picture(), {1: PackedMask.pack(mask)}, {}, OverlayStyle(0.0, 1, labels=False))
    changed = _changed(_picture(), drawn)
    assert np.abs(drawn[20, 60].astype(int) - object_colour(1)).max() <= 30  # antialiased
    assert changed[48:51, 60].any()
    assert not changed[30:45, 25:95].any()
    assert Region.of(changed) == Region(17, 17, 103, 103)


@pytest.mark.parametrize("box", [(0, 0, 160, 120), (0, 0, 3, 3), (157, 117, 160, 120), (60, 40, 80, 60)])
@pytest.mark.parametrize("name", ["dog", "собака 犬", "a name much longer than the picture is wide " * 3, "a\nb", ""])
def test_a_label_stays_in_the_picture(box: tuple[int, int, int, int], name: str) -> None:
    picture = _picture()
    drawn = draw_overlay(picture, {1: _box(*box)}, {1: name}, OverlayStyle(0.0, 0))
    chip = Region.of(_changed(picture, drawn))
    assert chip.width >= 5
    assert chip.height >= 9
    ink = (drawn[chip.slices] < 40).all(axis=2).mean()
    assert 0.01 < ink < 0.5


def test_names_of_any_script_are_written_and_differ() -> None:
    pictures = [
        draw_overlay(np.full((*SIZE, 3), 255, np.uint8), {1: _box(60, 40, 80, 60)}, {1: name}, OverlayStyle(0.0, 0))
        for name in ("犬", "猫", "пёс", "?")
    ]
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_labels_of_neighbours_do_not_cover_one_another() -> None:
    picture = np.full((*SIZE, 3), 255, np.uint8)
    masks = {one: _box(40 + one, 50, 90 + one, 80) for one in (1, 2, 3)}
    alone = sum(
        _changed(picture, draw_overlay(picture, {one: mask}, {}, OverlayStyle(0.0, 0))).sum()
        for one, mask in masks.items()
    )
    together = _changed(picture, draw_overlay(picture, masks, {}, OverlayStyle(0.0, 0))).sum()
    assert together == alone


def test_colours_of_nearby_ids_are_far_apart_and_bright() -> None:
    colours = np.array([object_colour(one) for one in range(1, 9)], dtype=float)
    for one in range(len(colours)):
        for other in range(one):
            assert np.abs(colours[one] - colours[other]).sum() > 60
    assert (colours @ [0.299, 0.587, 0.114] >= 126).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="object 1"):
        draw_overlay(_picture()[:-1], {1: _box(0, 0, 5, 5)}, {})
    with pytest.raises(ShapeError, match="uint8"):
        draw_overlay(_picture().astype(np.uint16), {}, {})
