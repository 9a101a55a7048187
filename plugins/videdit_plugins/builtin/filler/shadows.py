"""Find the shadow that an object casts: a darkening of the ground that goes along with the object."""

from __future__ import annotations

from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.beside import Beside, lowered
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.dark_parts import low_enough
from videdit_plugins.builtin.filler.darkening import MEAN, Darkening, local_mean
from videdit_plugins.builtin.filler.foot import at_foot, shadow_left
from videdit_plugins.builtin.filler.ground import LitGround, stretch_of
from videdit_plugins.builtin.filler.jumps import lowering
from videdit_plugins.builtin.filler.outwards import followed
from videdit_plugins.builtin.filler.pictures import Pictures, grown, unpacked
from videdit_plugins.builtin.filler.votes import Vote, Votes
from videdit_plugins.builtin.filler.workers import Workers

_HERE, _DARK, _CORE = log(0.92), log(0.87), log(0.75)
"""Light that a shadow leaves: on the frame itself, at most, and somewhere inside."""
_CORE_SHARE = 0.08
_LEAST_EVIDENCE = 0.5
_VOTE_WEIGHT = 0.5
_AT_THE_PLACE, _ELSEWHERE = -1.0, -1.5
"""The vote counts no less than that: at the place of the shadow, and around it, where this frame may show more."""
_PLACE_CELLS, _AROUND_CELLS = 3, 14
_OVERLAP = 0.3
_LOW = 0.7
_TOUCH_PX = 5.0
_MOST_OF_OBJECT = 1.5
_UNSEEN_REACH = 1.0
_LIKE = 0.25
_LIKE_PX = 15.0
_SOFT_EDGE_PX = 4.0
_STRETCHES_KEPT, _FOUND_KEPT = 3, 256


class Shadows:
    """The object's shadow on each frame of a shot, at the small size.

    Whether the object casts one, and where beside it, is decided for a stretch of the shot, see `Votes`; if it does
    not, nothing more is done. Else a place of a frame belongs to the shadow if the ground there is darker than when it
    is lit, alike in all channels and with its texture kept, and if it lies where the stretch has the shadow, or hangs
    together with that, or with the object's foot. Where the ground was never seen lit, what looks like the shadow and
    hangs together with it is added. An object that the lower border cuts off casts it outside the picture.
    """

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        self._stretches: Cache[range, tuple[LitGround, Votes]] = Cache(_STRETCHES_KEPT)
        self._found: Cache[int, NDArray[np.uint8] | None] = Cache(_FOUND_KEPT)

    def __getitem__(self, index: int) -> Mask | None:
        """Return (h, w) bool of the small picture, a soft edge included; None if no shadow was found."""
        found = self._grown(index)
        if found is None:
            return None
        size = self._pictures.scale.small[::-1]
        return np.asarray(cv2.resize(found.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)) > 0

    def prepare(self, index: int, workers: Workers) -> None:
        """Make ahead, in several threads, what it takes to tell whether there is a shadow on frame `index`."""
        self._camera.walk(stretch_of(index, self._shot), workers)
        self._stretch(index)[1].prepare(index, workers)

    def left(self, index: int, filled: Mask | None = None) -> bool:
        """Return whether beside the object and what was found something stays that a person would take for a shadow.

        filled: (h, w) bool of the small picture, all that is filled, where that is more than both
        """
        ground, votes = self._stretch(index)
        if not votes.may_cast(index):
            return False
        found = self._grown(index)
        hole = ground.look(index).hole
        gone = hole if found is None else hole | found
        if filled is not None:
            gone = gone | ground.touched(filled)
        return shadow_left(votes.darkening(index), votes.laid(index), hole, gone, ground.unit)

    def _stretch(self, index: int) -> tuple[LitGround, Votes]:
        return self._stretches.get(stretch_of(index, self._shot), self._begun)

    def _begun(self, stretch: range) -> tuple[LitGround, Votes]:
        ground = LitGround(stretch, self._pictures, self._camera)
        return ground, Votes(ground)

    def _grown(self, index: int) -> Mask | None:
        """Return the shadow at the size of the ground, its soft edge included; None if there is none."""
        bits = self._found.get(index, self._packed)
        return None if bits is None else unpacked(bits, self._stretch(index)[0].size)

    def _packed(self, index: int) -> NDArray[np.uint8] | None:
        ground, votes = self._stretch(index)
        if not votes.may_cast(index):
            return None
        vote = votes.shadow(index)
        found = self._at_foot(index) if vote is None else self._cast(index, vote)
        return np.packbits(grown(found, ground.unit * _SOFT_EDGE_PX)) if found.any() else None

    def _at_foot(self, index: int) -> Mask:
        """Return a deep shadow at the foot, which is sure though the votes do not decide: where it rests long, say."""
        ground, votes = self._stretch(index)
        hole = ground.look(index).hole
        return at_foot(votes.darkening(index), votes.laid(index), hole, ground.unit)

    def _cast(self, index: int, vote: Vote) -> Mask:
        """Return the shadow on one frame: not much larger than the object."""
        ground, votes = self._stretch(index)
        hole = ground.look(index).hole
        own, evidence = votes.evidence(index)
        beside = Beside.of(hole)
        shape = np.where(grown(vote.where, 1), np.maximum(vote.for_it, 0), 0).astype(np.float32)
        down = lowering(shape, votes.around(index), index)
        place = _laid(grown(vote.where, _PLACE_CELLS), beside, hole, down)
        around = _laid(grown(vote.where, _AROUND_CELLS), beside, hole, down)
        least = np.where(grown(vote.where, _PLACE_CELLS), _AT_THE_PLACE, _ELSEWHERE)
        expected = beside.laid(np.maximum(vote.for_it, least).astype(np.float32), hole.shape, down)
        likely = evidence + _VOTE_WEIGHT * expected > _LEAST_EVIDENCE
        dark = low_enough(around & own.known & own.plain & likely & (own.dark < _HERE) & ~hole, hole)
        found = self._joined(dark, place, hole, own, ground.unit)
        most = _MOST_OF_OBJECT * np.count_nonzero(hole)
        if np.count_nonzero(found) > most:
            return np.zeros_like(found)
        voted = beside.laid(np.maximum(lowered(vote.for_it, down), votes.near(index)), hole.shape)
        found = followed(found, own, evidence, voted, hole, ground.unit)
        near, box = np.zeros_like(hole), Region.of(hole)
        near[box.grown(round(_UNSEEN_REACH * max(box.width, box.height)), hole.shape).slices] = True
        whole = self._with_unseen(index, found, near & ~hole & ~own.known)
        return whole if np.count_nonzero(whole) <= most else found

    def _joined(self, dark: Mask, place: Mask, hole: Mask, own: Darkening, unit: float) -> Mask:
        """Return the parts of `dark` that lie at the shadow's place, or at the object's foot and are dark inside."""
        opened = cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        touching, box = grown(hole, unit * _TOUCH_PX), Region.of(hole)
        count, parts, _, centres = cv2.connectedComponentsWithStats(opened)
        keep = np.zeros(count, np.bool_)
        for part in range(1, count):
            inside = parts == part
            at_foot = centres[part][1] > box.y0 + _LOW * box.height and bool((inside & touching).any())
            keep[part] = place[inside].mean() > _OVERLAP or (
                at_foot and np.mean(own.dark[inside] < _CORE) > _CORE_SHARE
            )
        return np.asarray(keep[parts])

    def _with_unseen(self, index: int, found: Mask, near: Mask) -> Mask:
        """Add what hangs together with a shadow and looks like it: there the ground was never seen lit."""
        if not found.any() or not near.any():
            return found
        ground, _ = self._stretch(index)
        look, lit = ground.look(index), ground.behind(index)
        sigma = ground.unit * _LIKE_PX
        shade, shade_weight = local_mean(look.light, found & ~look.hole, sigma)
        bright, bright_weight = local_mean(lit.light, lit.known & ~look.wide & ~found, sigma)
        first, second, third = cv2.split(cv2.absdiff(look.light, shade))
        alike = cv2.max(cv2.max(first, second), third) < _LIKE
        darker = cv2.transform(look.light - bright, MEAN) < _DARK
        like = near & alike & darker & (shade_weight > 1e-2) & (bright_weight > 1e-2)
        count, parts = cv2.connectedComponents((like | found).view(np.uint8))
        kept = np.zeros(count, np.bool_)
        kept[np.unique(parts[found])] = True
        return np.asarray(kept[parts])


def _laid(cells: Mask, beside: Beside, hole: Mask, down: int) -> Mask:
    return beside.laid(cells.astype(np.float32), hole.shape, down) > 0.5
