"""How one frame is aligned with the surroundings of a hole in another, beyond the homography."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit_plugins.builtin.filler.mapping import grid
from videdit_plugins.builtin.filler.pictures import Picture
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import aligned

HEIGHT, WIDTH = 120, 200
BOX = Region(0, 0, WIDTH, HEIGHT)
HOLE = (slice(40, 80), slice(85, 115))
TEXTURE = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH + 20)).astype(np.float32), (0, 0), 2.0
)
TEXTURE = np.clip(128 + 6 * (TEXTURE - TEXTURE.mean()), 0, 255).astype(np.uint8)


def picture(index: int, grey: NDArray[np.uint8], *, holed: bool) -> Picture:
    hole = np.zeros(grey.shape, np.bool_)
    hole[HOLE] = holed
    wide = cv2.dilate(hole.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return Picture(index, np.repeat(grey[..., None], 3, 2), grey, hole, wide)


def shift_in_hole(
    here: NDArray[np.uint8], there: NDArray[np.uint8], moving: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> float:
    """Return how far to the right the hole of `here` is looked for in `there`, pixels."""
    scale = Scale((HEIGHT, WIDTH), (HEIGHT, WIDTH))
    pictures = picture(0, here, holed=True), picture(1, there, holed=False)
    x, _ = aligned(*pictures, np.eye(3), BOX, scale, "balanced", moving)
    return float((x - grid(BOX)[0])[HOLE].mean())


def shifted(by: int) -> NDArray[np.uint8]:
    return TEXTURE[:, 10 - by : 10 - by + WIDTH].copy()


def test_what_moves_by_itself_does_not_carry_the_hole_along() -> None:
    here, there = shifted(0), shifted(0)
    right = np.zeros((HEIGHT, WIDTH), np.bool_)
    right[:, 100:] = True
    there[right] = shifted(2)[right]
    nothing = np.zeros_like(right)
    carried = shift_in_hole(here, there, (nothing, nothing))
    assert carried > 0.6
    for moving in ((right, nothing), (nothing, right), (right, right)):
        assert abs(shift_in_hole(here, there, moving)) < 0.1 * carried


def test_a_place_without_texture_has_no_say() -> None:
    """Beside a sky, where flow is nought and the pictures agree all the same, the ground on the other side decides."""
    here, there = shifted(0), shifted(2)
    for one in (here, there):
        one[:, 100:] = 200
    nothing = np.zeros((HEIGHT, WIDTH), np.bool_)
    assert abs(shift_in_hole(here, there, (nothing, nothing)) - 2) < 0.3
