"""Small data sets laid out as DAVIS is, whose objects go by colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videdit.masks import davis_palette
from videdit.masks.pngs import write_png
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.testing.fakes import FakePlugin

SIZE = (72, 96)
RED, BLUE = (230, 20, 20), (20, 20, 230)
FRAMES = 6


def drawn(index: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A red square that moves right and a blue one that stands, over a grey texture; and which is where."""
    grey = np.random.default_rng(seed).integers(80, 170, SIZE).astype(np.uint8)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    labels = np.zeros(SIZE, np.uint8)
    for object_id, (colour, y, x, side) in enumerate([(RED, 10, 8 + 2 * index, 20), (BLUE, 44, 60, 16)], 1):
        rgb[y : y + side, x : x + side] = colour
        labels[y : y + side, x : x + side] = object_id
    return rgb, labels


def write_sequence(root: Path, name: str, *, seed: int, binary: bool = False, truths: int = FRAMES) -> None:
    """Write one sequence, its last frames without annotation if `truths` is less."""
    from PIL import Image

    images, annotations = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    images.mkdir(parents=True)
    annotations.mkdir(parents=True)
    for index in range(FRAMES):
        rgb, labels = drawn(index, seed)
        Image.fromarray(rgb).save(images / f"{index:05d}.png")
        if index < truths:
            shown = np.where(labels > 0, 255, 0).astype(np.uint8) if binary else labels
            write_png(annotations / f"{index:05d}.png", shown, None if binary else davis_palette())


@pytest.fixture
def sequence_writer() -> Callable[..., None]:
    return write_sequence


@pytest.fixture
def davis(tmp_path: Path) -> Path:
    """A folder with two sequences of two objects."""
    write_sequence(tmp_path / "data", "ants", seed=1)
    write_sequence(tmp_path / "data", "bees", seed=2)
    return tmp_path / "data"


@pytest.fixture
def fakes() -> FakePlugin:
    return FakePlugin()


@pytest.fixture
def plugins(fakes: FakePlugin) -> Plugins:
    return Plugins(installed=False, objects={"fakes": fakes})


@pytest.fixture
def runtime(plugins: Plugins) -> Runtime:
    return plugins.runtime(Runtime())
