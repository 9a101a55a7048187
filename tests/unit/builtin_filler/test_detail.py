"""Detail that averaging took is put back, and none where none is lost."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from videdit_plugins.builtin.filler.detail import detail_gain, strengthened
from videdit_plugins.builtin.filler.views import View

SIZE = (48, 64)
EVERYWHERE = np.ones(SIZE, bool)


def texture(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    noise = np.random.default_rng(seed).normal(128, 40, (*SIZE, 1))
    return np.repeat(cv2.GaussianBlur(noise, (0, 0), 1.0)[..., None], 3, axis=2).astype(np.float32)


def averaged(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Return the mean of two views, and the gain that it needs."""
    still, light = np.zeros((*SIZE, 2), np.float32), np.zeros(3, np.float32)
    views = [
        View(index, still, rgb, EVERYWHERE, 1, light, rgb, ~EVERYWHERE) for index, rgb in enumerate((first, second))
    ]
    mean = (first + second) / 2
    return mean, detail_gain(views, np.full((2, *SIZE), 0.5, np.float32), mean, EVERYWHERE, first, EVERYWHERE)


def test_views_that_agree_lose_nothing() -> None:
    _, gain = averaged(texture(1), texture(1))
    assert gain == pytest.approx(np.ones(SIZE), abs=1e-3)


def test_views_that_do_not_agree_lose_detail_which_comes_back() -> None:
    first = texture(1)
    shifted = np.roll(first, 2, axis=1)
    mean, gain = averaged(first, shifted)
    assert 1.1 < gain.mean() <= 1.5
    sharp = strengthened(mean, EVERYWHERE, gain, 1.0)
    inner = (slice(8, -8), slice(8, -8))
    energy = [np.square(cv2.Laplacian(one[..., 0], cv2.CV_32F)[inner]).mean() for one in (mean, sharp, first)]
    assert energy[0] < 0.8 * energy[2]
    assert energy[0] < energy[1] < 1.3 * energy[2]


def test_a_gain_of_one_changes_nothing() -> None:
    rgb = texture(3)
    assert np.array_equal(strengthened(rgb, EVERYWHERE, np.ones(SIZE, np.float32), 1.0), rgb)
