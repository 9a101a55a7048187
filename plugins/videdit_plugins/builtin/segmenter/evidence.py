"""How much each pixel looks like the object: colour, way over the picture, likeness to the clicks, and motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.ground import Ground, no_ground
from videdit_plugins.builtin.segmenter.geodesic import geodesic_distance
from videdit_plugins.builtin.segmenter.motion import Motion

Field = NDArray[np.float32]
"""(H, W) float32 at the working size."""
Places = NDArray[np.float32]
"""(N, 2) float32, x and y at the working size."""

_BINS = 16
_COLOUR_LIMIT = 5.0
_WAY_LIMIT = 4.0
_WAY_REDUCE = 4
_WAY_MOTION = 9.0
_BOX_QUANTILE = 0.4
_LIKENESS_SCALE = np.array([0.5, 1.5, 1.5], np.float32) / 14.0
"""Scale of L, a and b in the likeness to a clicked colour: lightness changes with shading, hue less."""
MOST_PLACES = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame at the working size.

    lab:       (H, W, 3) float32, L in 0..100, a and b around 0
    bins:      (H, W) int64, number of the pixel's colour among 16 x 16 x 16
    motion:    against the camera
    direction: (H, W, 2) float32, the residual pressed into -1..1, so that fast things do not drown colours
    terrain:   (h, w, C) float32, what a way over the picture crosses, at a quarter of the size
    ground:    what other frames show at the same places
    """

    lab: NDArray[np.float32]
    bins: NDArray[np.int64]
    motion: Motion
    direction: NDArray[np.float32]
    terrain: NDArray[np.float32]
    ground: Ground

    @property
    def size(self) -> tuple[int, int]:
        return self.bins.shape[0], self.bins.shape[1]


def picture(rgb: NDArray[np.uint8], motion: Motion, ground: Ground | None = None) -> Picture:
    """Prepare (H, W, 3) uint8 pixels of the working size; without `ground` nothing is known of it."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    levels = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab).astype(np.int64) * _BINS // 256
    bins = (levels[..., 0] * _BINS + levels[..., 1]) * _BINS + levels[..., 2]
    direction = np.tanh(motion.residual / (3 * motion.noise_px)).astype(np.float32)
    height, width = bins.shape
    small = (-(-width // _WAY_REDUCE), -(-height // _WAY_REDUCE))
    crossed = np.concatenate([lab, _WAY_MOTION * direction], axis=2)
    terrain = np.stack(
        [cv2.resize(crossed[..., c], small, interpolation=cv2.INTER_AREA) for c in range(crossed.shape[2])], axis=2
    )
    return Picture(lab, bins, motion, direction, terrain, ground or no_ground((height, width)))


def colour_evidence(seen: Picture, inside: Field, outside: Field) -> Field:
    """Compare the colours of two weighted sets of pixels: log-ratio of their histograms, within +-5; 0 without one."""
    if not (inside.any() and outside.any()):
        return np.zeros(seen.size, np.float32)
    ratio = np.log(_histogram(seen.bins, inside)) - np.log(_histogram(seen.bins, outside))
    return cast(Field, np.clip(ratio, -_COLOUR_LIMIT, _COLOUR_LIMIT).astype(np.float32)[seen.bins])


def _histogram(bins: NDArray[np.int64], weights: Field) -> NDArray[np.float64]:
    counts: NDArray[np.float64] = np.bincount(bins.ravel(), weights.ravel(), _BINS**3).astype(np.float64)
    counts = counts.reshape(_BINS, _BINS, _BINS)
    for axis in range(3):
        counts = np.moveaxis(counts, axis, 0)
        smooth = 2 * counts
        smooth[1:] += counts[:-1]
        smooth[:-1] += counts[1:]
        counts = np.moveaxis(smooth / 4, 0, axis)
    # Three places of a hundred thousand keep colours that neither set holds at a ratio of one.
    return counts.ravel() / max(float(counts.sum()), 1e-9) + 1e-5


def way(seen: Picture, start: Mask) -> Field:
    """Measure the way over the picture from `start` (H, W) bool to each pixel; crossing edges is dear."""
    height, width = seen.size
    rows, columns = seen.terrain.shape[:2]
    ys, xs = np.nonzero(start)
    reduced = np.zeros((rows, columns), bool)
    reduced[ys * rows // height, xs * columns // width] = True
    distance = geodesic_distance(reduced, seen.terrain)
    return cast(Field, cv2.resize(distance, (width, height), interpolation=cv2.INTER_LINEAR))


def way_evidence(away: Field, near: Field) -> Field:
    """Compare the way from the outside with the way from the object: log-ratio, within +-4."""
    return cast(Field, np.clip(np.log((away + 1) / (near + 1)), -_WAY_LIMIT, _WAY_LIMIT).astype(np.float32))


def box_way_evidence(away: Field, box: Mask) -> Field:
    """Compare the way from outside the box with what is usual in it: ground seen past the object is near its rim."""
    usual = float(np.quantile(away[box], _BOX_QUANTILE)) if box.any() else 1.0
    return way_evidence(away, np.full_like(away, usual))


def likeness(seen: Picture, positive: Places, negative: Places) -> Field:
    """Compare each pixel with the clicked colours: 1 is the object's, -1 another's, 0 neither or both."""
    scaled = seen.lab * _LIKENESS_SCALE
    around = cv2.blur(seen.lab, (3, 3)) * _LIKENESS_SCALE
    return _most_like(scaled, around, positive) - _most_like(scaled, around, negative)


def _most_like(scaled: NDArray[np.float32], around: NDArray[np.float32], places: Places) -> Field:
    best = np.zeros(scaled.shape[:2], np.float32)
    for colour in at_places(around, places):
        difference = scaled - colour
        best = np.maximum(best, np.exp(-0.5 * np.einsum("hwc,hwc->hw", difference, difference)))
    return best


def motion_evidence(seen: Picture, moving: NDArray[np.float32], still: NDArray[np.float32]) -> Field:
    """Ask whether a pixel moves more like the object than like the camera or what was ruled out.

    moving: (N, 2) float32, residual motions of the object, in pixels per frame
    still:  (M, 2) float32, residual motions of what is not the object, besides that of the camera

    Returns values in -1..1; all near 0 when the object moves as the camera does, for then motion says nothing.
    """
    noise = seen.motion.noise_px
    if len(moving) == 0:
        return np.zeros(seen.size, np.float32)
    fastest = float((moving**2).sum(axis=1).max())
    trust = 1 - np.exp(-fastest / (8 * noise**2))
    others = np.concatenate([np.zeros((1, 2), np.float32), still])
    to_object = _nearest(seen.motion.residual, moving)
    to_others = _nearest(seen.motion.residual, others)
    return cast(Field, (trust * (to_others - to_object) / (to_others + to_object + noise)).astype(np.float32))


def _nearest(residual: NDArray[np.float32], targets: NDArray[np.float32]) -> Field:
    nearest = np.full(residual.shape[:2], np.inf, np.float32)
    for x, y in targets:
        nearest = np.minimum(nearest, np.hypot(residual[..., 0] - x, residual[..., 1] - y))
    return nearest


def motion_at(seen: Picture, places: Places) -> NDArray[np.float32]:
    """Return the residual motion around each place, (N, 2) float32."""
    return at_places(cv2.blur(seen.motion.residual, (5, 5)), places)


def motion_of(seen: Picture, part: Mask) -> NDArray[np.float32]:
    """Return the mean residual motion of the faster half of `part`, (1, 2) float32; (0, 2) where it is empty."""
    speeds = seen.motion.speed[part]
    if speeds.size == 0:
        return np.zeros((0, 2), np.float32)
    faster = speeds >= np.median(speeds)
    return cast(NDArray[np.float32], seen.motion.residual[part][faster].mean(axis=0, keepdims=True))


def at_places(values: NDArray[np.float32], places: Places) -> NDArray[np.float32]:
    """Look up (H, W, C) values at places; of a long stroke's many, some evenly spread ones."""
    if len(places) > MOST_PLACES:
        places = places[np.linspace(0, len(places) - 1, MOST_PLACES).astype(int)]
    height, width = values.shape[:2]
    xs = np.clip(places[:, 0].astype(int), 0, width - 1)
    ys = np.clip(places[:, 1].astype(int), 0, height - 1)
    return cast(NDArray[np.float32], values[ys, xs])


def spots(size: tuple[int, int], places: Places, sigma_px: float) -> Field:
    """Return the highest of the Gaussians around `places`, 1 at each of them."""
    height, width = size
    ys, xs = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    best = np.zeros(size, np.float32)
    for x, y in places:
        bump = np.exp(-((ys - y) ** 2) / (2 * sigma_px**2))[:, None] * np.exp(-((xs - x) ** 2) / (2 * sigma_px**2))
        best = np.maximum(best, bump)
    return best
