"""What the ground of a shot looks like when it is lit: gathered from the whole shot, small and smooth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Shot
from videdit.frames import Mask
from videdit_plugins.builtin.filler.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import FACTS_HEIGHT_PX, Matrix

_SAMPLES = 12
_LEAST_STEP = 3
WHOLE_FRAMES = 192
"""Shots up to this long are looked at as a whole. Longer ones in reach of what is decoded for the fill anyway."""
_LONG_STEP, _LONG_REACH = 10, 60
_LEAST_SEEN = 2
_LIT_QUANTILE = 0.8
"""Of a place's light over time, from the dark end: a shadow that rests long still leaves it for a while."""
_GAMMA = 2.2
_SMOOTH_PX = 1.2
_BLACK = 3e-3
_MOST_GAIN = 0.4
_STRIDE = 4
_LEAST_COMMON = 50
_LOOKS_KEPT, _PLATES_KEPT, _BEHIND_KEPT = 64, 24, 8


@dataclass(frozen=True, slots=True)
class Look:
    """A frame, small.

    light: (h, w, 3) float32, logarithm of linear light, smoothed without what the hole hides
    hole:  (h, w) bool
    wide:  (h, w) bool, the hole with the border that may hold some of the object
    """

    light: Plane
    hole: Mask
    wide: Mask


@dataclass(frozen=True, slots=True)
class Lit:
    """light: (h, w, 3) float32, as in `Look`. known: (h, w) bool, seen often enough."""

    light: Plane
    known: Mask


class LitGround:
    """The lit ground behind the frames of a shot, from frames spread over all of it, or far around if it is long.

    It is worked out for every `step`-th frame, an anchor, and carried from there.
    """

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        small = pictures.scale.small
        ratio = min(1.0, FACTS_HEIGHT_PX / min(small))
        self.size = max(1, round(small[0] * ratio)), max(1, round(small[1] * ratio))
        y, x = self.size[0] / small[0], self.size[1] / small[1]
        self._shrinking = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        self._growing = np.linalg.inv(self._shrinking)
        self._whole = len(shot) <= WHOLE_FRAMES
        self._step = max(_LEAST_STEP, round(len(shot) / _SAMPLES)) if self._whole else _LONG_STEP
        self._looks: Cache[int, Look] = Cache(_LOOKS_KEPT)
        self._plates: Cache[int, Lit] = Cache(_PLATES_KEPT)
        self._behind: Cache[int, Lit] = Cache(_BEHIND_KEPT)

    def look(self, index: int) -> Look:
        """Return frame `index`, small."""
        return self._looks.get(index, self._shrunk)

    def behind(self, index: int) -> Lit:
        """Return the lit ground as frame `index` would show it, in that frame's exposure."""
        return self._behind.get(index, self._lit)

    def _lit(self, index: int) -> Lit:
        anchors = self._anchors_near(index)
        carried = [self._carried(self._plates.get(anchor, self._gathered), anchor, index) for anchor in anchors]
        if len(carried) == 1:
            return carried[0]
        first, second = carried
        share = np.stack([first.known, second.known]).astype(np.float32)
        total = np.maximum(share.sum(axis=0), 1)
        light = (share[0, ..., None] * first.light + share[1, ..., None] * second.light) / total[..., None]
        return Lit(light, first.known | second.known)

    def homography(self, a: int, b: int) -> Matrix:
        """Return the map of small coordinates of frame `a` to those of `b`, chained from neighbour to neighbour."""
        return np.asarray(self._shrinking @ self._camera.product(a, b) @ self._growing)

    def around(self, index: int) -> range:
        """Return the stretch of the shot that tells what is behind frame `index`."""
        reach = len(self._shot) if self._whole else _LONG_REACH + self._step
        return range(max(self._shot.start, index - reach), min(self._shot.stop, index + reach + 1))

    def _anchors_near(self, index: int) -> list[int]:
        before = index - (index - self._shot.start) % self._step
        last = self._shot.stop - 1 - (self._shot.stop - 1 - self._shot.start) % self._step
        return [before] if before in (index, last) else [before, before + self._step]

    def _gathered(self, anchor: int) -> Lit:
        """Return the lit ground of an anchor's own view: a high quantile of what anchors far and near show."""
        own = self.look(anchor)
        lights, seen = [own.light], [~own.wide]
        furthest = (len(self._shot) if self._whole else _LONG_REACH) // self._step * self._step
        for other in range(anchor - furthest, anchor + furthest + 1, self._step):
            if other == anchor or other not in self._shot:
                continue
            matrix = self._shrinking @ self._camera.between(anchor, other) @ self._growing
            there = self.look(other)
            light, visible = self._warped(there.light, ~there.wide, matrix)
            gain = _gain(own.light, light, visible & ~own.wide)
            if gain is not None:
                lights.append(light + gain)
                seen.append(visible)
        stack, known = np.stack(lights), np.stack(seen)
        count = known.sum(axis=0)
        brightness = np.where(known, np.stack([cv2.transform(light, np.ones((1, 3))) for light in lights]), np.inf)
        # Of few, the brightest: a shadow would be in the others.
        rank = np.clip(np.ceil(_LIT_QUANTILE * (count - 1)).astype(np.int64), 0, None)
        ranked = np.sort(brightness, axis=0)
        chosen = (brightness == np.take_along_axis(ranked, rank[None], axis=0)).argmax(axis=0)
        lit = np.take_along_axis(stack, chosen[None, ..., None], axis=0)[0]
        enough = count >= _LEAST_SEEN
        return Lit(np.where(enough[..., None], lit, 0).astype(np.float32), np.asarray(enough))

    def _carried(self, plate: Lit, anchor: int, index: int) -> Lit:
        own = self.look(index)
        light, known = self._warped(plate.light, plate.known, self.homography(index, anchor))
        gain = _gain(own.light, light, known & ~own.wide)
        return Lit(light if gain is None else light + gain, known if gain is not None else np.zeros_like(known))

    def _warped(self, light: Plane, known: Mask, matrix: Matrix) -> tuple[Plane, Mask]:
        height, width = self.size
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        moved = cv2.warpPerspective(light, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpPerspective(known.view(np.uint8) * np.uint8(255), matrix, (width, height), flags=flags)
        return np.asarray(moved, np.float32), np.asarray(share) > 252

    def _shrunk(self, index: int) -> Look:
        picture = self._pictures[index]
        rgb = cv2.resize(picture.rgb, self.size[::-1], interpolation=cv2.INTER_AREA)
        hole, wide = (
            np.asarray(cv2.resize(mask.astype(np.float32), self.size[::-1], interpolation=cv2.INTER_AREA)) > 0
            for mask in (picture.hole, picture.wide)
        )
        linear = (rgb.astype(np.float32) / 255) ** np.float32(_GAMMA)
        free = (~hole).astype(np.float32)
        sigma = _SMOOTH_PX * min(self.size) / FACTS_HEIGHT_PX
        smooth = cv2.GaussianBlur(linear * free[..., None], (0, 0), sigma)
        share = cv2.GaussianBlur(free, (0, 0), sigma)
        return Look(np.log(smooth / (share[..., None] + 1e-3) + np.float32(_BLACK)), hole, wide)


def _gain(own: Plane, other: Plane, common: Mask) -> NDArray[np.float32] | None:
    """Return what to add to `other` to meet `own` in exposure, (3,); None if too little is common to tell."""
    where = common[::_STRIDE, ::_STRIDE]
    if np.count_nonzero(where) < max(1, min(_LEAST_COMMON, where.size // 8)):
        return None
    difference = (own[::_STRIDE, ::_STRIDE] - other[::_STRIDE, ::_STRIDE])[where]
    return np.asarray(np.clip(np.median(difference, axis=0), -_MOST_GAIN, _MOST_GAIN), np.float32)
