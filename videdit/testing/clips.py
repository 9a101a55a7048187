"""Small films with known truth: a moving textured object over moving textured ground, cuts and dissolves.

from videdit.testing.clips import make_clip
truth = make_clip(tmp_path / "clip.mp4", frames=20, size=(96, 128), cuts=[10], audio=1, rotation=90)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Mask, Region, Rgb
from videdit.media.fabricating import Peculiarities, fabricate
from videdit.media.orientation import Orientation
from videdit.shots import Shot, shots_from_cuts


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """What is in a made-up film.

    pixels: (H, W, 3) uint8 or uint16 for each frame, upright, before encoding
    masks:  (H, W) bool for each frame, upright: the object
    cuts:   first frames of the shots after the first; the middles of dissolves
    """

    path: Path
    pixels: tuple[Rgb, ...]
    masks: tuple[Mask, ...]
    cuts: tuple[int, ...] = ()

    @property
    def frame_count(self) -> int:
        return len(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, upright."""
        return self.masks[0].shape[0], self.masks[0].shape[1]

    @property
    def shots(self) -> list[Shot]:
        return shots_from_cuts(self.cuts, self.frame_count)

    def box(self, index: int) -> Region:
        """Return the object's bounding box on a frame."""
        return Region.of(self.masks[index])

    def centre(self, index: int) -> tuple[int, int]:
        """Return (x, y) of a pixel inside the object: a place to click."""
        rows, columns = np.nonzero(self.masks[index])
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        return int(columns[nearest]), int(rows[nearest])


def make_clip(
    path: str | Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (72, 96),
    cuts: Sequence[int] = (),
    dissolves: Sequence[tuple[int, int]] = (),
    deep: bool = False,
    alpha: bool = False,
    seed: int = 0,
    **peculiarities: Any,
) -> ClipTruth:
    """Write a film and return the truth about it; the same arguments give the same film.

    size:      height and width in pixels, upright
    cuts:      first frames of new shots, over another ground
    dissolves: (middle frame, length in frames)
    deep:      draw with 16 bits, for pixel formats deeper than 8
    alpha:     the object is opaque and the ground see-through; the pixel format has to hold that
    peculiarities: those of videdit.media.fabricating.Peculiarities: codec, pix_fmt, pts, rotation, audio...
    """
    how = Peculiarities(**peculiarities)
    changes = sorted([*cuts, *(middle for middle, _ in dissolves)])
    drawn = [_draw(index, frames, size, changes, dissolves, seed, deep) for index in range(frames)]
    pixels = tuple(rgb for rgb, _ in drawn)
    masks = tuple(mask for _, mask in drawn)
    if how.top_first is not None:
        pixels, masks = _woven(frames, size, changes, dissolves, seed, deep, how.top_first)
    turn = _turn(how)
    stored = [turn.stored(rgb) for rgb in pixels]
    opacity: list[Alpha] | None = [turn.stored(mask.astype(np.float32)) for mask in masks] if alpha else None
    fabricate(Path(path), stored, how, opacity)
    return ClipTruth(Path(path), pixels, masks, tuple(changes))


@lru_cache(maxsize=32)
def ground(size: tuple[int, int], seed: int) -> NDArray[np.float64]:
    """Return a texture (h, w, 3) in [0, 1] with detail at several scales, the same for the same seed."""
    height, width = size
    draw = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for scale, weight in ((32, 1.0), (12, 0.8), (4, 0.35)):
        coarse = draw.uniform(0, 1, (height // scale + 2, width // scale + 2, 3))
        total += weight * _stretched(coarse, size, scale)
    span: NDArray[np.float64] = total - total.min()
    level: NDArray[np.float64] = 0.08 + 0.84 * span / span.max()
    level.setflags(write=False)  # shared by all who ask for it
    return level


def _stretched(coarse: NDArray[np.float64], size: tuple[int, int], scale: int) -> NDArray[np.float64]:
    """Blow a coarse grid up by linear interpolation."""
    y, x = np.arange(size[0]) / scale, np.arange(size[1]) / scale
    top, left = y.astype(int), x.astype(int)
    down, right = (y - top)[:, None, None], (x - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - right) + coarse[top][:, left + 1] * right
    lower = coarse[top + 1][:, left] * (1 - right) + coarse[top + 1][:, left + 1] * right
    blended: NDArray[np.float64] = upper * (1 - down) + lower * down
    return blended


def _draw(
    moment: float,
    frames: int,
    size: tuple[int, int],
    changes: Sequence[int],
    dissolves: Sequence[tuple[int, int]],
    seed: int,
    deep: bool,
) -> tuple[Rgb, Mask]:
    """Draw one moment: ground that pans left, an ellipse with a texture of its own that goes right and down."""
    height, width = size
    shot = sum(moment >= change for change in changes)
    picture = _ground_at(moment, frames, size, seed + 10 * shot)
    for middle, length in dissolves:
        share = (moment - (middle - length / 2)) / length
        if 0 < share < 1:
            before = sum(middle > change for change in changes)
            old = _ground_at(moment, frames, size, seed + 10 * before)
            new = _ground_at(moment, frames, size, seed + 10 * (before + 1))
            picture = old * (1 - share) + new * share
    yy, xx = np.mgrid[:height, :width]
    progress = moment / max(1, frames - 1)
    centre_y, centre_x = height * (0.42 + 0.16 * progress), width * (0.3 + 0.4 * progress)
    mask: Mask = ((yy - centre_y) / (0.24 * height)) ** 2 + ((xx - centre_x) / (0.18 * width)) ** 2 < 1
    thing = ground(size, seed + 5)[..., ::-1] * np.array([1.0, 0.55, 0.35])
    moved = np.roll(thing, (round(centre_y), round(centre_x)), (0, 1))
    picture = np.where(mask[..., None], moved, picture)
    top = 65535 if deep else 255
    rgb: Rgb = np.rint(picture * top).astype(np.uint16 if deep else np.uint8)
    return rgb, mask


def _ground_at(moment: float, frames: int, size: tuple[int, int], seed: int) -> NDArray[np.float64]:
    left = round(moment * 1.5)
    return ground((size[0], size[1] + 2 * frames + 4), seed)[:, left : left + size[1]]


def _woven(
    frames: int,
    size: tuple[int, int],
    changes: Sequence[int],
    dissolves: Sequence[tuple[int, int]],
    seed: int,
    deep: bool,
    top_first: bool,
) -> tuple[tuple[Rgb, ...], tuple[Mask, ...]]:
    """Weave two moments into each frame, as interlaced cameras do."""
    pixels, masks = [], []
    for index in range(frames):
        first, mask = _draw(index, frames, size, changes, dissolves, seed, deep)
        second, later = _draw(index + 0.5, frames, size, changes, dissolves, seed, deep)
        rows = slice(1 if top_first else 0, None, 2)
        first[rows], mask[rows] = second[rows], later[rows]
        pixels.append(first)
        masks.append(mask)
    return tuple(pixels), tuple(masks)


def _turn(how: Peculiarities) -> Orientation:
    """Return how the stored picture becomes upright, as the file will say it."""
    quarter = how.rotation % 360 // 90
    flips = {0: (False, False, False), 1: (True, True, False), 2: (False, True, True), 3: (True, False, True)}
    transpose, rows, columns = flips[quarter]
    return Orientation(transpose, rows, columns != how.mirrored)
