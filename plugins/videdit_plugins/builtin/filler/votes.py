"""What goes along with an object over a stretch: the frames vote, in coordinates of the object."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import cv2
import numpy as np

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.beside import SHAPE, Beside
from videdit_plugins.builtin.filler.darkening import Darkening, darkening
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.ground import LitGround, part_of
from videdit_plugins.builtin.filler.workers import Workers

_FAINT, _DARK = log(0.97), log(0.87)
"""Light that is left where it begins to count as darker, and where it counts in full."""
_IN_SHADOW = 0.65
"""How often a place in the object's shadow is dark: limbs move, and alignment fails."""
_LEAST_USUAL, _MOST_USUAL = 0.05, 0.7
_UNSEEN_WEIGHT = 2.0
"""What is usual over the whole frame counts like so many frames in which the place was seen."""
_USUAL_PX = 3.0
_AWAY = 0.1
"""Of the object's longer side: nearer places may lie in its shadow and do not tell what is usual."""
_WHOLE_FRAMES, _PART_FRAMES, _AROUND_FRAMES = 64, 32, 16
"""A stretch up to the first length is decided as a whole, of a longer one each part with what is around it."""
_VOTERS = 24
_LEAST_PX = 30
_LEAST_MOTION_PX = 3.0
_LEAST_VOTE, _CORE_VOTE, _APART_VOTE = 3.0, 5.5, 7.0
"""Anywhere in the shadow, in its core, and in the core of one that lies apart: of something in the air."""
_MOST_AGAINST = -2.0
_MOST_FOR = 12.0
_CORE_CELLS, _LEAST_CELLS = 20, 10
_HOLE_OFTEN, _HOLE_AT_TIMES = 0.8, 0.3
_TOUCH_CELLS = 4
_LOW = 0.7
"""Of the hole's height, from the top: a shadow's middle lies lower."""
_BORDER_ROWS = 1
_CUT_OFF_SHARE = 0.5
"""Of the object's width: a shadow that belongs to the mask may leave the picture below as well, but is narrower."""
_NEAR_FRAMES = 4
"""Before and after a frame: they tell how high the object is, and what goes along with it there."""
_KEPT, _EVIDENCE_KEPT, _BALLOTS_KEPT, _DECIDED_KEPT = 40, 8, 96, 16


@dataclass(frozen=True, slots=True)
class Vote:
    """Where beside the object something goes along with it, SHAPE of cells.

    for_it: float32, the frames' evidence together
    where:  bool, it is enough there
    """

    for_it: Plane
    where: Mask


class Votes:
    """Decides for parts of a stretch whether an object casts a shadow, and where beside it.

    A place of the ground that is dark now is evidence for a shadow, the more the less often the same place is dark in
    other frames, in which the object is elsewhere. So what stays with the ground, such as ripples, and things that are
    not aligned, is evidence for nothing. What goes along gathers evidence from all frames in the same cells.
    """

    def __init__(self, ground: LitGround) -> None:
        self._ground = ground
        self._darkenings: Cache[int, Darkening] = Cache(_KEPT)
        self._usual: Cache[int, Plane] = Cache(_KEPT)
        self._evidence: Cache[int, tuple[Darkening, Plane]] = Cache(_EVIDENCE_KEPT)
        self._ballots: Cache[int, Plane] = Cache(_BALLOTS_KEPT)
        self._voting: Cache[range, list[int]] = Cache(_DECIDED_KEPT)
        self._decided: Cache[range, Vote | None] = Cache(_DECIDED_KEPT)

    def shadow(self, index: int) -> Vote | None:
        """Return where the object's shadow lies around frame `index`; None if it casts none."""
        return self._decided.get(self._window(index), self._decide)

    def around(self, index: int) -> dict[int, Plane]:
        """Return what frame `index` and those that vote beside it show in their cells for a shadow, SHAPE float32."""
        return {one: ballot[..., 1] for one, ballot in self._beside(index).items()}

    def near(self, index: int) -> Plane:
        """Return the votes for a shadow of frame `index` and of those beside it together, SHAPE float32."""
        ballots = self._beside(index)
        hole, for_shadow = cv2.split(np.asarray(sum(ballots.values())))
        weight = _weight(self._window(index))
        return _smoothed(np.asarray(for_shadow * weight), np.asarray(hole / np.float32(len(ballots))))

    def laid(self, index: int) -> Plane:
        """Return those votes by pixel of frame `index`, (h, w) float32; 0 far from the object."""
        hole = self._ground.look(index).hole
        return Beside.of(hole).laid(self.near(index), hole.shape)

    def _beside(self, index: int) -> dict[int, Plane]:
        voting = self._voting.get(self._window(index), self._voters)
        frames = {index, *(one for one in voting if abs(one - index) <= _NEAR_FRAMES)}
        return {one: self._ballots.get(one, self._ballot) for one in sorted(frames)}

    def may_cast(self, index: int) -> bool:
        """Return whether frame `index` has an object that moves, and whose shadow would be in the picture."""
        return self._large(index) and bool(self._voting.get(self._window(index), self._voters))

    def _large(self, index: int) -> bool:
        hole = self._ground.look(index).hole
        least = _LEAST_PX * (2 * self._ground.unit) ** 2
        return bool(np.count_nonzero(hole) >= least) and not _cut_off(hole)

    def darkening(self, index: int) -> Darkening:
        """Return how dark frame `index` is."""
        return self._darkenings.get(index, self._darkened)

    def evidence(self, index: int) -> tuple[Darkening, Plane]:
        """Return how dark frame `index` is, and what that is evidence for, (h, w) float32.

        That is the logarithm of how much more likely a pixel's darkness is in a shadow than at any time; 0 where that
        is not known.
        """
        return self._evidence.get(index, self._weighed)

    def _weighed(self, index: int) -> tuple[Darkening, Plane]:
        own, usual = self.darkening(index), self._usual_at(index)
        like = _likeness(own)
        typical = max(_LEAST_USUAL, float(like.sum()) / max(1, int(np.count_nonzero(own.known))))
        often = (usual[..., 0] + _UNSEEN_WEIGHT * typical) / (usual[..., 1] + _UNSEEN_WEIGHT)
        often = np.clip(often, _LEAST_USUAL, _MOST_USUAL)
        expected = np.maximum(_IN_SHADOW, often + 0.05)
        speaks = like * np.log(expected / often) + (1 - like) * np.log((1 - expected) / (1 - often))
        return own, (speaks * own.known).astype(np.float32)

    def _darkened(self, index: int) -> Darkening:
        return darkening(self._ground.look(index), self._ground.behind(index), self._ground.unit)

    def _usual_at(self, index: int) -> Plane:
        """Return how often frames show the ground dark when the object is elsewhere, (h, w, 2) float32.

        That is the number of frames with a likely shadow, and of frames altogether.
        """
        anchors = self._ground.anchors_near(index)
        if anchors == [index]:
            return self._usual.get(index, self._usual_of)
        size, flags = self._ground.size[::-1], cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        planes = (
            cv2.warpPerspective(
                self._usual.get(anchor, self._usual_of), self._ground.to_anchor(index, anchor), size, flags=flags
            )
            for anchor in anchors
        )
        return np.asarray(sum(planes) / np.float32(len(anchors)), np.float32)

    def _usual_of(self, anchor: int) -> Plane:
        size, flags = self._ground.size[::-1], cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        total = np.zeros((*self._ground.size, 2), np.float32)
        for other in self._ground.anchors:
            if other != anchor:
                total += cv2.warpPerspective(
                    self._elsewhere(other), self._ground.to_anchor(anchor, other), size, flags=flags
                )
        return np.asarray(cv2.GaussianBlur(total, (0, 0), self._ground.unit * _USUAL_PX))

    def _elsewhere(self, anchor: int) -> Plane:
        """Return what an anchor says of the ground at which the object is not; (h, w, 2) as in `_usual_at`."""
        own = self.darkening(anchor)
        away = own.known.astype(np.float32)
        box = Region.of(self._ground.look(anchor).hole)
        if not box.empty:
            away[box.grown(round(_AWAY * max(box.width, box.height)), away.shape).slices] = 0
        return np.dstack([_likeness(own) * away, away])

    def prepare(self, index: int, workers: Workers) -> None:
        """Make ahead, in several threads, what it takes to decide for frame `index`."""
        window, anchors = self._window(index), self._ground.anchors
        voting = [] if window in self._decided else self._voting.get(window, self._voters)
        if voting:
            workers.map(self._ground.next_anchor, anchors[:-1])
            workers.map(self._ground.plate, anchors)
            workers.map(self.darkening, anchors)
            workers.map(lambda one: self._usual.get(one, self._usual_of), anchors)
            workers.map(lambda one: self._ballots.get(one, self._ballot), voting)

    def _window(self, index: int) -> range:
        return part_of(index, self._ground.stretch, _WHOLE_FRAMES, _PART_FRAMES, _AROUND_FRAMES)

    def _voters(self, window: range) -> list[int]:
        """Return the frames that vote; none if the object does not move over the ground."""
        first, step = self._ground.stretch.start, _step(window)
        voting = [index for index in window if (index - first) % step == 0 and self._large(index)]
        return voting if self._moves(voting) else []

    def _ballot(self, index: int) -> Plane:
        """Return what a frame shows beside the object, (rows, columns, 2): the hole, and the evidence."""
        hole = self._ground.look(index).hole
        return Beside.of(hole).seen(np.dstack([hole.astype(np.float32), self.evidence(index)[1]]))

    def _decide(self, window: range) -> Vote | None:
        voting = self._voting.get(window, self._voters)
        if not voting:
            return None
        total = np.zeros((*SHAPE, 2), np.float32)
        for index in voting:
            total += self._ballots.get(index, self._ballot)
        hole, for_shadow = cv2.split(total)
        return _counted(np.asarray(for_shadow * _weight(window)), np.asarray(hole / np.float32(len(voting))))

    def _moves(self, frames: list[int]) -> bool:
        """Whether the object is at different places of the ground; else it could not be told from it."""
        places = []
        for index in frames:
            box = Region.of(self._ground.look(index).hole)
            middle = np.array([[[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]]])
            matrix = self._ground.to_anchor(index, self._ground.anchors[0])
            places.append(cv2.perspectiveTransform(middle, matrix)[0, 0])
        return bool(places) and float(np.ptp(places, axis=0).max()) > self._ground.unit * _LEAST_MOTION_PX


def _step(window: range) -> int:
    return max(1, min(2, len(window) // _VOTERS))


def _weight(window: range) -> np.float32:
    """Return what a frame's vote counts: what frames beside one another show is not new altogether."""
    step = _step(window)
    return np.float32(sqrt(step / (step + 2)))


def _cut_off(hole: Mask) -> bool:
    """Return whether the lower border cuts the object: its shadow is then outside the picture.

    What is dark beside it are other things, often people.
    """
    at_border = np.count_nonzero(hole[-_BORDER_ROWS:].any(axis=0))
    return bool(at_border > _CUT_OFF_SHARE * Region.of(hole).width)


def _likeness(own: Darkening) -> Plane:
    """Return how much each pixel looks like a shadow, 0..1."""
    dark = np.clip((own.dark - _FAINT) / (_DARK - _FAINT), 0, 1)
    return np.asarray(dark * (own.known & own.plain), np.float32)


def _counted(votes: Plane, holes: Plane) -> Vote | None:
    """Return the parts with enough votes that touch the hole and lie low; None if none has many.

    holes: float32, how often a cell was hidden
    """
    for_it = _smoothed(votes, holes)
    free = holes <= _HOLE_OFTEN
    at_times = holes > _HOLE_AT_TIMES
    if not at_times.any():
        return None
    side = 2 * _TOUCH_CELLS + 1
    touching = cv2.dilate(at_times.view(np.uint8), np.ones((side, side))) > 0
    box = Region.of(at_times)
    count, parts, sizes, centres = cv2.connectedComponentsWithStats(((for_it > _LEAST_VOTE) & free).view(np.uint8))
    where, enough = np.zeros(SHAPE, np.bool_), False
    for part in range(1, count):
        inside, (x, y) = parts == part, centres[part]
        touches = bool((inside & touching).any())
        below = y > box.y1 - box.height / 4 and abs(x - (box.x0 + box.x1) / 2) < box.width / 2
        core = float(np.sort(for_it[inside])[-_CORE_CELLS:].mean())
        at_foot = touches and y > box.y0 + _LOW * box.height
        if sizes[part, cv2.CC_STAT_AREA] >= _LEAST_CELLS and (at_foot or (below and core > _APART_VOTE)):
            where |= inside
            enough |= core > _CORE_VOTE
    return Vote(for_it, where) if enough else None


def _smoothed(votes: Plane, holes: Plane) -> Plane:
    """Return votes, each counted to a limit, smoothed without the cells that are mostly hidden."""
    share = (holes <= _HOLE_OFTEN).astype(np.float32)
    smooth = cv2.GaussianBlur(np.clip(votes, _MOST_AGAINST, _MOST_FOR) * share, (0, 0), 1.0)
    return np.asarray(smooth / (cv2.GaussianBlur(share, (0, 0), 1.0) + np.float32(0.1)))
