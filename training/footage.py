"""Clips of real films with true masks: a window that goes along with the object."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.clips import SIZE, Clip, Light, occluder
from training.material import Film, SegmentedPicture, lay
from training.movers import OBJECT_PX, Mover

APART = (0.6, 0.25, 0.15)
"""Chances that a clip shows every frame, every second or third: objects of other films move faster."""
ALONG = 0.8
"""Chance that the window goes along with the object; otherwise it stays where it is in the frame."""
LARGEST_SCALE = 1.6
COVERED = 0.3
"""Chance that something cut out of a picture passes before the object."""
GIVEN_SCALE = 0.15
LEAST_PX = 60
TRIES = 20

Pair = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def film_clip(
    films: Sequence[Film], pictures: Sequence[SegmentedPicture], random: np.random.Generator, length: int
) -> Clip:
    """Return a clip of a frame from anywhere in a film, and `length` frames of it that follow each other.

    pictures: what may pass before the object is cut out of them
    """
    given, shown = _chosen(films, random, length)
    scale = _scale(shown[0], float(random.uniform(*OBJECT_PX)))
    given_scale = _scale(given, scale * _reach(given[1]) * float(np.exp(random.normal(0, GIVEN_SCALE))))
    starts, ends = _middle(shown[0][1]), _middle(shown[-1][1] if shown[-1][1].any() else shown[0][1])
    speed = (ends - starts) / max(1, length - 1) * (random.random() < ALONG)
    off = random.normal(0, 0.12, 2) * SIZE[::-1]
    windows = [_window(given, given_scale, _middle(given[1]), random.normal(0, 0.15, 2) * SIZE[::-1])]
    windows += [_window(pair, scale, starts + speed * step, off) for step, pair in enumerate(shown)]
    if random.random() < 0.5:
        windows = [(np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])) for rgb, mask in windows]
    light = Light.drawn(random)
    front = None
    if random.random() < COVERED:
        away = [_middle(mask) for _, mask in windows[1:] if mask.any()]
        front = occluder(pictures, away[0], (away[-1] - away[0]) / len(away), random)
    frames, masks = [], []
    for number, (rgb, mask) in enumerate(windows):
        if front is not None and number > 0:
            rgb, mask = _covered(rgb, mask, front, random)
        frames.append(light.on_frame(rgb, random, first=number == 0))
        masks.append(mask)
    return Clip(frames, masks)


def _chosen(films: Sequence[Film], random: np.random.Generator, length: int) -> tuple[Pair, list[Pair]]:
    for _ in range(TRIES):
        film = films[int(random.integers(len(films)))]
        apart = 1 + int(random.choice(len(APART), p=APART))
        room = len(film.frames) - apart * (length - 1)
        if room <= 0:
            continue
        numbers = int(random.integers(room)) + apart * np.arange(length)
        if random.random() < 0.5:
            numbers = numbers[::-1]
        given, *shown = (
            (film.rgb(one), film.mask(one)) for one in [int(random.integers(len(film.frames))), *map(int, numbers)]
        )
        if min(given[1].sum(), shown[0][1].sum()) >= LEAST_PX:
            return given, shown
    raise ValueError("these films are too short, or show no object")


def _scale(pair: Pair, reach_px: float) -> float:
    """Return the scale at which the object is as long as asked, as far as the window stays within the frame."""
    height, width = pair[1].shape
    least = max(SIZE[0] / height, SIZE[1] / width)
    return float(np.clip(reach_px / _reach(pair[1]), least, max(least, LARGEST_SCALE)))


def _reach(mask: NDArray[np.bool_]) -> float:
    ys, xs = np.nonzero(mask)
    return 1.0 + max(float(np.ptp(xs)), float(np.ptp(ys)))


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    ys, xs = np.nonzero(mask)
    return np.array([xs.min() + xs.max(), ys.min() + ys.max()]) / 2


def _window(pair: Pair, scale: float, middle: NDArray[np.float64], off_px: NDArray[np.float64]) -> Pair:
    rgb, mask = pair
    height, width = mask.shape
    room = np.array([width, height]) * scale - SIZE[::-1]
    corner = np.clip(middle * scale - np.array(SIZE[::-1]) / 2 + off_px, 0, np.maximum(room, 0))
    move = np.array([[scale, 0, -corner[0]], [0, scale, -corner[1]]])
    size = SIZE[::-1]
    pixels = cv2.warpAffine(rgb, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    alpha = cv2.warpAffine(mask.astype(np.float32), move, size, flags=cv2.INTER_LINEAR)
    return np.asarray(pixels, np.uint8), alpha > 0.5


def _covered(rgb: NDArray[np.uint8], mask: NDArray[np.bool_], front: Mover, random: np.random.Generator) -> Pair:
    pixels, alpha = front.drawn()
    front.go(random)
    return lay(rgb, pixels, alpha), mask & (alpha <= 0.5)
