"""Made-up motion of an object against the camera, as optical flow would see it: uneven, leaking, noisy, or none."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.segmenter.motion import SMALLEST_NOISE_PX, Motion, no_motion

NONE = 0.3
"""Chance of a frame without neighbours, or an object that does not move."""
Field = NDArray[np.float32]


def made_up_motion(truth: Mask, alike: Mask, random: np.random.Generator) -> Motion:
    """Return a residual motion for an object `truth` (H, W).

    alike: (H, W) bool, what moves with the object without being part of it: its shadow, stirred water
    """
    size = truth.shape
    draw = random.random()
    if draw < NONE / 2:
        return no_motion((size[0], size[1]))
    residual = np.zeros((*size, 2), np.float32)
    if draw > NONE:
        residual += _object_motion(truth, alike, random)
    for _ in range(int(random.random() < 0.3) * int(random.integers(1, 4))):
        # Other things that move: rivals, leaves, water.
        blob = _smooth(random, size, 5)[..., None] > random.uniform(0.4, 1.5)
        other = random.normal(0, 1, 2) + 0.5 * np.dstack([_smooth(random, size, 6) for _ in range(2)])
        other = other * random.uniform(0.1, 2)
        residual = np.where(blob & ~truth[..., None], other.astype(np.float32), residual)
    if random.random() < 0.5:
        parallax = np.dstack([_smooth(random, size, 3) for _ in range(2)])
        residual += np.float32(np.exp(random.uniform(np.log(0.03), np.log(0.6)))) * parallax
    noise = np.exp(random.uniform(np.log(0.01), np.log(0.25)))
    residual += np.dstack([_smooth(random, size, int(random.integers(8, 40))) for _ in range(2)]) * np.float32(noise)
    residual = cv2.GaussianBlur(residual.astype(np.float32), (0, 0), float(random.uniform(1.0, 4.0)))
    typical = float(np.median(np.linalg.norm(residual, axis=2)))
    return Motion(residual, max(SMALLEST_NOISE_PX, 1.5 * typical))


def _object_motion(truth: Mask, alike: Mask, random: np.random.Generator) -> Field:
    speed = np.exp(random.uniform(np.log(0.15), np.log(8)))
    angle = random.uniform(0, 2 * np.pi)
    vector = np.array([np.cos(angle), np.sin(angle)]) * speed
    size = truth.shape
    # Limbs: parts move faster, slower, or another way than the whole.
    swing = np.dstack([_smooth(random, size, int(random.integers(2, 7))) for _ in range(2)])
    field = vector + swing * speed * random.uniform(0, 0.9)
    if random.random() < 0.3:
        # A part that stands still, like a foot on the ground.
        field = field * np.clip(_smooth(random, size, 4) + random.uniform(0.2, 1.5), 0, 1)[..., None]
    moving = _leaking(truth, random)
    if alike.any():
        moving = np.maximum(moving, alike)
    elif random.random() < 0.15:
        ring = cv2.dilate(truth.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        moving = np.maximum(moving, ring & (_smooth(random, size, 5) > 0.8))
    return np.asarray(field * moving[..., None], np.float32)


def _leaking(truth: Mask, random: np.random.Generator) -> Field:
    """Return the mask with its outline moved in and out by some pixels, as flow has it."""
    height, width = truth.shape
    amount = float(random.uniform(0, 4))
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    shift = [amount * _smooth(random, truth.shape, 12) for _ in range(2)]
    moved = cv2.remap(
        truth.astype(np.float32), xs + shift[0], ys + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    grown = int(random.integers(-2, 4))
    if grown > 0:
        moved = cv2.dilate(moved, np.ones((2 * grown + 1,) * 2, np.uint8))
    elif grown < 0:
        moved = cv2.erode(moved, np.ones((1 - 2 * grown,) * 2, np.uint8))
    return np.asarray(moved, np.float32)


def _smooth(random: np.random.Generator, size: tuple[int, ...], cells: int) -> Field:
    coarse = random.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), np.float32)
