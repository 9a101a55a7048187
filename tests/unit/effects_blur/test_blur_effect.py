"""The blur effect hides what it should, touches nothing else, and shows no detail finer than it says."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from videdit.effect import ShotView, Window
from videdit.frames import ArrayFrames, Mask, Region, Rgb
from videdit.ops import MaskShaping, alpha_of, composite, feather
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.testing.shapes import disc
from videdit_plugins.blur.effect import Blur
from videdit_plugins.blur.options import BlurOptions
from videdit_plugins.blur.pixelation import cell_side_px


def make(**options: Any) -> Blur:
    return Blur(BlurOptions(**options))


def window(rgb: Rgb, mask: Mask, effect: Blur, objects: Mapping[int, Mask] | None = None) -> Window:
    size = (rgb.shape[0], rgb.shape[1])
    alpha = feather(mask, 3)
    region = Region.whole(size)
    if effect.where == "outside":
        alpha = 1 - alpha
    else:
        region = Region.of(alpha)
    inside = region.slices
    cut = rgb[inside].copy()
    cut.flags.writeable = False
    frames = ArrayFrames([rgb])
    view = ShotView(frames.shot, size, frames, {0: mask}, 25.0)
    singles = {1: mask} if objects is None else objects
    parts = {number: one[inside] for number, one in singles.items()}
    return Window(0, Fraction(0), region, cut, mask[inside], alpha[inside], view, parts)


def applied(effect: Blur, rgb: Rgb, mask: Mask, objects: Mapping[int, Mask] | None = None) -> Rgb:
    """What the film shows afterwards."""
    one = window(rgb, mask, effect, objects)
    made = effect.render(one)
    result = rgb.copy()
    if made is not None:
        result[one.region.slices] = composite(rgb[one.region.slices], made, one.alpha)
    return result


def noise(height: int, width: int, dtype: Any = np.uint8, seed: int = 0) -> Rgb:
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top + 1, (height, width, 3)).astype(dtype)


STYLES = ["pixelate", "gaussian", "solid"]


@settings(deadline=None, max_examples=40)
@given(
    style=st.sampled_from(STYLES), outside=st.booleans(), dtype=st.sampled_from([np.uint8, np.uint16]),
    height=st.integers(1, 40), width=st.integers(1, 40), share=st.sampled_from([0, 0.01, 0.3, 1]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_any_mask_on_any_frame(
    style: str, outside: bool, dtype: Any, height: int, width: int, share: float, seed: int
) -> None:
    rgb = noise(height, width, dtype, seed)
    mask = np.random.default_rng(seed).random((height, width)) < share
    effect = make(style=style, outside=outside)
    one = window(rgb, mask, effect)
    made = effect.render(one)
    if not one.alpha.any():
        assert made is None
        return
    assert made is not None
    assert made.shape == one.rgb.shape
    assert made.dtype == dtype
    assert np.array_equal(made, effect.render(one))
    result = applied(effect, rgb, mask)
    untouched = mask if outside else feather(mask, 3) == 0
    assert np.array_equal(result[untouched], rgb[untouched])


@pytest.mark.parametrize("style", STYLES)
def test_nothing_of_the_surroundings_comes_in(style: str) -> None:
    mask = disc((80, 100), (50, 40), 22)
    a, b = noise(80, 100, seed=1), noise(80, 100, seed=2)
    b[mask] = a[mask]
    effect = make(style=style)
    ours, theirs = (effect.render(window(rgb, mask, effect)) for rgb in (a, b))
    assert ours is not None
    assert theirs is not None
    inside = mask[window(a, mask, effect).region.slices]
    assert np.array_equal(ours[inside], theirs[inside])


@pytest.mark.parametrize("style", STYLES)
def test_a_kept_object_leaves_no_halo(style: str) -> None:
    mask = disc((80, 100), (50, 40), 22)
    a = noise(80, 100, seed=1)
    b = a.copy()
    b[mask] = 255 - a[mask]
    effect = make(style=style, outside=True)
    ours, theirs = (effect.render(window(rgb, mask, effect)) for rgb in (a, b))
    assert ours is not None
    assert theirs is not None
    assert np.array_equal(ours[~mask], theirs[~mask])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_pixelated_object_has_no_detail_finer_than_a_cell(dtype: Any) -> None:
    mask = disc((200, 200), (100, 100), 60)
    result = applied(make(), noise(200, 200, dtype), mask)
    side = cell_side_px(120 / 8)
    assert side == 16
    for y in range(100 - 3 * side, 100 + 2 * side, side):
        for x in range(100 - 2 * side, 100 + 2 * side, side):
            cell = result[y : y + side, x : x + side]
            assert (cell == cell[0, 0]).all()


@pytest.mark.parametrize("style", ["pixelate", "gaussian"])
def test_by_default_little_is_left_of_an_object_of_any_size(style: str) -> None:
    # Two pictures that differ in detail of a tenth of the object's size look nearly the same.
    for radius in (10, 40, 150):
        size = 2 * radius + 40
        mask = disc((size, size), (size / 2, size / 2), radius)
        y, x = np.mgrid[:size, :size] * (2 * np.pi / (0.2 * radius))
        pattern = (np.cos(x) * np.cos(y))[..., None] * np.ones(3)
        rgb = (128 + 100 * pattern).astype(np.uint8)
        flat = np.full_like(rgb, 128)
        effect = make(style=style)
        core = disc((size, size), (size / 2, size / 2), 0.6 * radius)
        change = np.abs(applied(effect, rgb, mask)[core].astype(int) - applied(effect, flat, mask)[core])
        assert change.mean() < 0.15 * np.abs(rgb[core].astype(int) - 128).mean()


def test_a_cell_with_few_pixels_does_not_show_them() -> None:
    # One bright pixel of the object reaches into a cell of its own.
    mask = disc((120, 120), (60, 60), 40)
    mask[60, 101:105] = True
    rgb = np.full((120, 120, 3), 50, np.uint8)
    rgb[60, 104] = 250
    result = applied(make(cells=6, noise=0), rgb, mask)
    assert result[60, 104].max() < 100


def test_each_object_has_cells_of_its_own_size() -> None:
    small, large = disc((200, 300), (40, 100), 16), disc((200, 300), (200, 100), 80)
    rgb = noise(200, 300)
    both = applied(make(), rgb, small | large, {1: small, 2: large})
    alone = applied(make(), rgb, small, {1: small})
    assert np.array_equal(both[small], alone[small])
    assert len(np.unique(both[small].reshape(-1, 3), axis=0)) >= 16


def test_pixels_between_objects_belong_to_the_nearest() -> None:
    left, right = disc((60, 120), (40, 30), 15), disc((60, 120), (80, 30), 15)
    joined = left | right
    joined[25:35, 40:80] = True  # what growing and closing added
    rgb = np.zeros((60, 120, 3), np.uint8)
    rgb[:, :60] = (200, 0, 0)
    rgb[:, 60:] = (0, 0, 200)
    result = applied(make(style="gaussian"), rgb, joined, {1: left, 2: right})
    assert (result[joined & (np.arange(120) < 58)][:, 2] < 30).all()
    assert (result[joined & (np.arange(120) > 62)][:, 0] < 30).all()


def test_cells_move_with_the_object_and_their_noise_stays() -> None:
    rgb = noise(120, 200)
    mask = disc((120, 200), (60, 60), 30)
    moved_rgb, moved_mask = np.roll(rgb, (7, 33), (0, 1)), np.roll(mask, (7, 33), (0, 1))
    first = applied(make(), rgb, mask)
    second = applied(make(), moved_rgb, moved_mask)
    assert np.array_equal(np.roll(first, (7, 33), (0, 1))[moved_mask], second[moved_mask])


def test_noise_is_as_strong_as_asked_and_differs_between_objects() -> None:
    rgb = np.full((120, 120, 3), 100, np.uint8)
    mask = disc((120, 120), (60, 60), 40)
    assert (applied(make(noise=0), rgb, mask) == 100).all()
    one, other = (applied(make(noise=0.1), rgb, mask, {number: mask}) for number in (1, 2))
    assert 5 < np.abs(one[mask].astype(int) - 100).max() <= 26
    assert not np.array_equal(one, other)


def test_sizes_that_tremble_share_a_cell() -> None:
    assert {cell_side_px(wanted) for wanted in np.linspace(11.5, 15.9, 20)} == {16}
    assert [cell_side_px(wanted) for wanted in (0, 4, 4.1, 8, 9, 1000)] == [4, 4, 6, 8, 11, 1024]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_solid_paints_the_colour(dtype: Any) -> None:
    mask = disc((40, 40), (20, 20), 10)
    result = applied(make(style="solid", colour="#1A80ff"), noise(40, 40, dtype), mask)
    scale = np.iinfo(dtype).max // 255
    assert (result[mask] == np.array([26, 128, 255]) * scale).all()


def test_gaussian_of_a_given_radius() -> None:
    # A step, seen through a Gaussian of 5 px, 5 px away from it: 84% of the way.
    rgb = np.zeros((60, 200, 3), np.uint8)
    rgb[:, 100:] = 200
    mask = np.zeros((60, 200), np.bool_)
    mask[5:55, 20:180] = True
    result = applied(make(style="gaussian", radius="5"), rgb, mask)
    assert result[30, 104].max() == pytest.approx(0.816 * 200, abs=4)
    assert result[30, 95].max() == pytest.approx(0.184 * 200, abs=4)


def test_the_help_says_that_gaussian_blur_is_reversible() -> None:
    assert "REVERSIBLE" in (BlurOptions.model_fields["style"].description or "")
    assert BlurOptions().style == "pixelate"


@pytest.mark.parametrize("wrong", [{"style": "swirl"}, {"cells": 0}, {"colour": "red"}, {"radius": "-3"}, {"zap": 1}])
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BlurOptions(**wrong)


def test_it_is_registered_and_its_shaping_is_known() -> None:
    plugins = Plugins()
    effect = plugins.create("effect", "blur", {"outside": True}, Runtime())
    assert isinstance(effect, Blur)
    assert (effect.where, Blur.where) == ("outside", "object")
    assert MaskShaping.model_validate(effect.shaping).grow == "0"
    shaping = MaskShaping.model_validate(make().shaping)
    assert shaping.grow == "1%"
    mask = disc((200, 200), (100, 100), 50)
    assert (alpha_of(mask, shaping)[mask] == 1).all()
