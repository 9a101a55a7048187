"""What no frame near shows is made up once, on few frames, and carried from there, so that it stays put."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Shot
from videdit.frames import Mask, Rgb
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import sources
from videdit_plugins.builtin.filler.mapping import Points, project, visible, within
from videdit_plugins.builtin.filler.pictures import Pictures

CHAPTER_FRAMES = 120
"""A shot is cut into stretches of about this length; each has plates of its own, or looking ahead had no bound."""
_FADE_FRAMES = 8
_MOST_PLATES = 3
_SAMPLES = 20
_COARSE = 4
_LEAST_MISSING_PX = 4
_PLATES_KEPT = 6
_CHAPTERS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Plate:
    """A frame without the object.

    rgb:    (H, W, 3) dtype of the frame
    origin: (H, W) int32, as in `Filled`
    small:  (h, w, 3) uint8
    """

    index: int
    rgb: Rgb
    origin: NDArray[np.int32]
    small: NDArray[np.uint8]


class Plates:
    """The plates of a shot, made when asked for."""

    def __init__(
        self,
        shot: Shot,
        pictures: Pictures,
        camera: Camera,
        reach: int,
    ) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        self._reach = reach
        self._length = len(shot) / max(1, round(len(shot) / CHAPTER_FRAMES))
        self._anchors: Cache[int, tuple[int, ...]] = Cache(_CHAPTERS_KEPT)
        self._plates: Cache[tuple[int, tuple[int, ...]], Plate] = Cache(_PLATES_KEPT)

    def anchors_at(self, index: int) -> list[tuple[tuple[int, ...], float]]:
        """Return the anchors that serve frame `index`, with a weight: two sets near the border of two chapters."""
        return [(self._anchors.get(number, self._anchors_of), weight) for number, weight in self._chapters_at(index)]

    def to_be_made_at(self, index: int) -> set[int]:
        """Return the anchors that serve frame `index` and have no plate yet."""
        return {
            anchor
            for anchors, _ in self.anchors_at(index)
            for number, anchor in enumerate(anchors)
            if (anchor, anchors[:number]) not in self._plates
        }

    def looked_at(self, index: int) -> set[int]:
        """Return the frames whose holes must be known before the anchors of frame `index` are; none if they are."""
        chapters = [number for number, _ in self._chapters_at(index) if number not in self._anchors]
        sampled = [frame for number in chapters for frame in _sampled(self._frames_of(number))]
        return {frame for one in sampled for frame in (one, *sources(one, self._shot, self._reach))}

    def _chapters_at(self, index: int) -> list[tuple[int, float]]:
        length = self._length
        count = round(len(self._shot) / length)
        place = (index - self._shot.start + 0.5) / length
        chapter = min(count - 1, int(place))
        inside = (place - chapter) * length
        if chapter > 0 and inside < _FADE_FRAMES:
            share = 0.5 - 0.5 * inside / _FADE_FRAMES
            return [(chapter, 1 - share), (chapter - 1, share)]
        if chapter < count - 1 and length - inside < _FADE_FRAMES:
            share = 0.5 - 0.5 * (length - inside) / _FADE_FRAMES
            return [(chapter, 1 - share), (chapter + 1, share)]
        return [(chapter, 1.0)]

    def plate(
        self, anchor: int, earlier: tuple[int, ...], make: Callable[[tuple[int, tuple[int, ...]]], Plate]
    ) -> Plate:
        """Return the plate of an anchor whose predecessors are `earlier`.

        make: make((anchor, earlier)) -> that frame without the object
        """
        return self._plates.get((anchor, earlier), make)

    def _frames_of(self, chapter: int) -> range:
        start = self._shot.start + round(chapter * self._length)
        return range(start, self._shot.start + round((chapter + 1) * self._length))

    def _anchors_of(self, chapter: int) -> tuple[int, ...]:
        return self._chosen(self._frames_of(chapter))

    def _chosen(self, frames: range) -> tuple[int, ...]:
        """Choose frames that between them miss what any frame of the stretch misses: most missing first."""
        missing = {index: self._missing(index) for index in _sampled(frames)}
        anchors: list[int] = []
        while len(anchors) < _MOST_PLATES:
            counts = {index: np.count_nonzero(mask) for index, mask in missing.items()}
            # Of equals the one nearest the middle: the others are near it.
            best = max(counts, key=lambda index: (counts[index], -abs(index - frames[len(frames) // 2])))
            if counts[best] < _LEAST_MISSING_PX:
                break
            anchors.append(best)
            for index, mask in missing.items():
                covered = within(self._coarse_map(index, best), mask.shape)
                missing[index] = np.zeros_like(mask) if index == best else mask & ~covered
        return tuple(anchors)

    def _missing(self, index: int) -> Mask:
        """Return what neither this frame nor its neighbours show, coarsely, with the cheap chained homographies."""
        missing = self._coarse_hole(index)
        for other in sources(index, self._shot, self._reach):
            if not missing.any():
                break
            missing = missing & ~visible(self._coarse_hole(other), self._coarse_map(index, other))
        return missing

    def _coarse_hole(self, index: int) -> Mask:
        return np.ascontiguousarray(self._pictures[index].hole[::_COARSE, ::_COARSE])

    def _coarse_map(self, index: int, other: int) -> Points:
        height, width = self._pictures.scale.small
        x, y = np.meshgrid(
            np.arange(0, width, _COARSE, dtype=np.float32), np.arange(0, height, _COARSE, dtype=np.float32)
        )
        there = project(self._camera.product(index, other), (x, y))
        return there[0] / np.float32(_COARSE), there[1] / np.float32(_COARSE)


def _sampled(frames: range) -> range:
    return frames[:: max(1, len(frames) // _SAMPLES)]


def plate_of(index: int, rgb: Rgb, origin: NDArray[np.int32], small: tuple[int, int]) -> Plate:
    """Make a plate of a full frame; `small` is the (height, width) of its small version."""
    eight = rgb if rgb.dtype == np.uint8 else (rgb // 257).astype(np.uint8)
    shrunk = eight if small == rgb.shape[:2] else cv2.resize(eight, small[::-1], interpolation=cv2.INTER_AREA)
    return Plate(index, rgb, origin, np.asarray(shrunk))
