"""How the views of a hole are weighed against one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from videdit_plugins.builtin.filler.blending import blend
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View

SIZE = (48, 64)


def view(index: int, rgb: np.ndarray, beside: np.ndarray) -> View:
    """A view that is aligned without fault."""
    shift = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    light, shown = np.zeros(3, np.float32), rgb.astype(np.uint8)
    everywhere = np.ones(SIZE, bool)
    return View(index, shift, shown, everywhere, 1, light, shown, beside)


def test_what_lies_beside_a_frames_own_hole_counts_less_where_it_differs_from_what_another_frame_shows() -> None:
    hole = np.zeros(SIZE, bool)
    hole[16:32, 20:40] = True
    ground = np.full((*SIZE, 3), 100, np.float32)
    # What a mask left of the object: a rim of it, which nothing around the hole tells from the ground.
    left = ground.copy()
    left[hole] = 180
    nowhere, everywhere = np.zeros(SIZE, bool), np.ones(SIZE, bool)
    scale = Scale.of(SIZE, 48)
    both = blend([view(1, ground, nowhere), view(2, left, hole)], ground.astype(np.uint8), hole, scale)
    assert np.abs(both.rgb - ground)[hole].max() < 4
    alike = blend([view(1, ground, nowhere), view(2, left, nowhere)], ground.astype(np.uint8), hole, scale)
    assert np.abs(alike.rgb - ground)[hole].min() > 10
    # Hardly different: ground, seen a little otherwise.
    near = np.where(hole[..., None], 104, ground)
    averaged = blend([view(1, ground, nowhere), view(2, near, hole)], ground.astype(np.uint8), hole, scale)
    np.testing.assert_allclose(averaged.rgb[hole], 102, atol=0.5)
    alone = blend([view(2, left, everywhere)], ground.astype(np.uint8), hole, scale)
    assert alone.seen[hole].all()
    np.testing.assert_allclose(alone.rgb[hole], 180, atol=1e-3)


def test_a_difference_from_views_that_do_not_agree_either_says_little() -> None:
    """Texture that is off by a pixel differs from view to view, and so may the one that is beside a hole."""
    hole = np.zeros(SIZE, bool)
    hole[16:32, 20:40] = True
    ground = np.full((*SIZE, 3), 100, np.float32)
    nowhere = np.zeros(SIZE, bool)
    weights = []
    for apart in (0, 40):
        shown = [np.where(hole[..., None], 100 + codes, ground) for codes in (-apart, apart, 70)]
        views = [view(1, shown[0], nowhere), view(2, shown[1], nowhere), view(3, shown[2], hole)]
        weights.append(blend(views, ground.astype(np.uint8), hole, Scale.of(SIZE, 48)).weights[2][hole])
    sure, unsure = weights
    assert sure.max() < 0.02
    assert unsure.min() > 0.05


def test_a_followed_view_counts_as_far_as_it_fits_the_contrast_of_its_surroundings() -> None:
    """Errors of the same size: between strong edges it has found its way, on plain ground it has lost it."""
    hole = np.zeros(SIZE, bool)
    hole[16:32, 20:40] = True
    draw = np.random.default_rng(0)
    off = draw.normal(0, 20, (*SIZE, 1))
    for deviation, found in ((60, True), (10, False)):
        ground = np.clip(128 + draw.normal(0, deviation, (*SIZE, 1)) + np.zeros((1, 1, 3)), 0, 255)
        shown = np.clip(ground + off, 0, 255)
        followed = replace(view(1, shown, np.zeros(SIZE, bool)), followed=True)
        blended = blend([followed], ground.astype(np.uint8), hole, Scale.of(SIZE, 48))
        assert blended.seen[hole].all() == found
        assert blended.seen[hole].any() == found
