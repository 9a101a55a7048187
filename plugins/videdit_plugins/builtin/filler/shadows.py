"""Find the shadow that an object casts: where the ground is darker than it is while the object is elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Mask
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import fetch, grid, project, visible
from videdit_plugins.builtin.filler.pictures import Pictures

_OFFSETS = (5, 8, 12, 17, 23, 30, 40)
"""Those of the candidates, whose homographies are needed anyway."""
_LEAST_SAMPLES = 4
_GROUND_QUANTILE = 0.7
"""Of a place's light over time, from the dark end: most of the time the shadow is elsewhere."""
_GAMMA = 2.2
_SMOOTH_PX = 1.5
_DARK = 0.85
_CORE = 0.7
_CORE_SHARE = 0.25
_CHANNELS_APART = 0.3
_MISFIT_CODES = 9.0
_MISFIT_PX = 4.0
_TOUCH_PX = 5.0
_SOFT_EDGE_PX = 4.0
_REACH_OF_OBJECT = 0.8
_MOST_OF_OBJECT = 2.0
_LEAST_MOTION_PX = 3.0
_VOTERS = 3
_LEAST_VOTES = 3
_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Found:
    """What one frame alone shows: `mask`, (h, w) bool of `region` of the small picture, packed to bits."""

    region: Region
    bits: NDArray[np.uint8]

    def mask(self) -> Mask:
        height, width = self.region.height, self.region.width
        return np.unpackbits(self.bits, count=height * width).reshape(height, width).view(np.bool_)


class Shadows:
    """The object's shadow on each frame of a shot, at the small size; careful rather than complete.

    A place belongs to it if the ground there is darker than at other times, alike in all channels and with its
    texture kept; if it hangs together with the hole; and if neighbouring frames have it in the same place beside
    the object. An object that rests has no shadow that could be told from the ground.
    """

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        self._found: OrderedDict[int, _Found | None] = OrderedDict()
        self._lasting: OrderedDict[int, _Found | None] = OrderedDict()

    def __getitem__(self, index: int) -> Mask | None:
        """Return (h, w) bool of the small picture, a soft edge included; None if no shadow was found."""
        if index not in self._lasting:
            self._lasting[index] = self._confirmed(index)
            if len(self._lasting) > _KEPT:
                self._lasting.popitem(last=False)
        found = self._lasting[index]
        if found is None:
            return None
        whole = np.zeros(self._pictures.scale.small, np.bool_)
        whole[found.region.slices] = found.mask()
        side = 2 * max(1, round(self._pictures.scale.px(_SOFT_EDGE_PX))) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        return np.asarray(cv2.dilate(whole.view(np.uint8), disc)) > 0

    def _alone(self, index: int) -> _Found | None:
        if index not in self._found:
            self._found[index] = self._searched(index)
            if len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return self._found[index]

    def _confirmed(self, index: int) -> _Found | None:
        """Let the frames around vote, each moved along with the object: a shadow lasts, and is found by most."""
        hole = self._pictures[index].hole
        if not hole.any():
            return None
        y, x = _middle(hole)
        votes = np.zeros(hole.shape, np.uint8)
        for other in range(index - _VOTERS, index + _VOTERS + 1):
            there = self._alone(other) if other in self._shot else None
            if there is None:
                continue
            whole = np.zeros(hole.shape, np.uint8)
            whole[there.region.slices] = there.mask()
            other_y, other_x = _middle(self._pictures[other].hole)
            shift = np.array([[1, 0, x - other_x], [0, 1, y - other_y]])
            votes += np.asarray(cv2.warpAffine(whole, shift, hole.shape[::-1], flags=cv2.INTER_NEAREST))
        lasting = self._attached((votes >= _LEAST_VOTES) & ~hole, hole)
        region = Region.of(lasting)
        return None if region.empty else _Found(region, np.packbits(lasting[region.slices]))

    def _searched(self, index: int) -> _Found | None:
        here = self._pictures[index]
        if not here.hole.any() or not self._moves(index):
            return None
        object_box = Region.of(here.hole)
        reach = round(_REACH_OF_OBJECT * max(object_box.width, object_box.height))
        box = object_box.grown(reach, self._pictures.scale.small)
        ground, sure = self._ground(index, box)
        free = sure & ~here.hole[box.slices]
        if np.count_nonzero(free) < 64:
            return None
        dark = self._darkened(here.rgb[box.slices], ground, free, here.hole[box.slices])
        return _Found(box, np.packbits(dark)) if dark.any() else None

    def _moves(self, index: int) -> bool:
        """Whether the object is elsewhere on the ground some frames before or after."""
        y, x = _middle(self._pictures[index].hole)
        for other in (index - _OFFSETS[2], index + _OFFSETS[2]):
            if other not in self._shot or not self._pictures[other].hole.any():
                continue
            there = cv2.perspectiveTransform(np.array([[[x, y]]]), self._camera.product(index, other))[0, 0]
            other_y, other_x = _middle(self._pictures[other].hole)
            if np.hypot(there[0] - other_x, there[1] - other_y) > self._pictures.scale.px(_LEAST_MOTION_PX):
                return True
        return False

    def _ground(self, index: int, box: Region) -> tuple[NDArray[np.uint8], Mask]:
        """Return what the box shows when it is lit, (h, w, 3) uint8, and where that is known."""
        samples, valid = [], []
        places = grid(box)
        for offset in (sign * step for step in _OFFSETS for sign in (-1, 1)):
            if index + offset not in self._shot:
                continue
            there = self._pictures[index + offset]
            points = project(self._camera.between(index, index + offset), places)
            samples.append(fetch(there.rgb, points))
            valid.append(visible(there.wide, points))
        if len(samples) < _LEAST_SAMPLES:
            return np.zeros((box.height, box.width, 3), np.uint8), np.zeros((box.height, box.width), np.bool_)
        stack, known = np.stack(samples), np.stack(valid)
        light = np.where(known, stack[..., 0].astype(np.int32) + stack[..., 1] + stack[..., 2], 1 << 20)
        order = np.argsort(light, axis=0, kind="stable")
        count = known.sum(axis=0)
        rank = np.clip((_GROUND_QUANTILE * (count - 1)).astype(np.int64), 0, None)
        chosen = np.take_along_axis(order, rank[None], axis=0)
        ground = np.take_along_axis(stack, chosen[..., None], axis=0)[0]
        return ground, np.asarray(count >= _LEAST_SAMPLES)

    def _darkened(self, own: NDArray[np.uint8], ground: NDArray[np.uint8], free: Mask, hole: Mask) -> Mask:
        """Return the places that hang together with the hole and are the ground, darkened."""
        scale = self._pictures.scale
        sigma = scale.px(_SMOOTH_PX)
        share = _blurred(free.astype(np.float32), sigma) + 1e-3
        here, lit = (
            _blurred(_linear(picture) * free[..., None], sigma) / share[..., None] + 2e-3 for picture in (own, ground)
        )
        logs = np.log(here / lit)
        mean = np.asarray(cv2.transform(logs, np.full((1, 3), 1 / 3)))
        # Other exposure is no shadow: most of the surroundings are lit.
        mean = mean - float(np.clip(np.median(mean[free]), -0.2, 0.2))
        alike = np.abs(logs - np.asarray(cv2.transform(logs, np.full((3, 3), 1 / 3)))).max(axis=2) < _CHANNELS_APART
        expected = 255 * np.clip(_linear(ground) * np.exp(logs), 0, 1) ** (1 / _GAMMA)
        misfit = np.asarray(cv2.transform(np.abs(own - expected), np.full((1, 3), 1 / 3))) * free
        wide = scale.px(_MISFIT_PX)
        misfit = _blurred(misfit.astype(np.float32), wide) / (_blurred(free.astype(np.float32), wide) + 1e-3)
        dark = free & alike & (mean < np.log(_DARK)) & (misfit < _MISFIT_CODES)
        return self._attached(dark, hole, mean < np.log(_CORE))

    def _attached(self, dark: Mask, hole: Mask, core: Mask | None = None) -> Mask:
        """Return the parts of `dark` that touch the hole and, if given, hold enough of `core`; none if too much."""
        scale = self._pictures.scale
        opened = np.asarray(cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
        side = 2 * max(1, round(scale.px(_TOUCH_PX))) + 1
        near = np.asarray(cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8))) > 0
        count, parts = cv2.connectedComponents(opened)
        keep = np.zeros(dark.shape, np.bool_)
        for part in range(1, count):
            inside = parts == part
            if (inside & near).any() and (core is None or core[inside].mean() > _CORE_SHARE):
                keep |= inside
        return keep if np.count_nonzero(keep) <= _MOST_OF_OBJECT * np.count_nonzero(hole) else np.zeros_like(keep)


def _linear(picture: NDArray[np.uint8]) -> Plane:
    return np.asarray((picture.astype(np.float32) / 255) ** np.float32(_GAMMA))


def _blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma))


def _middle(mask: Mask) -> tuple[float, float]:
    """Return y and x of the middle of the mask's box; steadier in x than a centroid when limbs move."""
    box = Region.of(mask)
    return (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
