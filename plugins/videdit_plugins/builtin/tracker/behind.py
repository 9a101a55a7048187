"""What other frames of the shot show behind the objects: nothing an object left, or came to, is part of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import FrameSequence
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.ground import NEAREST, Ground, SoftLab, compare, soft_lab
from videdit_plugins.builtin.homography import Corners, Homography, followed
from videdit_plugins.builtin.tracker.planes import FloatMap, work_size

PIXELS = 170 * 302
"""Pictures are compared at this size at most."""
STEP = 2
"""The camera is followed over so many frames at once; frames whose number is no multiple go by one beside them."""
EVERY = 4
"""Frames whose number is a multiple of this are compared with."""
FARTHEST = 18
"""Frames of distance; one side shows two or three frames."""
AHEAD_BYTES = 6 * 2**20
"""Of larger frames so few are kept decoded that looking ahead would decode each anew: there only the past counts."""
KEPT = 2 * FARTHEST + 8
WEIGHT = 1.6
"""How much the log-odds count, as the segmenter's do."""


@dataclass(frozen=True, slots=True)
class _Picture:
    lab: SoftLab
    corners: Corners


class Behind:
    """The ground of frames of a shot. What it says of a frame depends on the frames and the way of the walk alone."""

    def __init__(self, frames: FrameSequence) -> None:
        self._frames = frames
        self._size = work_size(frames.size, PIXELS)
        self._pictures: Cache[int, _Picture] = Cache(KEPT)
        self._steps: Cache[tuple[int, int], Homography | None] = Cache(KEPT)

    def ground(self, index: int, direction: int) -> Ground:
        """Compare frame `index`, which a walk upwards (1) or downwards (-1) came to, with frames around it."""
        shot = self._frames.shot
        before = range(max(shot.start, index - FARTHEST), index)
        after = range(index + 1, min(shot.stop, index + FARTHEST + 1))
        past, ahead = (before, after) if direction > 0 else (after, before)
        look_ahead = self._frames[index].rgb.nbytes <= AHEAD_BYTES
        if look_ahead:
            # One that is passed over, or not used for long, would be decoded from a key frame when its time comes.
            for one in ahead if direction > 0 else reversed(ahead):
                self._frames[one]
        reached: dict[int, Homography] = {}
        for side in (past, ahead) if look_ahead else (past,):
            reached |= self._reached(index, side)
        far = [(self._picture(one).lab, way) for one, way in sorted(reached.items())]
        return compare(self._picture(index).lab, far)

    def _reached(self, index: int, side: range) -> dict[int, Homography]:
        """Return the ways from `index` to those frames of one side that are compared with, as far as they are known."""
        found: dict[int, Homography] = {}
        at, way = index, np.eye(3)
        for one in sorted((one for one in side if one % STEP == 0), key=lambda one: abs(one - index)):
            step = self._step(at, one)
            if step is None:
                break
            at, way = one, step @ way
            way /= way[2, 2]
            if one % EVERY == 0 and abs(one - index) >= NEAREST:
                found[one] = way
        return found

    def _step(self, a: int, b: int) -> Homography | None:
        if a > b:
            back = self._step(b, a)
            return None if back is None else np.asarray(np.linalg.inv(back))
        return self._steps.get((a, b), self._followed)

    def _followed(self, pair: tuple[int, int]) -> Homography | None:
        a, b = (self._picture(one).corners for one in pair)
        return followed(a, b, np.eye(3))

    def _picture(self, index: int) -> _Picture:
        return self._pictures.get(index, self._shrunk)

    def _shrunk(self, index: int) -> _Picture:
        rgb = self._frames[index].rgb8
        if rgb.shape[:2] != self._size:
            rgb = np.asarray(cv2.resize(rgb, self._size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        return _Picture(soft_lab(rgb), Corners.of(rgb).thinned())


def apart_from(ground: Ground, part: FloatMap) -> float | None:
    """Return how far an object at `part` (h, w) float32 of work size is from the ground, see `Ground.apart`."""
    return ground.apart(_shrunk_to(ground, part))


def odds_of(ground: Ground, part: FloatMap, size: tuple[int, int]) -> FloatMap:
    """Return the log-odds of the ground for an object, (h, w) float32 of work size.

    part: (h, w) float32 of work size, above 0.5 where the object is thought to be
    size: of the frame at work size
    """
    odds = np.float32(WEIGHT) * ground.evidence(_shrunk_to(ground, part))
    return np.asarray(cv2.resize(odds, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _shrunk_to(ground: Ground, part: FloatMap) -> NDArray[np.bool_]:
    return np.asarray(cv2.resize(part, ground.known.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5)
