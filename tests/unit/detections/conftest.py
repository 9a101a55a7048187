"""A film of two textured discs that a fake detector finds by what it is told, and pictures to carry boxes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import videdit
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.testing.fakes import KnownCuts

SIZE = (120, 160)
CUT = 20
FRAMES = 36


def place(number: int, index: int) -> tuple[float, float, float, float]:
    """Where disc `number` is on frame `index`: 0 goes right, 1 goes down."""
    x, y = (30 + 2.0 * (index % CUT), 40.0) if number == 0 else (120.0, 40 + 1.5 * (index % CUT))
    return x - 12, y - 15, x + 12, y + 15


def drawn(index: int, discs: Sequence[int] = (0, 1)) -> NDArray[np.uint8]:
    """Discs with a texture of their own over a smooth ground; another ground from the cut on."""
    rgb = np.full((*SIZE, 3), 90 if index < CUT else 170, np.uint8)
    rgb += np.arange(SIZE[1], dtype=np.uint8)[None, :, None] // 4
    for number in discs:
        x0, y0, x1, y1 = place(number, index)
        texture = cv2.resize(
            np.random.default_rng(number).integers(0, 255, (10, 8, 3), np.uint8),
            (24, 30),
            interpolation=cv2.INTER_CUBIC,
        )
        mapping = np.array([[1, 0, x0], [0, 1, y0]], np.float64)
        moved = cv2.warpAffine(texture, mapping, SIZE[::-1], flags=cv2.INTER_LINEAR)
        yy, xx = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
        inside = ((xx - (x0 + x1) / 2) / 12) ** 2 + ((yy - (y0 + y1) / 2) / 15) ** 2 < 1
        rgb[inside] = moved[inside]
    return rgb


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    sound = np.sin(np.arange(80000) / 20).astype(np.float32)[:, None].repeat(2, 1) * 0.2
    frames = (drawn(index) for index in range(FRAMES))
    write_film(path, frames, frames_per_second=25, sound=sound, samples_per_second=48000, quality=8)
    return path


Told = Callable[[int], list[tuple[int, float]]]
"""Frame -> number and score of each disc that the detector is to find."""


class Teller(videdit.Detector):
    """Finds the discs it is told to find."""

    looked: list[int]
    knows: bool = False

    def __init__(self, told: Told) -> None:
        self.told = told
        self.looked = []

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        self.looked.append(frame.index)
        scale = frame.size[1] / SIZE[1]
        found = [
            videdit.Detection(*(value * scale for value in place(number, frame.index)), score, "disc")
            for number, score in self.told(frame.index)
        ]
        return sorted(found, key=lambda one: -one.score)

    def looks(self, frame: videdit.Frame, found: Sequence[videdit.Detection]) -> NDArray[np.float32] | None:
        if not self.knows:
            return None
        # The disc that goes down is on the right.
        return np.array([[1, 0] if one.x0 > 100 else [0, 1] for one in found], np.float32).reshape(len(found), 2)

    def looks_unavailable(self) -> str:
        return "" if self.knows else "discs are not known again"


class Finder:
    """A plug-in with the detector, for "discs"."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    @videdit.hookimpl
    def register_detectors(self, register: Any) -> None:
        register("teller", lambda options, runtime: self._teller, rank=5, finds=("discs", "disc"))

    @videdit.hookimpl
    def register_shot_detectors(self, register: Any) -> None:
        register("middle", lambda options, runtime: KnownCuts(CUT), rank=99)


@pytest.fixture
def both() -> Teller:
    """A detector that finds both discs on every frame it looks at."""
    return Teller(lambda index: [(0, 0.9), (1, 0.8)])


@pytest.fixture
def plugins_with() -> Callable[[Teller], Plugins]:
    """Return a function: detector -> plug-ins that have it, and videdit's own."""
    return lambda teller: Plugins(objects={"finder": Finder(teller)}, environment=False)
