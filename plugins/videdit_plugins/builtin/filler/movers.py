"""What moves by itself and is hidden by a hole in part: views of it that go along with its own motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from videdit import Region, Shot
from videdit.frames import Mask
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import Wanted, sources, useful_frames
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.mapping import grey_of, visible
from videdit_plugins.builtin.filler.pictures import Picture, Pictures, grown
from videdit_plugins.builtin.filler.scale import Matrix, Scale
from videdit_plugins.builtin.filler.views import View, aligned, view_at

_REACH = 16
_WANTED = Wanted(per_pixel=4, most=6, least_share=0.04)
_RING_PX, _TOUCHES = 6.0, 0.08
"""A mover touches the hole if it holds such a share of what lies around it so far."""
_EDGE_PX = 2.0
"""So far motion is told beyond what moves."""
_LEAST_KNOWN, _LEAST_MOVING = 0.3, 0.6
"""What is to be seen of a piece beside the hole, over what is hidden of it; how much of what is seen moves here too."""
_FITS = 0.6
"""How much a piece may differ there, over how much detail it has."""
_DETAIL_PX = 4.0
_TRIED = 2
"""If so many of the nearest frames are not believed, the others will not be: it bends, or nobody can follow it."""
_KEPT = 2 * _REACH + 16


class Movers:
    """What moves by itself in a shot.

    moving: moving(index) -> (h, w) bool of the small picture
    """

    def __init__(self, shot: Shot, pictures: Pictures, moving: Callable[[int], Mask]) -> None:
        self._shot = shot
        self._pictures = pictures
        self._moving = moving
        self._own = _OwnMotion(pictures, moving)
        self._camera = _Chained(self._own, shot)

    def views(self, here: Picture, box: Region, preset: FlowPreset) -> list[View]:
        """Return what other frames show of movers that the hole hides in part, in a box of `here`."""
        scale, hole, moves = self._pictures.scale, here.hole[box.slices], self._moving(here.index)
        ring = grown(hole, scale.px(_RING_PX)) & ~hole
        if np.count_nonzero(moves[box.slices] & ring) < _TOUCHES * np.count_nonzero(ring):
            return []
        among = sources(here.index, self._shot, _REACH)
        chosen = useful_frames(here.index, box, hole, among, self._pictures, self._camera, _WANTED, self._hidden)
        own = grey_of(here.rgb[box.slices])
        result: list[View] = []
        for number, (there, homography) in enumerate(chosen):
            if number == _TRIED and not result:
                break
            rest = ~moves, ~self._moving(there.index)
            found = aligned(here, there, homography, box, scale, preset, rest)
            view = view_at(here, there, box, found)
            shown = view.valid & visible(self._hidden(there.index), found)
            valid = believed(shown, hole, moves[box.slices], own, grey_of(view.rgb), scale)
            if (valid & hole).any():
                result.append(replace(view, valid=valid))
        return result

    def _hidden(self, index: int) -> Mask:
        return self._pictures[index].hole | ~self._own.inside(index)


class _Chained(Camera):
    """Homographies chained from neighbour to neighbour: optical flow takes up drift, or no piece is believed."""

    def between(self, a: int, b: int) -> Matrix:
        return super().between(a, b) if abs(a - b) <= 1 else self.product(a, b)


class _OwnMotion(Pictures):
    """The same pictures, with motion to be trusted inside movers alone."""

    def __init__(self, plain: Pictures, moving: Callable[[int], Mask]) -> None:
        self._plain = plain
        self._moving = moving
        self.scale = plain.scale
        self._small = Cache(_KEPT)
        self._inside: Cache[int, Mask] = Cache(_KEPT)

    def inside(self, index: int) -> Mask:
        """Return (h, w) bool of the small picture: what moves by itself for sure."""
        return self._inside.get(index, self._core)

    def _core(self, index: int) -> Mask:
        return ~grown(~self._moving(index), self.scale.px(_EDGE_PX))

    def _made(self, index: int) -> Picture:
        picture = self._plain[index]
        return replace(picture, wide=picture.wide | ~self.inside(index))


def believed(shown: Mask, hole: Mask, moves: Mask, own: Plane, theirs: Plane, scale: Scale) -> Mask:
    """Return those pieces of movers that belong to something which is to be seen beside the hole, (h, w) bool.

    shown:  (h, w) bool, what another frame shows of movers
    moves:  (h, w) bool, what moves by itself on the frame with the hole
    own:    (h, w) float32, that frame in grey
    theirs: (h, w) float32, what the other one shows, in grey
    """
    count, pieces = cv2.connectedComponents(shown.view(np.uint8), connectivity=4)
    beside = shown & ~hole
    known = beside & moves
    side = 2 * max(1, round(scale.px(_DETAIL_PX))) + 1
    detail = np.abs(own - cv2.blur(own, (side, side)))[known]
    differs = np.abs(cv2.blur(theirs - own, (3, 3)))[known]
    hidden, seen, moving = (np.bincount(pieces[part], minlength=count) for part in (shown & hole, beside, known))
    off, most_off = (np.bincount(pieces[known], plane, count) for plane in (differs, _FITS * detail))
    good = (moving >= _LEAST_KNOWN * hidden) & (moving >= _LEAST_MOVING * seen) & (off < most_off)
    good[0] = False
    return np.asarray(good[pieces])
