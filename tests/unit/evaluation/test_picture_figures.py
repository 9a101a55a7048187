"""PSNR, SSIM and flow-warping error on cases that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from videdit.errors import ShapeError
from videdit.evaluation import Motion, motion_between, psnr, ssim, ssim_map, warp_error, warp_errors
from videdit.evaluation.flicker import visible_along


def texture(seed: int = 0, size: tuple[int, int] = (80, 100)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)


def test_psnr_of_a_known_difference() -> None:
    truth = np.full((8, 8, 3), 100, np.uint8)
    # 10 levels everywhere: 10 log10(255² / 100).
    assert psnr(truth + 10, truth) == pytest.approx(28.1308036)
    assert psnr(truth - 10, truth) == pytest.approx(28.1308036)
    assert psnr(truth, truth) == math.inf


def test_psnr_of_a_hole_is_that_of_the_frame_less_its_share() -> None:
    truth = texture(size=(20, 20))
    where = np.zeros((20, 20), bool)
    where[:2] = True
    result = truth.copy()
    result[where] ^= 15
    assert psnr(result, truth) == pytest.approx(psnr(result, truth, where) + 10 * math.log10(10))
    assert psnr(result, truth, ~where) == math.inf
    assert math.isnan(psnr(result, truth, np.zeros((20, 20), bool)))


def test_psnr_takes_differences_beyond_8_bits() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert psnr(white, black) == 0


def test_ssim_of_equal_pictures_is_1() -> None:
    similarity = ssim_map(texture(), texture())
    assert similarity.shape == (80 - 64, 100 - 64)
    assert ssim(similarity) == pytest.approx(1)


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = np.full((70, 70, 3), 100, np.uint8), np.full((70, 70, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(ssim_map(a, b)) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_ssim_takes_the_covariance_of_a_sample() -> None:
    # Contrast halved about the mean: 2 s / 2 over s + s / 4 = 0.8, but for the constant.
    noise = np.random.default_rng(1).integers(0, 2, (65, 65)) * 80
    a = np.repeat((noise + 60)[..., None], 3, 2).astype(np.uint8)
    b = np.repeat((noise // 2 + 80)[..., None], 3, 2).astype(np.uint8)
    x, y = a[..., 0].astype(float).ravel(), b[..., 0].astype(float).ravel()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    cov = np.cov(x, y)
    expected = (2 * x.mean() * y.mean() + c1) * (2 * cov[0, 1] + c2)
    expected /= (x.mean() ** 2 + y.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)
    assert ssim(ssim_map(a, b)) == pytest.approx(expected)


def test_ssim_of_a_part() -> None:
    truth, result = texture(), texture()
    result[:, 60:] = 0
    similarity = ssim_map(result, truth)
    left, border = np.zeros((80, 100), bool), np.zeros((80, 100), bool)
    left[:, :33] = True
    border[:, :20] = True
    # Column 32 is the only one of the left part inside; its window ends at column 64, so that 5 of 65 columns differ.
    assert ssim(similarity) < ssim(similarity, left) < 1
    assert math.isnan(ssim(similarity, border))


def test_ssim_needs_room_for_its_window() -> None:
    with pytest.raises(ShapeError):
        ssim_map(texture(size=(64, 100)), texture(size=(64, 100)))


def shifted(by_px: int) -> Motion:
    flow = np.zeros((80, 100, 2), np.float32)
    flow[..., 0] = by_px
    visible = np.ones((80, 100), bool)
    visible[:, -max(1, by_px) :] = False
    return Motion(flow, visible)


def test_a_still_film_has_no_warp_error() -> None:
    still = texture()
    motion = motion_between(still, still)
    assert motion.visible.mean() > 0.95
    assert warp_error(warp_errors(still, still, motion), motion) == pytest.approx(0, abs=1e-9)


def test_a_film_that_moves_along_the_flow_has_no_warp_error() -> None:
    first = texture()
    second = np.roll(first, 3, axis=1)
    motion = shifted(3)
    assert warp_error(warp_errors(first, second, motion), motion) == pytest.approx(0, abs=1e-9)
    # A fill that stands still in a moving film flickers against it.
    assert warp_error(warp_errors(first, first, motion), motion) > 0.05


def test_a_warp_error_of_known_size() -> None:
    first = np.full((80, 100, 3), 100, np.uint8)
    second = first + 51  # one fifth of full scale
    errors = warp_errors(first, second, shifted(0))
    assert warp_error(errors, shifted(0)) == pytest.approx(0.04)
    hole = np.zeros((80, 100), bool)
    assert math.isnan(warp_error(errors, shifted(0), hole))
    hole[:, -1] = True  # not visible
    assert math.isnan(warp_error(errors, shifted(0), hole))
    hole[:10, :10] = True
    assert warp_error(errors, shifted(0), hole) == pytest.approx(0.04)


def test_what_is_occluded_or_between_two_motions_does_not_count() -> None:
    ahead, back = np.zeros((40, 40, 2), np.float32), np.zeros((40, 40, 2), np.float32)
    assert visible_along(ahead, back).all()
    back[10:20, 10:20] = 2  # does not lead back: |f + b|² = 8 > 0.01 * 8 + 0.5
    seen = visible_along(ahead, back)
    assert not seen[10:20, 10:20].any()
    assert seen[:9].all()
    ahead, back = np.zeros((40, 40, 2), np.float32), np.zeros((40, 40, 2), np.float32)
    ahead[:, 20:, 0], back[:, 20:, 0] = 0.5, -0.5
    seen = visible_along(ahead, back)
    assert not seen[:, 19].any()  # the step of half a pixel lies right of column 19
    assert seen[:, :19].all()
    assert seen[:, 21:].all()
