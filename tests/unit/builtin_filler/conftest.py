"""Clips whose background is known: a textured ground, a camera that pans over it, an object that moves on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from videdit import ArrayFrames, Runtime
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.options import FillerOptions

HEIGHT, WIDTH = 96, 128


@dataclass(frozen=True)
class Clip:
    """truth: the ground alone. shown: with the object. holes: the object's masks."""

    truth: list[NDArray[np.uint8]]
    shown: list[NDArray[np.uint8]]
    holes: list[NDArray[np.bool_]]


class Holes:
    """Masks by index in the film; refuses indices outside the shot, as the interface says."""

    def __init__(self, masks: list[NDArray[np.bool_]], first_index: int = 0) -> None:
        self.masks, self.first_index = masks, first_index

    def __getitem__(self, index: int) -> NDArray[np.bool_]:
        if not 0 <= index - self.first_index < len(self.masks):
            raise IndexError(index)
        return self.masks[index - self.first_index]


def ground(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Noise of several sizes: corners everywhere, no two places alike."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cell, strength in ((24, 60), (10, 40), (5, 20)):
        noise = random.normal(size=(height // cell + 2, width // cell + 2, 3))
        total += strength * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + total, 0, 255).astype(np.uint8)


def panning(
    count: int = 16,
    pan: float = 1.5,
    speed: float = 5.0,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    side: int = 24,
    tilt: float = 0.3,
) -> Clip:
    """Make a clip: the camera pans right, a checked square crosses the picture."""
    height, width = size
    plate = ground(height + 8, width + int(abs(pan) * count) + 8)
    truth, shown, holes = [], [], []
    for index in range(count):
        shift = np.float32([[1, 0, pan * index], [0, 1, tilt * index % 3]])
        frame = cv2.warpAffine(plate, shift, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        left, top = 8 + int(speed * index), height // 3
        hole = np.zeros((height, width), np.bool_)
        hole[top : top + side, left : left + side] = True
        checks = np.indices((height, width)).sum(axis=0) // 4 % 2 * 200
        truth.append(frame)
        shown.append(np.where(hole[..., None], checks[..., None], frame).astype(np.uint8))
        holes.append(hole)
    return Clip(truth, shown, holes)


def start(
    clip: Clip, first_index: int = 0, quality: Any = "standard", filler: BuiltinFiller | None = None, **options: object
) -> BuiltinFiller:
    """Begin a clip with a new filler, or the one given."""
    filler = filler or BuiltinFiller(FillerOptions.model_validate(options), Runtime(quality=quality))
    filler.start(ArrayFrames(clip.shown, first_index=first_index), Holes(clip.holes, first_index))
    return filler


@pytest.fixture(scope="session")
def clip() -> Clip:
    return panning()


@pytest.fixture
def make_clip() -> Callable[..., Clip]:
    return panning


@pytest.fixture
def started() -> Callable[..., BuiltinFiller]:
    return start


@pytest.fixture(scope="session")
def textured() -> Callable[..., NDArray[np.uint8]]:
    return ground
