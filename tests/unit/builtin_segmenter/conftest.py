"""Synthetic clips with known truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from videdit.frames import ArrayFrames
from videdit.runtime import Runtime
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.options import SegmenterOptions


@dataclass
class Clip:
    frames: ArrayFrames
    index: int
    truth: np.ndarray


def texture(random, shape):
    """Return blobs of a few pixels in every colour, among which a contour cannot be seen in a still."""
    blobs = cv2.GaussianBlur(random.normal(size=(*shape, 3)).astype(np.float32), (0, 0), 1.2)
    return np.clip(128 + 220 * blobs, 0, 255).astype(np.uint8)


def disc(shape, x, y, radius):
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    return (xs - x) ** 2 + (ys - y) ** 2 < radius**2


@pytest.fixture(scope="session")
def moving_clip() -> Clip:
    """A textured disc of radius 26 moving 3 px a frame over ground of the same texture moving 1 px the other way."""
    random = np.random.default_rng(1)
    shape, index = (140, 200), 4
    ground, skin = texture(random, (shape[0], shape[1] + 20)), texture(random, shape)
    pixels = []
    for number in range(9):
        mask = disc(shape, 80 + 3 * (number - index), 70, 26)
        moved = np.roll(skin, 3 * (number - index), axis=1)
        pixels.append(np.where(mask[..., None], moved, ground[:, number : number + shape[1]]))
    return Clip(ArrayFrames(pixels, first_index=10), 10 + index, disc(shape, 80, 70, 26))


@pytest.fixture(scope="session")
def still_clip() -> Clip:
    """One frame: a reddish disc of radius 20 on greenish noise."""
    random = np.random.default_rng(2)
    shape = (100, 130)
    truth = disc(shape, 50, 45, 20)
    ground = random.integers(0, 50, (*shape, 3)) + np.array([40, 120, 50])
    thing = random.integers(0, 50, (*shape, 3)) + np.array([170, 40, 30])
    return Clip(ArrayFrames([np.where(truth[..., None], thing, ground).astype(np.uint8)]), 0, truth)


@pytest.fixture
def segmenter():
    return BuiltinSegmenter(SegmenterOptions(), Runtime())


@pytest.fixture
def iou():
    return lambda one, other: (one & other).sum() / (one | other).sum()
