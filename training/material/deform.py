"""Affine and smooth random motion."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Motion:
    """Where each pixel of a new picture comes from in the old one.

    source: (h, w, 2) float32, (x, y)
    """

    source: NDArray[np.float32]

    def pixels(self, image: NDArray[np.uint8], border: int = cv2.BORDER_REFLECT_101) -> NDArray[np.uint8]:
        """Return `image` (H, W, ...) uint8 moved."""
        moved = cv2.remap(image, self.source, None, cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(moved, np.uint8)

    def mask(self, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `alpha` (H, W) float32 moved, 0 where nothing comes from the picture."""
        moved = cv2.remap(alpha, self.source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(moved, np.float32)


def affine(
    size: Size,
    *,
    centre: tuple[float, float],
    to: tuple[float, float],
    scale: float = 1.0,
    turn: float = 0.0,
    stretch: float = 1.0,
    shear: float = 0.0,
) -> Motion:
    """Return the motion that brings point `centre` (x, y) of the old picture to `to` in a new one of `size`.

    scale:   of the object, above 1 it grows
    turn:    radians
    stretch: scale along x over scale along y, square root of it each
    """
    cosine, sine = np.cos(turn), np.sin(turn)
    spin = np.array([[cosine, -sine], [sine, cosine]])
    form = np.array([[stretch**0.5, shear], [0, stretch**-0.5]])
    back = np.linalg.inv(scale * spin @ form)
    height, width = size
    ys, xs = np.mgrid[0:height, 0:width]
    away = np.stack([xs - to[0], ys - to[1]], axis=-1)
    return Motion((away @ back.T + np.array(centre)).astype(np.float32))


def smooth(motion: Motion, random: np.random.Generator, amount_px: float, cells: int = 4) -> Motion:
    """Return `motion` with a smooth random field of about `amount_px` pixels added, of `cells` bumps a side."""
    height, width = motion.source.shape[:2]
    coarse = random.normal(0, amount_px, (cells + 1, cells + 1, 2)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return Motion((motion.source + field).astype(np.float32))


def random_motion(
    random: np.random.Generator,
    size: Size,
    centre: tuple[float, float],
    to: tuple[float, float],
    scale: float,
    strength: float,
) -> Motion:
    """Return a random affine motion with a smooth one on top.

    strength: 1 is a large change of pose, 0 is none
    """
    base = affine(
        size,
        centre=centre,
        to=to,
        scale=scale * float(np.exp(random.normal(0, 0.12) * strength)),
        turn=float(random.normal(0, 0.22)) * strength,
        stretch=float(np.exp(random.normal(0, 0.12) * strength)),
        shear=float(random.normal(0, 0.08)) * strength,
    )
    return smooth(base, random, 0.02 * max(size) * strength / max(scale, 0.2), int(random.integers(3, 7)))
