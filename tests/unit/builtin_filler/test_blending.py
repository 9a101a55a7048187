"""How the views of a hole are weighed against one another."""

from __future__ import annotations

import numpy as np

from videdit_plugins.builtin.filler.blending import blend
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View

SIZE = (48, 64)


def view(index: int, rgb: np.ndarray, beside: np.ndarray) -> View:
    """A view that is aligned without fault."""
    shift = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    return View(index, shift, rgb.astype(np.uint8), np.ones(SIZE, bool), distance=1, beside=beside)


def test_what_lies_beside_a_frames_own_hole_counts_less_where_another_frame_shows_the_place() -> None:
    hole = np.zeros(SIZE, bool)
    hole[16:32, 20:40] = True
    ground = np.full((*SIZE, 3), 100, np.float32)
    # What a mask left of the object: a rim of it, which nothing around the hole tells from the ground.
    left = ground.copy()
    left[hole] = 130
    nowhere, everywhere = np.zeros(SIZE, bool), np.ones(SIZE, bool)
    scale = Scale.of(SIZE, 48)
    both = blend([view(1, ground, nowhere), view(2, left, hole)], ground.astype(np.uint8), hole, scale)
    assert np.abs(both.rgb - ground)[hole].max() < 4
    alike = blend([view(1, ground, nowhere), view(2, left, nowhere)], ground.astype(np.uint8), hole, scale)
    assert np.abs(alike.rgb - ground)[hole].min() > 10
    alone = blend([view(2, left, everywhere)], ground.astype(np.uint8), hole, scale)
    assert alone.seen[hole].all()
    np.testing.assert_allclose(alone.rgb[hole], 130, atol=1e-3)
