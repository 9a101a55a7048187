"""Find the shadow that an object casts: a darkening of the ground that goes along with the object."""

from __future__ import annotations

import math
from math import log
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Mask
from videdit_plugins.builtin.filler.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.darkening import HALF, Darkenings
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.ground import LitGround
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import FACTS_HEIGHT_PX

_COMPANIONS = 4
"""Frames before and after that must show the same darkening beside the object."""
_DARK, _CORE = 0.87, 0.75
"""Light that a shadow leaves, at its rim and somewhere inside."""
_HERE = 0.92
_STEADY = 0.7
_CORE_SHARE, _CORE_SHARE_APART = 0.08, 0.4
_TINTED = 0.35
_ROUGH_ANYWAY, _ROUGH_SHARE = 0.06, 0.45
_AROUND_PX = 30.0
_TOUCH_PX = 5.0
_UNSEEN_PX = 12.0
_LIKE = 0.25
_LIKE_PX = 15.0
_SOFT_EDGE_PX = 4.0
_REACH_OF_OBJECT = 1.0
_MOST_OF_OBJECT = 1.5
_TRIES = 4
_LEAST_MOTION_PX = 3.0
_COARSE = 4
_VOTERS, _VOTES = 2, 2
_LEFT_SHARE = 0.03
"""Of the object's area: darkness beside the fill that a person would see."""
_KEPT = 256
_BORDER_ROWS = 2
_CUT_OFF_SHARE = 0.5
"""Of the object's width: a shadow that belongs to the mask may leave the picture below as well, but is narrower."""


class _Search(NamedTuple):
    """What one frame says, with the frames around it that are moved along with the object; each (h, w) bool.

    found:   its shadow
    suspect: dark near the object, whatever it is
    core:    very dark
    known:   the lit ground is known
    """

    found: Mask
    suspect: Mask
    core: Mask
    known: Mask


class Shadows:
    """The object's shadow on each frame of a shot, at the small size.

    A place belongs to it if the ground there is darker than when it is lit, alike in all channels and with its
    texture kept; if the frames around show the same in the same place beside the object; and if it hangs together
    with the hole, or lies below it. Where the ground was never seen lit, what looks like the shadow and hangs
    together with it is added. An object that rests has no shadow that could be told from the ground, and one that the
    lower border cuts off casts it outside the picture.
    """

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera) -> None:
        self._shot = shot
        self._small = pictures.scale.small
        self._ground = LitGround(shot, pictures, camera)
        self._unit = min(self._ground.size) / FACTS_HEIGHT_PX
        self._darkenings = Darkenings(self._ground, self._unit, 4 * (_COMPANIONS + _VOTERS))
        self._searched: Cache[int, NDArray[np.uint8] | None] = Cache(_KEPT)

    def __getitem__(self, index: int) -> Mask | None:
        """Return (h, w) bool of the small picture, a soft edge included; None if no shadow was found."""
        found = self._together(index)
        if not found.any():
            return None
        grown = _widened(found, self._unit * _SOFT_EDGE_PX)
        return np.asarray(cv2.resize(grown.view(np.uint8), self._small[::-1], interpolation=cv2.INTER_NEAREST)) > 0

    def around(self, index: int) -> range:
        """Return the stretch of the shot that tells where the shadow on frame `index` is."""
        return self._ground.around(index)

    def left(self, index: int) -> bool:
        """Return whether something dark goes along with the object that is neither it nor a shadow that was found."""
        one = self._alone(index)
        if one is None:
            return False
        hole = self._ground.look(index).hole
        gone = hole | _widened(self._together(index), self._unit * _SOFT_EDGE_PX)
        rest = self._attached(one.suspect & ~gone, gone, one.core, one.known)
        return bool(np.count_nonzero(rest) > _LEFT_SHARE * np.count_nonzero(hole))

    def _together(self, index: int) -> Mask:
        """Return what the frame itself or several around it show, (h, w) bool."""
        hole = self._ground.look(index).hole
        votes = np.zeros(hole.shape, np.uint8)
        for other in range(index - _VOTERS, index + _VOTERS + 1):
            one = self._alone(other) if other in self._shot and hole.any() else None
            if one is None or not one.found.any():
                continue
            mask = one.found.view(np.uint8)
            if other == index:
                # What the frame itself shows needs no other vote.
                votes += _VOTES * mask
            else:
                votes += cv2.warpAffine(mask, self._shift(index, other), hole.shape[::-1], flags=cv2.INTER_NEAREST)
        return np.asarray((votes >= _VOTES) & ~hole)

    def _alone(self, index: int) -> _Search | None:
        """Return what is found without the votes of the frames around; None where there is no object."""
        bits = self._searched.get(index, self._packed)
        if bits is None:
            return None
        shape = len(_Search._fields), *self._ground.size
        return _Search(*np.unpackbits(bits, count=math.prod(shape)).reshape(shape).view(np.bool_))

    def _packed(self, index: int) -> NDArray[np.uint8] | None:
        one = self._search(index)
        return None if one is None else np.packbits(np.stack(one))

    def _search(self, index: int) -> _Search | None:
        hole = self._ground.look(index).hole
        if not hole.any():
            return None
        own, near = self._darkenings.of(index), self._near(hole)
        dark, here, steady = self._beside(index)
        candidate = near & own.known & steady
        # Something else before the ground is darker here and lighter there; a shadow's own edge is less rough.
        plain = (own.tint < _TINTED) & (own.roughness < _ROUGH_ANYWAY + _ROUGH_SHARE * np.maximum(-here, 0))
        found = np.zeros(hole.shape, np.bool_)
        if self._moves(index) and not _cut_off(hole):
            found = self._cast(index, candidate & plain & (here < log(_HERE)), dark, near & ~hole & ~own.known)
        return _Search(found, candidate & (dark < log(_DARK)), dark < log(_CORE), own.known)

    def _cast(self, index: int, candidate: Mask, dark: Plane, unseen: Mask) -> Mask:
        """Return the shadow among the places that may be one: not much larger than the object."""
        hole, known = self._ground.look(index).hole, self._darkenings.of(index).known
        most = _MOST_OF_OBJECT * np.count_nonzero(hole)
        for attempt in range(_TRIES):
            # What is too large for a shadow may be one with darker ground attached to it.
            harder = attempt * log(_DARK)
            core = dark < log(_CORE) + harder
            found = self._attached(candidate & (dark < log(_DARK) + harder), hole, core, known)
            if np.count_nonzero(found) <= most:
                grown = self._grown(index, found, unseen)
                return grown if np.count_nonzero(grown) <= most else found
        return np.zeros(hole.shape, np.bool_)

    def _near(self, hole: Mask) -> Mask:
        box = Region.of(hole)
        near = np.zeros(hole.shape, np.bool_)
        near[box.grown(round(_REACH_OF_OBJECT * max(box.width, box.height)), self._ground.size).slices] = True
        return near

    def _beside(self, index: int) -> tuple[Plane, Plane, Mask]:
        """Return how dark the frames around are, how dark this one is, and where that is steady."""
        own = self._darkenings.of(index)
        lasting, steady = self._lasting(index)
        level = self._surroundings(lasting, own.known)
        return lasting - level, own.smooth - level, steady

    def _surroundings(self, mean: Plane, known: Mask) -> Plane:
        """Return how dark the wider surroundings are: exposure and the lens, no shadow."""
        # A shadow itself must not pull the level down.
        level, _ = _local_mean(np.clip(mean, log(_HERE), -log(_HERE)), known, self._unit * _AROUND_PX)
        return level

    def _lasting(self, index: int) -> tuple[Plane, Mask]:
        """Average the darkening of the frames around, each moved along with the object.

        Returns (h, w) float32, and (h, w) bool: most frames in which the place is known show it darker.
        """
        own = self._darkenings.of(index)
        total, count = own.mean.copy(), own.known.astype(np.float32)
        votes = (own.smooth < log(_HERE)).astype(np.float32)
        for other in range(index - _COMPANIONS, index + _COMPANIONS + 1):
            if other == index or other not in self._shot or not self._ground.look(other).hole.any():
                continue
            there = self._darkenings.of(other)
            shift, size = self._shift(index, other), self._ground.size[::-1]
            known, dark = there.known.astype(np.float32), (there.smooth < log(_HERE)).astype(np.float32)
            moved = cv2.warpAffine(cv2.merge([there.mean, known, dark]), shift, size)
            total += moved[..., 0]
            count += moved[..., 1]
            votes += moved[..., 2]
        enough = count > min(2, len(self._shot)) - 0.5
        mean = (total / np.maximum(count, 1e-3)).astype(np.float32)
        return mean, np.asarray(enough & (votes > _STEADY * count))

    def _shift(self, index: int, other: int) -> NDArray[np.float64]:
        """Return the (2, 3) map from `other` to `index` that follows the object over the ground."""
        mine, theirs = (Region.of(self._ground.look(one).hole) for one in (index, other))
        (y, x), (other_y, other_x) = _middle(mine), _middle(theirs)
        foot = np.array([[[other_x, theirs.y1]]], np.float64)
        ground = cv2.perspectiveTransform(foot, self._ground.homography(other, index))[0, 0, 1] - theirs.y1
        own, there = self._darkenings.coarse(index), self._darkenings.coarse(other)
        # An object that jumps leaves its shadow on the ground; one that comes nearer takes it along.
        best, best_likeness = y - other_y, -1.0
        for down in (y - other_y, float(ground), float(mine.y1 - theirs.y1)):
            shift = np.array([[1, 0, (x - other_x) / HALF], [0, 1, down / HALF]])
            likeness = float((cv2.warpAffine(there, shift, own.shape[::-1]) * own).sum())
            if likeness > best_likeness + 1e-6:
                best, best_likeness = down, likeness
        return np.array([[1, 0, x - other_x], [0, 1, best]])

    def _moves(self, index: int) -> bool:
        """Whether the object is elsewhere on the ground at some time of the shot."""
        y, x = _middle(Region.of(self._ground.look(index).hole))
        for distance in (4, 12, 24, 48):
            for other in (index - distance, index + distance):
                if other not in self._shot or not self._ground.look(other).hole.any():
                    continue
                at = cv2.perspectiveTransform(np.array([[[x, y]]]), self._ground.homography(index, other))[0, 0]
                other_y, other_x = _middle(Region.of(self._ground.look(other).hole))
                if np.hypot(at[0] - other_x, at[1] - other_y) > self._unit * _LEAST_MOTION_PX:
                    return True
        return False

    def _attached(self, dark: Mask, hole: Mask, core: Mask, known: Mask) -> Mask:
        """Return the parts of `dark` that touch the hole, or lie on the ground below it, and hold enough of `core`."""
        opened = np.asarray(cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
        # Close to the object the ground may never have been seen.
        unseen = ~known & _widened(hole, self._unit * _UNSEEN_PX)
        touching = _widened(hole | unseen, self._unit * _TOUCH_PX)
        box = Region.of(hole)
        count, parts, boxes, centres = cv2.connectedComponentsWithStats(opened)
        keep = np.zeros(dark.shape, np.bool_)
        for part in range(1, count):
            inside = parts == part
            (x, y), bottom = centres[part], boxes[part, cv2.CC_STAT_TOP] + boxes[part, cv2.CC_STAT_HEIGHT]
            if (inside & touching).any():
                fits = bottom > (box.y0 + box.y1) / 2 and core[inside].mean() > _CORE_SHARE
            else:
                # The shadow of something in the air: below it, and dark nearly all over.
                below = y > box.y1 - box.height / 4 and abs(x - (box.x0 + box.x1) / 2) < box.width
                fits = below and core[inside].mean() > _CORE_SHARE_APART
            if fits:
                keep |= inside
        return keep

    def _grown(self, index: int, found: Mask, near: Mask) -> Mask:
        """Add what hangs together with a shadow and looks like it: there the ground was never seen lit."""
        if not found.any():
            return found
        look, lit = self._ground.look(index), self._ground.behind(index)
        sigma = self._unit * _LIKE_PX
        shade, shade_weight = _local_mean(look.light, found & ~look.hole, sigma)
        ground, ground_weight = _local_mean(lit.light, lit.known & ~look.wide & ~found, sigma)
        away = cv2.absdiff(look.light, shade)
        alike = np.maximum(np.maximum(away[..., 0], away[..., 1]), away[..., 2]) < _LIKE
        darker = np.asarray(cv2.transform(look.light - ground, np.full((1, 3), 1 / 3))) < log(_DARK)
        like = near & alike & darker & (shade_weight > 1e-2) & (ground_weight > 1e-2)
        count, parts = cv2.connectedComponents((like | found).view(np.uint8))
        kept = np.zeros(count, np.bool_)
        kept[np.unique(parts[found])] = True
        return np.asarray(kept[parts])


def _cut_off(hole: Mask) -> bool:
    """Return whether the lower border cuts the object: its shadow is then outside the picture.

    What is dark beside it are other things, often people.
    """
    at_border = np.count_nonzero(hole[-_BORDER_ROWS:].any(axis=0))
    return bool(at_border > _CUT_OFF_SHARE * Region.of(hole).width)


def _local_mean(values: Plane, where: Mask, sigma: float) -> tuple[Plane, Plane]:
    """Return the mean of `values` around each pixel over `where`, and how much of that there is; coarse inside."""
    height, width = where.shape
    share = where.astype(np.float32)
    weighted = values * (share if values.ndim == 2 else share[..., None])
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    both = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (weighted, share))
    total, weight = (cv2.GaussianBlur(plane, (0, 0), sigma / _COARSE) for plane in both)
    mean = total / ((weight if values.ndim == 2 else weight[..., None]) + np.float32(1e-6))
    return np.asarray(cv2.resize(mean, (width, height))), np.asarray(cv2.resize(weight, (width, height)))


def _widened(mask: Mask, radius_px: float) -> Mask:
    return np.asarray(cv2.dilate(mask.view(np.uint8), _disc(radius_px))) > 0


def _disc(radius_px: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def _middle(box: Region) -> tuple[float, float]:
    """Return y and x of a box's middle; of an object it is steadier in x than a centroid when limbs move."""
    return (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
