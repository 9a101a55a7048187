"""Outlines at the film's own size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from videdit_plugins.builtin.tracker.enlarge import enlarge


def disc(size: int, centre: float, radius: float) -> np.ndarray:
    ys, xs = np.mgrid[0:size, 0:size] + 0.5
    return (xs - centre) ** 2 + (ys - centre) ** 2 < radius**2


def errors(result: np.ndarray, truth: np.ndarray) -> int:
    return int(np.count_nonzero((result > 0.5) != truth))


def test_an_outline_comes_nearer_to_the_edges_of_the_large_picture():
    truth = disc(240, 120.3, 71.7)
    large = np.where(truth[..., None], (200, 60, 50), (60, 110, 90)).astype(np.uint8)
    large = cv2.add(large, np.random.default_rng(0).integers(0, 20, large.shape, dtype=np.uint8))
    small = cv2.resize(large, (80, 80), interpolation=cv2.INTER_AREA)
    wrong = np.roll(disc(80, 40, 24.5), 1, axis=1).astype(np.float32)
    probability = cv2.GaussianBlur(wrong, (0, 0), 1.5)
    plain = cv2.resize(probability, (240, 240), interpolation=cv2.INTER_LINEAR)
    assert errors(enlarge(probability, small, large), truth) < 0.6 * errors(plain, truth)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_what_is_certain_stays(value):
    large = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    small = cv2.resize(large, (30, 20), interpolation=cv2.INTER_AREA)
    result = enlarge(np.full((20, 30), value, np.float32), small, large)
    assert result.shape == (60, 90)
    assert (result == value).all()


def test_flat_pictures_and_odd_sizes():
    large, small = np.full((37, 53, 3), 90, np.uint8), np.full((12, 17, 3), 90, np.uint8)
    probability = cv2.GaussianBlur(disc(17, 8, 4)[:12].astype(np.float32), (0, 0), 1)
    result = enlarge(probability, small, large)
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1
