"""What the ground of a stretch looks like when it is lit: gathered from all of it, small and smooth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Shot
from videdit.frames import Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import FACTS_HEIGHT_PX, Matrix

_HEIGHT_PX = 120
_SAMPLES = 12
_LEAST_STEP = 3
WHOLE_FRAMES = 192
"""Shots up to this long are looked at as a whole; longer ones in stretches, with what is around each."""
_STRETCH_FRAMES, _AROUND_FRAMES = 96, 32
_LEAST_SEEN = 2
_LIT_QUANTILE = 0.8
"""Of a place's light over time, from the dark end: a shadow that rests long still leaves it for a while."""
_GAMMA = 2.2
_LINEAR = ((np.arange(256) / 255) ** _GAMMA).astype(np.float32)
_SMOOTH_PX = 2.4
_BLACK = 3e-3
_MOST_GAIN = 0.4
_STRIDE = 3
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


def stretch_of(index: int, shot: Shot) -> range:
    """Return the frames that are looked at for frame `index`: the whole shot, or of a long one a part around it."""
    return part_of(index, range(shot.start, shot.stop), WHOLE_FRAMES, _STRETCH_FRAMES, _AROUND_FRAMES)


def part_of(index: int, frames: range, whole: int, core: int, around: int) -> range:
    """Return the part of `frames` in which `index` lies, with what is around it.

    whole:  so many frames are not divided
    core:   most frames of a part, without
    around: frames before and after it
    """
    if len(frames) <= whole:
        return frames
    count = -(-len(frames) // core)
    number = (index - frames.start) * count // len(frames)
    start, stop = (frames.start - (-one * len(frames) // count) for one in (number, number + 1))
    return range(max(frames.start, start - around), min(frames.stop, stop + around))


class LitGround:
    """The lit ground behind the frames of a stretch, from frames spread over all of it.

    It is worked out for some frames, the anchors, and carried from there.
    """

    def __init__(self, stretch: range, pictures: Pictures, camera: Camera) -> None:
        self.stretch = stretch
        self._pictures = pictures
        self._camera = camera
        small = pictures.scale.small
        ratio = min(1.0, _HEIGHT_PX / min(small))
        self.size = max(1, round(small[0] * ratio)), max(1, round(small[1] * ratio))
        self.unit = min(self.size) / FACTS_HEIGHT_PX
        y, x = self.size[0] / small[0], self.size[1] / small[1]
        self._shrinking = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        self._growing = np.linalg.inv(self._shrinking)
        self.anchors = stretch[:: max(_LEAST_STEP, round(len(stretch) / _SAMPLES))]
        self._looks: Cache[int, Look] = Cache(_LOOKS_KEPT)
        self._plates: Cache[int, Lit] = Cache(_PLATES_KEPT)
        self._behind: Cache[int, Lit] = Cache(_BEHIND_KEPT)

    def look(self, index: int) -> Look:
        """Return frame `index`, small."""
        return self._looks.get(index, self._shrunk)

    def plate(self, anchor: int) -> Lit:
        """Return the lit ground of an anchor's own view."""
        return self._plates.get(anchor, self._gathered)

    def behind(self, index: int) -> Lit:
        """Return the lit ground as frame `index` would show it, in that frame's exposure."""
        return self._behind.get(index, self._lit)

    def anchors_near(self, index: int) -> list[int]:
        """Return the anchor that frame `index` is, or those beside it."""
        place = (index - self.anchors.start) // self.anchors.step
        here = self.anchors[place]
        return [here] if here == index or place + 1 == len(self.anchors) else [here, self.anchors[place + 1]]

    def to_anchor(self, index: int, anchor: int) -> Matrix:
        """Return the map of small coordinates of frame `index` to those of an anchor: by neighbours, then by anchors.

        From one anchor to the next frames are matched again: errors of few steps add up, and few pairs are matched.
        """
        nearest = min(self.anchors_near(index), key=lambda one: abs(one - anchor))
        product = self._camera.product(index, nearest)
        step = self.anchors.step
        for one in range(nearest, anchor, step):
            product = self.next_anchor(one) @ product
        for one in range(nearest - step, anchor - step, -step):
            product = np.linalg.inv(self.next_anchor(one)) @ product
        product = self._shrinking @ product @ self._growing
        return np.asarray(product / product[2, 2])

    def next_anchor(self, anchor: int) -> Matrix:
        """Return the map of an anchor's coordinates, in the pictures that motion is estimated on, to the next one's."""
        return self._camera.between(anchor, anchor + self.anchors.step)

    def touched(self, mask: Mask) -> Mask:
        """Return which of these pixels a mask of the small picture touches."""
        share = cv2.resize(mask.view(np.uint8) * np.uint8(255), self.size[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(share) > 0

    def _lit(self, index: int) -> Lit:
        carried = [self._carried(self.plate(anchor), anchor, index) for anchor in self.anchors_near(index)]
        if len(carried) == 1:
            return carried[0]
        first, second = carried
        share = np.stack([first.known, second.known]).astype(np.float32)
        total = np.maximum(share.sum(axis=0), 1)
        light = (share[0, ..., None] * first.light + share[1, ..., None] * second.light) / total[..., None]
        return Lit(light, first.known | second.known)

    def _gathered(self, anchor: int) -> Lit:
        """Return the lit ground of an anchor's own view: a high quantile of what all anchors show."""
        own = self.look(anchor)
        lights, seen = [own.light], [~own.wide]
        for other in self.anchors:
            if other == anchor:
                continue
            there = self.look(other)
            light, visible = self._warped(there.light, ~there.wide, self.to_anchor(anchor, other))
            gain = _gain(own.light, light, visible & ~own.wide)
            if gain is not None:
                lights.append(light + gain)
                seen.append(visible)
        stack, known = np.stack(lights), np.stack(seen)
        count = known.sum(axis=0, dtype=np.int64)
        brightness = np.stack([cv2.transform(light, np.ones((1, 3))) for light in lights])
        order = np.argsort(np.where(known, brightness, np.inf), axis=0)
        # Of few, the brightest: a shadow would be in the others.
        rank = np.clip(np.ceil(_LIT_QUANTILE * (count - 1)).astype(np.int64), 0, None)
        chosen = np.take_along_axis(order, rank[None], axis=0)
        lit = np.take_along_axis(stack, chosen[..., None], axis=0)[0]
        enough = count >= min(_LEAST_SEEN, len(self.anchors))
        return Lit(np.where(enough[..., None], lit, 0).astype(np.float32), enough)

    def _carried(self, plate: Lit, anchor: int, index: int) -> Lit:
        if anchor == index:
            return plate
        own = self.look(index)
        light, known = self._warped(plate.light, plate.known, self.to_anchor(index, anchor))
        gain = _gain(own.light, light, known & ~own.wide)
        return Lit(light if gain is None else light + gain, known if gain is not None else np.zeros_like(known))

    def _warped(self, light: Plane, known: Mask, matrix: Matrix) -> tuple[Plane, Mask]:
        size, flags = self.size[::-1], cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        moved = cv2.warpPerspective(light, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpPerspective(known.view(np.uint8) * np.uint8(255), matrix, size, flags=flags)
        return np.asarray(moved, np.float32), np.asarray(share) > 252

    def _shrunk(self, index: int) -> Look:
        picture = self._pictures[index]
        rgb = cv2.resize(picture.rgb, self.size[::-1], interpolation=cv2.INTER_AREA)
        hole, wide = (self.touched(mask) for mask in (picture.hole, picture.wide))
        free = (~hole).astype(np.float32)
        sigma = _SMOOTH_PX * self.unit
        smooth = cv2.GaussianBlur(_LINEAR[rgb] * free[..., None], (0, 0), sigma)
        share = cv2.GaussianBlur(free, (0, 0), sigma)
        return Look(np.log(smooth / (share[..., None] + 1e-3) + np.float32(_BLACK)), hole, wide)


def _gain(own: Plane, other: Plane, common: Mask) -> NDArray[np.float32] | None:
    """Return what to add to `other` to meet `own` in exposure, (3,); None if too little is common to tell."""
    where = common[::_STRIDE, ::_STRIDE]
    if np.count_nonzero(where) < max(1, min(_LEAST_COMMON, where.size // 8)):
        return None
    difference = (own[::_STRIDE, ::_STRIDE] - other[::_STRIDE, ::_STRIDE])[where]
    return np.asarray(np.clip(np.median(difference, axis=0), -_MOST_GAIN, _MOST_GAIN), np.float32)
