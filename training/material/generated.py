"""Pictures made of nothing: shapes of procedural texture, and of public-domain pictures that scikit-image ships."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material.picture import SegmentedPicture

SIZE = (320, 480)
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
"""In the public domain or CC0, as `skimage.data` states for each; the same holds for SURFACES."""
SURFACES = ("brick", "grass", "gravel")


def generate(seed: int) -> SegmentedPicture:
    """Return one picture, always the same for a seed: 5 to 11 shapes, one in front of the other, all whole objects."""
    random = np.random.default_rng(seed)
    rgb = texture(random, SIZE)
    segments = np.ones(SIZE, np.uint16)
    for label in range(2, 2 + int(random.integers(5, 12))):
        shape = random_shape(random, SIZE)
        rgb[shape] = texture(random, SIZE)[shape]
        segments[shape] = label
    present = np.unique(segments)
    return SegmentedPicture(f"generated-{seed}", rgb, segments, tuple(int(one) for one in present if one > 1))


def random_shape(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return (h, w) bool: a blob, or one to three blobs joined by limbs."""
    height, width = size
    drawn = np.zeros(size, np.uint8)
    centre = np.array([random.uniform(0.1, 0.9) * width, random.uniform(0.1, 0.9) * height])
    radius = float(np.exp(random.uniform(np.log(0.06), np.log(0.24)))) * width
    for number in range(1 + int(random.random() < 0.5) * int(random.integers(1, 3))):
        if number:
            before, centre = centre, centre + random.normal(0, 1.1 * radius, 2)
            radius *= random.uniform(0.5, 0.9)
            thick = max(2, round(radius * random.uniform(0.2, 0.7)))
            ends = (tuple(map(int, before)), tuple(map(int, centre)))
            cv2.line(drawn, ends[0], ends[1], 1, thick)
        cv2.fillPoly(drawn, [_outline(random, centre, radius)], 1)
    return drawn > 0


def _outline(random: np.random.Generator, centre: NDArray[np.float64], radius: float) -> NDArray[np.int32]:
    angles = np.linspace(0, 2 * np.pi, 5 if random.random() < 0.15 else 72, endpoint=False) + random.uniform(0, 6)
    reach = np.ones_like(angles)
    for wave in range(2, 7):
        reach += random.normal(0, 0.35 / wave) * np.cos(wave * angles + random.uniform(0, 6))
    stretch = random.uniform(0.5, 1.0)
    turn = random.uniform(0, np.pi)
    xs = radius * reach * np.cos(angles)
    ys = radius * reach * np.sin(angles) * stretch
    turned = np.stack([xs * np.cos(turn) - ys * np.sin(turn), xs * np.sin(turn) + ys * np.cos(turn)], axis=1)
    return np.asarray(turned + centre, np.int32)


def texture(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return (h, w, 3) uint8: noise of several scales, stripes, checks, or a piece of a real surface or picture."""
    kind = random.random()
    if kind < 0.35:
        return _piece(random, size)
    height, width = size
    low, high = random.uniform(0, 255, (2, 3))
    if kind < 0.75:
        share = _noise(random, size)
    else:
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        turn, pitch = random.uniform(0, np.pi), random.uniform(5, 50)
        wobble = _noise(random, size) * random.uniform(0, 8)
        along = (xs * np.cos(turn) + ys * np.sin(turn)) / pitch + wobble
        across = (ys * np.cos(turn) - xs * np.sin(turn)) / pitch
        stripes = np.sin(along)
        share = 0.5 + 0.5 * (stripes * np.sin(across) if kind > 0.9 else stripes)
    rgb = low + (high - low) * share[..., None]
    rgb += random.normal(0, random.uniform(0, 12)) * (_noise(random, size, fine=True)[..., None] - 0.5) * 4
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)


def _noise(random: np.random.Generator, size: tuple[int, int], fine: bool = False) -> NDArray[np.float32]:
    total = np.zeros(size, np.float32)
    for octave in range(5 if fine else 2, 8):
        cells = 2**octave
        small = random.normal(0, 1, (max(2, cells * size[0] // size[1]), cells)).astype(np.float32)
        total += cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC) * random.uniform(0.3, 1.0) / cells**0.6
    total -= total.min()
    return np.asarray(total / max(float(total.max()), 1e-6), np.float32)


def _piece(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    name = (PHOTOGRAPHS + SURFACES)[int(random.integers(len(PHOTOGRAPHS) + len(SURFACES)))]
    whole = _shipped(name)
    share = random.uniform(0.35, 0.95)
    ratio = min(whole.shape[0] / size[0], whole.shape[1] / size[1]) * share
    height, width = max(2, int(size[0] * ratio)), max(2, int(size[1] * ratio))
    y, x = random.integers(whole.shape[0] - height + 1), random.integers(whole.shape[1] - width + 1)
    piece = cv2.resize(whole[y : y + height, x : x + width], size[::-1], interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.5:
        piece = piece[:, ::-1]
    tint = random.uniform(0.4, 1.1, 3) if name in SURFACES else random.uniform(0.8, 1.1, 3)
    return np.asarray(np.clip(piece * tint, 0, 255), np.uint8)


@cache
def _shipped(name: str) -> NDArray[np.uint8]:
    from skimage import data

    pixels = np.asarray(getattr(data, name)(), np.uint8)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
