"""What stands beside a hole is told from the ground by pixels, and by areas where the ground is restless."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from videdit import ArrayFrames, Region
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.surroundings import Surroundings

SIZE, COUNT, AREA_PX = (60, 80), 9, 3.0
LIMB = (slice(20, 44), slice(30, 50))
HOLE = (slice(20, 44), slice(10, 30))


def told(
    noise_codes: float, limb_codes: int, hole_codes: int = 0, share: float | NDArray[np.float32] = 1.0
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Ask of a frame with a limb beside its hole, before a ground that changes by so much from frame to frame."""
    draw = np.random.default_rng(3)
    rgbs = [np.clip(120 + draw.normal(0, noise_codes, (*SIZE, 3)), 0, 255).astype(np.uint8) for _ in range(COUNT)]
    rgbs[0][LIMB] += np.uint8(limb_codes)
    rgbs[0][HOLE] += np.uint8(hole_codes)
    holes = [np.zeros(SIZE, np.bool_) for _ in range(COUNT)]
    holes[0][HOLE] = True
    frames = ArrayFrames(rgbs)
    pictures = Pictures(frames, holes, Scale.of(SIZE, SIZE[0]), kept=COUNT)
    others = [(pictures[index], np.eye(3)) for index in range(1, COUNT)]
    return Surroundings(pictures[0], Region.whole(SIZE), ~holes[0], others, AREA_PX).strange(share)


def test_a_pale_limb_before_restless_ground_is_told_by_areas() -> None:
    pixels, areas = told(noise_codes=14, limb_codes=26)
    assert pixels[LIMB].mean() < 0.2
    assert areas[LIMB].mean() > 0.7
    away = np.ones(SIZE, np.bool_)
    away[16:48, 6:54] = False
    assert areas[away].mean() < 0.02


def test_before_still_ground_pixels_tell_it_and_areas_as_well() -> None:
    pixels, areas = told(noise_codes=1, limb_codes=26)
    assert pixels[LIMB].all()
    assert areas[pixels].all(), "areas add to what pixels tell"


@pytest.mark.parametrize("noise_codes", [1, 14])
def test_what_is_in_the_hole_does_not_bleed_into_the_areas_beside_it(noise_codes: int) -> None:
    _, areas = told(noise_codes=noise_codes, limb_codes=0, hole_codes=100)
    assert areas.mean() < 0.02


def test_where_less_is_asked_less_is_enough() -> None:
    share = np.ones(SIZE, np.float32)
    share[:, : SIZE[1] // 2] = 0.5
    for before, after in zip(told(1, 8), told(1, 8, share=share), strict=True):
        assert before[LIMB].mean() < 0.1
        assert after[20:44, 30:38].mean() > 0.9
        assert after[20:44, 42:50].mean() < 0.1
