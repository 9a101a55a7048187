"""Scenes from real films: a frame, its true mask, and its motion as the engine measures it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material import Film
from training.segmenter.scenes import SIDE, Scene, photographed, place_of, window_onto
from videdit_plugins.builtin.segmenter.motion import OFFSETS, SMALLEST_NOISE_PX, Motion, no_motion, residual_motion

MEASURED_ROWS = 240
"""Rows at which the engine measures motion."""
ALONE = 0.1
"""Chance of a frame without neighbours."""
TRIES = 20


def film_scene(films: Sequence[Film], random: np.random.Generator) -> Scene:
    """Cut a window around the object out of a frame of one of `films`."""
    for _ in range(TRIES):
        film = films[int(random.integers(len(films)))]
        number = int(random.integers(len(film.frames)))
        mask = film.mask(number)
        if not 0.002 < mask.mean() < 0.5:
            continue
        place = place_of(mask, random, SIDE / min(mask.shape))
        move = window_onto(mask, place, random)
        truth = np.asarray(move.mask(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)) > 0.5)
        if truth.sum() < 60 or truth.mean() > 0.75:
            continue
        rgb, motion = move.pixels(film.rgb(number)), no_motion((SIDE, SIDE))
        if random.random() >= ALONE:
            motion = _seen_through(_measured(film, number), move.source, mask.shape, place.scale)
        if random.random() < 0.5:
            rgb, truth = np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(truth[:, ::-1])
            turned = np.ascontiguousarray(motion.residual[:, ::-1] * np.array([-1, 1], np.float32))
            motion = Motion(turned, motion.noise_px)
        return Scene(photographed(rgb, random), truth, motion)
    raise ValueError("these films show no object")


@lru_cache(maxsize=1000)
def _measured(film: Film, number: int) -> NDArray[np.float16]:
    """Return the residual motion at MEASURED_ROWS, (h, w, 2)."""

    def gray(at: int) -> NDArray[np.uint8]:
        rgb = film.rgb(at)
        size = (round(rgb.shape[1] * MEASURED_ROWS / rgb.shape[0]), MEASURED_ROWS)
        return np.asarray(cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))

    beside = {offset: gray(number + offset) for offset in OFFSETS if 0 <= number + offset < len(film.frames)}
    return residual_motion(gray(number), beside).residual.astype(np.float16)


def _seen_through(
    residual: NDArray[np.float16], source: NDArray[np.float32], size: tuple[int, ...], scale: float
) -> Motion:
    """Return the motion of a window, in its own pixels: where it looks at a frame of `size`, enlarged by `scale`."""
    share = residual.shape[0] / size[0]
    seen = cv2.remap(
        residual.astype(np.float32), source * np.float32(share), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = np.asarray(seen * np.float32(scale / share), np.float32)
    typical = float(np.median(np.linalg.norm(seen, axis=2)))
    return Motion(seen, max(SMALLEST_NOISE_PX, 1.5 * typical))
