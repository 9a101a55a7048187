"""Synthetic clips with exact masks for the built-in tracker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from videdit.frames import ArrayFrames, Mask
from videdit.runtime import Runtime
from videdit_plugins.builtin.tracker.engine import BuiltinTracker
from videdit_plugins.builtin.tracker.options import TrackerOptions

SIZE = (120, 200)


def texture(seed: int, size: tuple[int, int], colour: tuple[int, int, int]) -> np.ndarray:
    """Smooth noise about a colour, (h, w, 3) uint8."""
    noise = np.random.default_rng(seed).normal(0, 1, (*size, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.clip(np.array(colour) + noise * (40 / noise.std()), 0, 255).astype(np.uint8)


@dataclass
class Clip:
    """A clip being painted: patches move over a ground, later ones in front of earlier ones."""

    frame_count: int
    size: tuple[int, int] = SIZE
    pixels: list[np.ndarray] = field(default_factory=list)
    masks: list[dict[int, Mask]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ground = texture(1, self.size, (110, 120, 100))
        self.pixels = [ground.copy() for _ in range(self.frame_count)]
        self.masks = [{} for _ in range(self.frame_count)]

    def ellipse(
        self,
        object_id: int,
        colour: tuple[int, int, int],
        place: Callable[[int], tuple[float, float]],
        radius: int = 18,
        like: int | None = None,
    ) -> Clip:
        """Let an ellipse go where `place` says; with id 0 it only hides others. Its texture is that of `like`."""
        patch = texture(10 + (object_id if like is None else like), (4 * radius, 4 * radius), colour)
        for index in range(self.frame_count):
            x, y = place(index)
            shape = np.zeros(self.size, np.uint8)
            cv2.ellipse(shape, (round(x), round(y)), (radius, round(1.3 * radius)), 0, 0, 360, 1, -1)
            moved = cv2.warpAffine(
                patch,
                np.array([[1, 0, round(x) - 2 * radius], [0, 1, round(y) - 2 * radius]], np.float32),
                self.size[::-1],
                flags=cv2.INTER_NEAREST,
            )
            inside = shape > 0
            self.pixels[index][inside] = moved[inside]
            for mask in self.masks[index].values():
                mask &= ~inside
            if object_id:
                self.masks[index][object_id] = inside
        return self

    @property
    def frames(self) -> ArrayFrames:
        return ArrayFrames(self.pixels)


@pytest.fixture
def paint() -> type[Clip]:
    return Clip


@pytest.fixture
def make_tracker() -> Callable[..., BuiltinTracker]:
    def make(quality: str = "standard", learned: bool = True, **options: object) -> BuiltinTracker:
        return BuiltinTracker(TrackerOptions(**options), Runtime(quality=quality, learned=learned))

    return make
