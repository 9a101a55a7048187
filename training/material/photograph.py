"""What light and a camera add to a picture. All take and return (h, w, 3) uint8 RGB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def motion_blur(rgb: Pixels, along: tuple[float, float]) -> Pixels:
    """Return `rgb` blurred along a straight way of (x, y) pixels."""
    length = float(np.hypot(*along))
    if length < 1.5:
        return rgb
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    ends = [(round(reach + side * along[0] / 2), round(reach + side * along[1] / 2)) for side in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(rgb, -1, kernel / kernel.sum()), np.uint8)


def compress(rgb: Pixels, quality: int) -> Pixels:
    """Return `rgb` after JPEG of `quality` in [1, 100]."""
    _, packed = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def grain(rgb: Pixels, random: np.random.Generator, sigma: float, gain: float = 1.0) -> Pixels:
    """Return `rgb` times `gain`, with normal noise of `sigma` grey levels."""
    noise = random.standard_normal(rgb.shape, np.float32) * np.float32(sigma)
    return np.asarray(np.clip(rgb * np.float32(gain) + noise, 0, 255), np.uint8)


def shading_field(random: np.random.Generator, size: tuple[int, int], strength: float) -> NDArray[np.float32]:
    """Return (h, w) float32, a smooth gain about 1."""
    coarse = random.normal(0, strength, (4, 4)).astype(np.float32)
    return np.asarray(np.exp(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)), np.float32)


def shade(rgb: Pixels, field: NDArray[np.float32]) -> Pixels:
    """Return `rgb` times the gain `field` (h, w)."""
    return np.asarray(np.clip(rgb * field[..., None], 0, 255), np.uint8)


def cast_shadow(
    rgb: Pixels, alpha: NDArray[np.float32], offset: tuple[float, float], soft_px: float, darkness: float
) -> Pixels:
    """Return `rgb` darkened by the shadow of an object `alpha` (h, w), thrown by `offset` (x, y) pixels.

    darkness: 0 is none, 1 is black
    """
    thrown = np.array([[1, 0, offset[0]], [0, 0.6, offset[1]]], np.float32)
    shadow = cv2.warpAffine(alpha, thrown, alpha.shape[::-1])
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(soft_px, 0.3))
    return shade(rgb, (1 - darkness * shadow).astype(np.float32))


def foot_shadow(
    rgb: Pixels, alpha: NDArray[np.float32], squash: float, slant: float, soft_px: float, darkness: float
) -> Pixels:
    """Return `rgb` darkened by the shadow of an object `alpha` (h, w) that stands on flat ground.

    squash:   height of the shadow over that of the object; below 0 it falls towards the camera
    slant:    how far it leans to the right, over the object's height
    darkness: 0 is none, 1 is black
    """
    rows = np.flatnonzero((alpha > 0.5).any(axis=1))
    if not len(rows):
        return rgb
    foot = float(rows[-1])
    thrown = np.array([[1, -slant, slant * foot], [0, squash, foot - squash * foot]], np.float32)
    shadow = cv2.warpAffine(alpha, thrown, alpha.shape[::-1])
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(soft_px, 0.3))
    return shade(rgb, (1 - darkness * shadow).astype(np.float32))
