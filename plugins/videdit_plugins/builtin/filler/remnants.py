"""Find what a mask missed of its object: parts beside it that are not the ground which other frames show there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region, Shot
from videdit.frames import Alpha, Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.agreement import LEAST_SEEN
from videdit_plugins.builtin.filler.alongside import Alongside, alongside
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import Wanted, box_around, sources, useful_frames
from videdit_plugins.builtin.filler.likeness import inner, motion_apart, object_near, unlikeness
from videdit_plugins.builtin.filler.pictures import Picture, Pictures, grown, unpacked
from videdit_plugins.builtin.filler.pieces import Piece, Reaching, pieces_beside
from videdit_plugins.builtin.filler.surroundings import Surroundings

_MARGIN_PX, _REACH_PX = 24.0, 16.0
"""So far around the hole is looked, and so far from it may lie what is taken."""
_NEXT_PX = 2.5
"""A frame is worth looking at for what it shows so near to the hole: all that is taken touches it."""
_LEAST_AWAY = 2
"""Frames: nearer ones show the same remnant at nearly the same place."""
_WANTED = Wanted(per_pixel=4, most=10, least_share=0.05)
_TOUCHING_PX, _LEAST_PX = 2.0, 5.0
"""What is farther from the hole hangs together with nothing; what has fewer pixels is noise."""
_AREA_PX = 3.0
"""Half the side of the areas whose means are compared with the ground's."""
_SMALL_PX, _SMALL_BEYOND = 10.0, 0.1
"""A small piece reaches no farther from the hole, and goes on beyond what is looked at by no more of its area."""
_FRINGE_PX, _FRINGE_LEAST_PX = 3.0, 2.0
"""What reaches no farther is an edge of the object: blurred, or in its own shade, it has neither's colours.

Right at the hole fewer pixels are enough."""
_ALIKE_CODES_SMALL, _ALIKE_CODES = 25.0, 20.0
"""A piece whose colours differ by more from the object's is not of it."""
_ALONG_PX, _EXACTLY_PX = 0.8, 0.27
"""Another piece may move otherwise than the object by so much, against the likest of the frames beside; if its colours
are not the object's, as skin is not a shirt, by so much."""
_BESIDE = (-2, -1, 1, 2)
_UNSEEN = 0.9
"""An object of which more is black was taken out of the frames; there is nothing to compare with."""
_LEAST_LIKELY, _SURE = 0.1, 0.25
"""What the tracker thought less likely to be the object's is not asked for its word; of what it thought likelier than
the other nothing is asked."""
_EDGE_PX = 2.0
"""What is found is grown by that: its mixed pixels differ too little from the ground."""
_FOUND_KEPT = 256


class _Strange(NamedTuple):
    """What in a box is not the ground that frames show which are not beside this one, see `strange`.

    pixels, areas: (h, w) bool
    away:          (h, w) float32, how far a pixel is from the hole
    """

    pixels: Mask
    areas: Mask
    away: NDArray[np.float32]


class Remnants:
    """What masks missed of their object on each frame of a shot, at the small size.

    A piece beside the hole is one if it is not what other frames agree on that the ground shows there, and is either no
    more than a fringe of the hole, or lies in the hole of a frame beside once it is followed there, or like the object
    nearby (in its colours if it is small, else also in how it moves), or not unlikely to be the object's for the
    tracker; what was nearly sure for that is one whatever the ground shows.
    What stands beside or behind the object and is not the ground either is left alone by that: it has other colours, or
    it moves otherwise.

    given:    with the holes as they came
    pictures: with shadows added to them, which are the object's too
    """

    def __init__(self, shot: Shot, given: Pictures, pictures: Pictures, camera: Camera, reach: int) -> None:
        self._shot = shot
        self._given = given
        self._pictures = pictures
        self._camera = camera
        self._reach = reach
        self._found: Cache[int, NDArray[np.uint8] | None] = Cache(_FOUND_KEPT)

    def __getitem__(self, index: int) -> Mask | None:
        """Return (h, w) bool of the small picture, some of the hole beside it included; None if nothing was missed."""
        bits = self._found.get(index, self._packed)
        return None if bits is None else unpacked(bits, self._pictures.scale.small)

    def _packed(self, index: int) -> NDArray[np.uint8] | None:
        given = self._given[index]
        if not given.hole.any() or _taken_out(given.rgb[given.hole]):
            return None
        here = self._pictures[index]
        box = box_around(here.hole, self._px(_MARGIN_PX))
        found = self._beside(here, box)
        if not found.any():
            return None
        whole = np.zeros_like(here.hole)
        whole[box.slices] = grown(found, self._px(_EDGE_PX))
        return np.packbits(whole)

    def _beside(self, here: Picture, box: Region) -> Mask:
        """Return (h, w) bool of a box around the hole: the pieces that are the object's."""
        hole = here.hole[box.slices]
        away = _distance_from(hole)
        found, ground = np.zeros_like(hole), self._surroundings(here, box, away)
        if ground is not None:
            odd = _Strange(*ground.strange(), away)
            for one in self._pieces(odd.pixels, away):
                if self._fringe(one):
                    found[one.piece.region.slices] |= one.piece.mask
            if odd.pixels.any() or odd.areas.any():
                others = self._others(here, box)
                # Whole pieces come first: what is left of one that is taken in part may be like nothing.
                self._take_alike(found, odd, here.rgb[box.slices], hole, others)
                self._take_covered(found, odd, others)
        probability = self._given.probability(here.index)
        if probability is not None:
            self._take_likely(found, hole, probability[box.slices], ground)
        return found

    def _take_likely(self, found: Mask, hole: Mask, probability: Alpha, ground: Surroundings | None) -> None:
        """Add to `found` what may be the object's: the less likely it is, the more it has to differ from the ground."""
        which = probability >= _SURE
        if ground is not None:
            share = np.clip((_SURE - probability) / (_SURE - _LEAST_LIKELY), 0, 1).astype(np.float32)
            which = which | (ground.strange(share)[1] & (probability >= _LEAST_LIKELY))
        away = _distance_from(hole | found)
        for one in self._pieces(_opened(which & ~hole & ~found), away, _MARGIN_PX):
            if self._enough(one.piece):
                found[one.piece.region.slices] |= one.piece.mask

    def _take_covered(self, found: Mask, odd: _Strange, others: Sequence[Alongside]) -> None:
        """Add to `found` what the hole of a frame beside covers, whatever it looks like and however far it reaches."""
        covered = np.any([other.covered for other in others], axis=0)
        for which in (odd.pixels, odd.areas):
            for one in self._pieces(_opened(which & covered & ~found), odd.away, _MARGIN_PX):
                if self._enough(one.piece):
                    found[one.piece.region.slices] |= one.piece.mask

    def _take_alike(
        self, found: Mask, odd: _Strange, rgb: NDArray[np.uint8], hole: Mask, others: Sequence[Alongside]
    ) -> None:
        """Add to `found` what looks and moves like the object."""
        inside, motions = inner(hole, self._pictures.scale), [other.motion for other in others]
        # Areas join pieces that are the object's with others that are not, so they come second.
        for one in chain.from_iterable(
            self._pieces(_opened(which & ~found), odd.away) for which in (odd.pixels, odd.areas)
        ):
            piece, near = one.piece, object_near(one.piece, inside, self._pictures.scale)
            if not self._enough(piece) or near is None or _taken_out(near.of(rgb)):
                continue
            apart = unlikeness(piece.of(rgb), near.of(rgb))
            alike = self._small(one) and apart < _ALIKE_CODES_SMALL
            if not alike:
                along = motion_apart(motions, piece, near, self._pictures.scale)
                alike = along < self._px(_ALONG_PX if apart < _ALIKE_CODES else _EXACTLY_PX)
            if alike:
                found[piece.region.slices] |= piece.mask

    def _pieces(self, which: Mask, away: NDArray[np.float32], reach_px: float = _REACH_PX) -> Iterator[Reaching]:
        return pieces_beside(which, away, self._px(reach_px), self._px(_TOUCHING_PX))

    def _surroundings(self, here: Picture, box: Region, away: NDArray[np.float32]) -> Surroundings | None:
        """Return what other frames show beside the hole; None if too few of them show any of it."""
        near = (away > 0) & (away <= self._px(_NEXT_PX))
        among = [one for one in sources(here.index, self._shot, self._reach) if abs(one - here.index) >= _LEAST_AWAY]
        frames = useful_frames(here.index, box, near, among, self._pictures, self._camera, _WANTED, self._hidden)
        if len(frames) < LEAST_SEEN:
            return None
        where = (away > 0) & (away <= self._px(_MARGIN_PX))
        return Surroundings(here, box, where, frames, self._px(_AREA_PX))

    def _hidden(self, index: int) -> Mask:
        return self._pictures[index].wide

    def _fringe(self, one: Reaching) -> bool:
        enough = np.count_nonzero(one.piece.mask) >= self._px(_FRINGE_LEAST_PX)
        return bool(enough) and one.depth <= self._px(_FRINGE_PX)

    def _small(self, one: Reaching) -> bool:
        return one.depth < self._px(_SMALL_PX) and one.beyond < _SMALL_BEYOND

    def _enough(self, piece: Piece) -> bool:
        return bool(np.count_nonzero(piece.mask) >= self._px(_LEAST_PX))

    def _others(self, here: Picture, box: Region) -> list[Alongside]:
        beside = [here.index + step for step in _BESIDE if here.index + step in self._shot]
        pictures, camera = self._pictures, self._camera
        return [
            alongside(here, pictures[other], camera.between(here.index, other), box, pictures.scale) for other in beside
        ]

    def _px(self, length_px: float) -> float:
        return self._pictures.scale.px(length_px)


def _distance_from(hole: Mask) -> NDArray[np.float32]:
    """Return how far each pixel is from the nearest of `hole`, (h, w) float32; 0 in it."""
    return np.asarray(cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, 5))


def _opened(mask: Mask) -> Mask:
    """Return the pixels of (h, w) bool that lie in squares of 2x2; OpenCV's own opening moves them by one."""
    square = np.ones((2, 2), np.uint8)
    corners = cv2.erode(mask.view(np.uint8), square, anchor=(1, 1))
    return np.asarray(cv2.dilate(corners, square, anchor=(0, 0))) > 0


def _taken_out(colours: NDArray[np.uint8]) -> bool:
    """Return whether colours (n, 3) are those of holes that were made black, see `HoledFrames`."""
    return bool((colours.max(axis=1) == 0).mean() > _UNSEEN)
