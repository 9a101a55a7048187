"""Find what a mask missed of its object: parts beside it that are not the ground which other frames show there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Mask
from videdit.ops import optical_flow
from videdit_plugins.builtin.filler.agreement import Agreement
from videdit_plugins.builtin.filler.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import box_around, sources
from videdit_plugins.builtin.filler.mapping import fetch, grid, project, visible
from videdit_plugins.builtin.filler.pictures import Picture, Pictures, grown

_MARGIN_PX, _REACH_PX = 24.0, 16.0
"""So far around the hole is looked, and so far from it may lie what is taken."""
_LEAST_AWAY = 2
"""Frames: nearer ones show the same remnant at nearly the same place."""
_MOST_FRAMES, _ENOUGH, _LEAST_USEFUL = 10, 4, 0.02
_LEAST_CODES, _SPREADS, _TYPICAL = 10.0, 3.0, 4.0
"""What differs from the ground by more codes than that, times the spread of the frames around, and times what is usual
beside the hole, is something else."""
_LEAST_PX, _TOUCHING_PX = 5.0, 1.5
_SMALL_PX, _MOST_BEYOND, _MOST_BEYOND_SMALL = 10.0, 0.5, 0.1
_ALIKE_CODES, _ALIKE_CODES_SMALL = 20.0, 25.0
_RIM_PX, _NEAR_PX = 3.5, (16, 32, 64)
_LEAST_OF_OBJECT, _SAMPLE, _NEAREST = 80, 200, 4
_ALONG_PX = 0.8
_UNSEEN = 0.9
_EDGE_PX = 2.0
_FOUND_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Part:
    """One part that hangs together, in a box around the hole.

    mask:    (h, w) bool
    corners: of its own box: y0, x0, y1, x1
    depth:   how far it reaches from the hole, pixels
    beyond:  as many times its area as hang together with it and lie farther than is looked at
    """

    mask: Mask
    corners: tuple[int, int, int, int]
    depth: float
    beyond: float


class Remnants:
    """What masks missed of their object on each frame of a shot, at the small size.

    A part beside the hole is one if it is not what other frames agree on that the ground shows there, and is like the
    object nearby: in its colours if it is small, else also in how it moves. What stands beside or behind the object and
    is not the ground either is left alone by that: it has other colours, or it reaches farther away.
    """

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera, reach: int) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        self._reach = reach
        self._found: Cache[int, NDArray[np.uint8] | None] = Cache(_FOUND_KEPT)

    def __getitem__(self, index: int) -> Mask | None:
        """Return (h, w) bool of the small picture; None if nothing was missed."""
        bits = self._found.get(index, self._packed)
        if bits is None:
            return None
        height, width = self._pictures.scale.small
        return np.unpackbits(bits, count=height * width).reshape(height, width).view(np.bool_)

    def _packed(self, index: int) -> NDArray[np.uint8] | None:
        here = self._pictures[index]
        if not here.hole.any():
            return None
        box = box_around(here.hole, self._pictures.scale.px(_MARGIN_PX))
        found = self._beside(here, box)
        if not found.any():
            return None
        whole = np.zeros_like(here.hole)
        whole[box.slices] = grown(found, self._pictures.scale.px(_EDGE_PX))
        return np.packbits(whole & ~here.hole)

    def _beside(self, here: Picture, box: Region) -> Mask:
        hole, rgb = here.hole[box.slices], here.rgb[box.slices]
        found, motion = np.zeros_like(hole), None
        ground = self._ground(here, box)
        if ground is None:
            return found
        for part in self._parts(self._strange(ground, rgb), hole):
            near = self._object_near(part, hole)
            if near is None or (rgb[near].max(axis=1) == 0).mean() > _UNSEEN:
                continue
            off = _unlikeness(rgb[part.mask], rgb[near])
            small = part.depth < self._px(_SMALL_PX) and part.beyond < _MOST_BEYOND_SMALL
            if small and off < _ALIKE_CODES_SMALL:
                found |= part.mask
            elif off < _ALIKE_CODES:
                motion = self._motion(here, box) if motion is None else motion
                if _along(motion, part.mask, near) < self._px(_ALONG_PX):
                    found |= part.mask
        return found

    def _ground(self, here: Picture, box: Region) -> Agreement | None:
        """Return what frames agree on that show the surroundings of the hole, far from their own; None if too few do."""
        places, hole = grid(box), here.hole[box.slices]
        band = grown(hole, self._px(_REACH_PX)) & ~hole
        shown, seen, counts = [], [], np.zeros(hole.shape, np.int32)
        for other in sources(here.index, self._shot, self._reach):
            if abs(other - here.index) < _LEAST_AWAY:
                continue
            there = self._pictures[other]
            free = visible(there.wide, project(self._camera.product(here.index, other), places))
            if np.count_nonzero(free & band & (counts < _ENOUGH)) < _LEAST_USEFUL * np.count_nonzero(band):
                continue
            found = project(self._camera.between(here.index, other), places)
            free = visible(there.wide, found)
            counts += free
            seen.append(free)
            shown.append(_in_light_of(here.rgb[box.slices], fetch(there.rgb, found), free & ~hole))
            if len(shown) == _MOST_FRAMES:
                break
        return Agreement.of(np.stack(shown), np.stack(seen), ~hole) if len(shown) > 2 else None

    def _strange(self, ground: Agreement, rgb: NDArray[np.uint8]) -> Mask:
        """Return (h, w) bool: what differs from the ground."""
        difference = ground.difference(rgb)
        typical = float(np.median(difference[ground.known])) if ground.known.any() else 0.0
        spread = cv2.dilate(ground.spread, np.ones((3, 3), np.uint8))
        strange = ground.known & (difference > np.maximum(max(_LEAST_CODES, _TYPICAL * typical), _SPREADS * spread))
        return np.asarray(cv2.morphologyEx(strange.view(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))) > 0

    def _parts(self, strange: Mask, hole: Mask) -> Iterator[_Part]:
        """Yield the parts that touch the hole, cut off where they are too far from it."""
        away = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5)
        near = away <= self._px(_REACH_PX)
        _, wholes = cv2.connectedComponents(strange.view(np.uint8))
        outside = np.bincount(wholes[strange & ~near], minlength=int(wholes.max()) + 1)
        count, parts, boxes, _ = cv2.connectedComponentsWithStats((strange & near).view(np.uint8))
        touching = np.unique(parts[near & strange & (away <= self._px(_TOUCHING_PX) + 1)])
        for number in touching:
            x, y, width, height, area = boxes[number]
            if number == 0 or area < self._px(_LEAST_PX):
                continue
            mask = parts == number
            beyond = outside[np.unique(wholes[mask])].sum() / area
            yield _Part(mask, (y, x, y + height, x + width), float(away[mask].max()), float(beyond))

    def _object_near(self, part: _Part, hole: Mask) -> Mask | None:
        """Return (h, w) bool: the object near a part, without its rim, where the ground may show; None if it is not."""
        core = cv2.erode(hole.view(np.uint8), np.ones((2 * round(self._px(_RIM_PX)) + 1,) * 2, np.uint8), borderValue=1)
        y0, x0, y1, x1 = part.corners
        for reach in (round(self._px(one)) for one in _NEAR_PX):
            near = np.zeros_like(hole)
            place = slice(max(0, y0 - reach), y1 + reach), slice(max(0, x0 - reach), x1 + reach)
            near[place] = core[place] > 0
            if np.count_nonzero(near) >= _LEAST_OF_OBJECT:
                return near
        return None

    def _motion(self, here: Picture, box: Region) -> list[NDArray[np.float32]]:
        """Return how things in a box move against the ground, up to frames beside this one, (h, w, 2) each."""
        result = []
        for other in (here.index + step for step in (-2, -1, 1, 2)):
            if other in self._shot:
                there = project(self._camera.between(here.index, other), grid(box))
                moved = fetch(self._pictures[other].grey, there)
                result.append(np.asarray(optical_flow(here.grey[box.slices], moved, "fast"), np.float32))
        return result

    def _px(self, length_px: float) -> float:
        return self._pictures.scale.px(length_px)


def _in_light_of(own: NDArray[np.uint8], other: NDArray[np.uint8], common: Mask) -> NDArray[np.uint8]:
    """Return `other`, (h, w, 3) uint8, with the exposure of `own`, as far as what both show tells."""
    if not common.any():
        return other
    sample = np.flatnonzero(common)[:: max(1, np.count_nonzero(common) // 2000)]
    offset = np.median(own.reshape(-1, 3)[sample].astype(np.float32) - other.reshape(-1, 3)[sample], axis=0)
    return np.asarray(cv2.add(other, (*offset.tolist(), 0.0)))


def _unlikeness(part: NDArray[np.uint8], near: NDArray[np.uint8]) -> float:
    """Return by how many codes colours (n, 3) of a part differ from those of the object that are nearest to them."""
    some, others = (one[:: max(1, len(one) // _SAMPLE)].astype(np.int16) for one in (part, near))
    apart = np.abs(some[:, None] - others[None]).max(axis=2)
    return float(np.partition(apart, _NEAREST, axis=1)[:, _NEAREST].mean())


def _along(motion: list[NDArray[np.float32]], part: Mask, near: Mask) -> float:
    """Return how far a part's motion is from that of the object near it: of the frames around, the least."""
    return min(float(np.linalg.norm(np.median(one[part], axis=0) - np.median(one[near], axis=0))) for one in motion)
