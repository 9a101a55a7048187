"""Errors of the kind that a tracker makes, put into masks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def corrupt(mask: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.float32]:
    """Return (h, w) float32 in [0, 1]: `mask` shifted, grown or shrunk, with bites, blobs and holes, and blurred."""
    if random.random() < 0.04 or not mask.any():
        return np.zeros(mask.shape, np.float32)
    size = max(float(mask.sum()) ** 0.5, 4.0)
    result = _bent(mask.astype(np.float32), random, 0.05 * size)
    if random.random() < 0.6:
        reach = int(random.integers(1, 2 + round(min(5.0, 0.08 * size))))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        result = (cv2.dilate if random.random() < 0.5 else cv2.erode)(result, disc)
    edge = np.argwhere(cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0)
    inside = np.argwhere(mask)
    for _ in range(int(random.integers(0, 4))):
        _blot(result, edge, random, size * random.uniform(0.08, 0.4), float(random.random() < 0.5))
    if random.random() < 0.3:
        _blot(result, inside, random, size * random.uniform(0.05, 0.25), 0.0)
    if random.random() < 0.3:
        anywhere = np.argwhere(np.ones((2, 2))) * (np.array(mask.shape) - 1)
        centre = random.uniform(anywhere.min(axis=0), anywhere.max(axis=0))
        _blot(result, centre[None].astype(int), random, size * random.uniform(0.08, 0.35), 1.0)
    blurred = cv2.GaussianBlur(result, (0, 0), random.uniform(0.5, 2.5))
    return np.asarray(np.clip(blurred, 0, 1), np.float32)


def _bent(values: NDArray[np.float32], random: np.random.Generator, amount_px: float) -> NDArray[np.float32]:
    height, width = values.shape
    coarse = random.normal(0, amount_px, (6, 6, 2)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(cv2.remap(values, xs + field[..., 0], ys + field[..., 1], cv2.INTER_LINEAR), np.float32)


def _blot(
    values: NDArray[np.float32], centres: NDArray[np.int64], random: np.random.Generator, radius: float, value: float
) -> None:
    y, x = (int(one) for one in centres[int(random.integers(len(centres)))])
    axes = (max(1, round(radius)), max(1, round(radius * random.uniform(0.4, 1.0))))
    cv2.ellipse(values, (x, y), axes, random.uniform(0, 180), 0, 360, value, -1)
