"""What other frames show behind the hole of one frame."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from videdit import MADE_UP, Region, Shot
from videdit.frames import Mask, Rgb
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.filler.blending import blend
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import Wanted, box_around, sources, useful_frames
from videdit_plugins.builtin.filler.codes import in_codes
from videdit_plugins.builtin.filler.detail import detail_gain, fine_sigma, strengthened
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.following import Following
from videdit_plugins.builtin.filler.laying import Pixels, lay
from videdit_plugins.builtin.filler.mapping import grid, visible
from videdit_plugins.builtin.filler.movers import Movers
from videdit_plugins.builtin.filler.others import Others
from videdit_plugins.builtin.filler.pictures import Picture, Pictures
from videdit_plugins.builtin.filler.scale import Matrix
from videdit_plugins.builtin.filler.seams import rim_correction
from videdit_plugins.builtin.filler.views import View, aligned, view_at
from videdit_plugins.builtin.filler.weighing import Weigher
from videdit_plugins.builtin.filler.workers import Workers

_MARGIN_PX = 24.0
_MOST_STEPS = 4
"""Farther than this, following has drifted more than it is worth."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done.

    height_px: of the pictures on which motion is estimated
    wanted:    frames to look at
    direct:    preset of the optical flow that is left when a frame far or near has been aligned by its homography
    followed:  preset of the optical flow between neighbours
    movers:    whether what moves by itself is followed by its own motion
    """

    height_px: int
    wanted: Wanted
    direct: FlowPreset
    followed: FlowPreset
    movers: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A hole, filled as far as it is.

    region:  the hole's box in the full frame
    hole:    (h, w) bool of the region
    rgb:     (h, w, 3) dtype of the frame; the frame's own pixels outside the hole
    missing: (h, w) bool of the region, not filled yet
    origin:  (h, w) int32 as in `Filled`
    box:     the surroundings that were compared, at the small size
    small:   (bh, bw, 3) float32 of the box, the same picture in codes of 0..255
    known:   (bh, bw) bool of the box: outside the hole, or found
    """

    region: Region
    hole: Mask
    missing: Mask
    rgb: Rgb
    origin: NDArray[np.int32]
    box: Region
    small: Plane
    known: Mask


class Propagation:
    """Aligns other frames of a shot with a hole, blends them and meets the surroundings."""

    def __init__(
        self,
        shot: Shot,
        pictures: Pictures,
        camera: Camera,
        reach: int,
        effort: Effort,
        weigher: Weigher | None = None,
        others: Others | None = None,
    ) -> None:
        self.shot = shot
        self.pictures = pictures
        self.camera = camera
        self.reach = reach
        self.preset = effort.direct
        self._wanted = effort.wanted
        self._weigher = weigher
        self._others = others
        self._following = Following(shot, pictures, camera, effort.followed)
        self._movers = Movers(shot, pictures, self._following.moving) if effort.movers else None

    def prepare(self, indices: Collection[int], workers: Workers) -> None:
        """Make ahead, in several threads, what drafts of the frames `indices` have in common."""
        around = {other for index in indices for other in (index, *sources(index, self.shot, self.reach))}
        self._walk(around, workers)
        new = sorted(index for index in around if not self._following.knows(index))
        workers.map(self._following.moving, new)

    def glance(self, indices: Collection[int], workers: Workers) -> None:
        """Make ahead, in several threads, the holes of the frames `indices` and how these lie to one another."""
        self._walk(indices, workers)
        workers.map(self.pictures.__getitem__, sorted(index for index in indices if index not in self.pictures))

    def _walk(self, indices: Collection[int], workers: Workers) -> None:
        """Match all neighbours from the first to the last of `indices`: the chains of homographies need them."""
        if indices:
            self.camera.walk(range(min(indices), max(indices) + 1), workers)

    def draft(self, index: int) -> Draft | None:
        """Return frame `index` with what other frames show; None if it has no hole."""
        pictures = self.pictures
        full_hole = pictures.hole(index)
        region = Region.of(full_hole)
        if region.empty:
            return None
        frame, _ = pictures.full(index)
        here = pictures[index]
        hole = full_hole[region.slices]
        box = box_around(here.hole, pictures.scale.px(_MARGIN_PX))
        rgb = frame[region.slices].copy()
        origin = np.where(hole, MADE_UP, index).astype(np.int32)
        small = here.rgb[box.slices].astype(np.float32)
        known = ~here.hole[box.slices]
        among = sources(index, self.shot, self.reach)
        hidden = partial(self._hidden, index)
        frames = useful_frames(index, box, ~known, among, pictures, self.camera, self._wanted, hidden)
        views = self._views(here, box, frames)
        if views:
            blended = blend(views, here.rgb[box.slices], ~known, pictures.scale, self._weigher)
            correction = rim_correction(blended.rgb, small, blended.seen & known)
            pixels = Pixels.of(hole, region, pictures)
            seen = lay(pixels, views, blended.weights, box, pictures)
            # Laid are the frames' own pixels, which have the light of the place no more than `plain`.
            light = correction + blended.rgb - blended.plain
            rgb[hole] = in_codes(seen.rgb, pixels.flat(pixels.sampled(light, box)), frame)
            origin[hole] = seen.origin
            gain = detail_gain(views, blended.weights, blended.rgb, blended.seen, small, known)
            found = hole & (origin != MADE_UP)
            rgb[found] = self._detailed(rgb, hole, found, pixels.flat(pixels.sampled(gain, box)))[found]
            small = np.where(known[..., None], small, np.clip(blended.rgb + correction, 0, 255))
            known = known | blended.seen
        return Draft(region, hole, hole & (origin == MADE_UP), rgb, origin, box, small, known)

    def _hidden(self, index: int, other: int) -> Mask:
        """Return (h, w) bool of the small picture: what stands before the ground of frame `index` on another one."""
        return self.pictures[other].hole | self._alone(index, other)[1]

    def _alone(self, index: int, other: int) -> tuple[Mask, Mask]:
        """Return what moves by itself on two frames, or is not where it is on the other, (h, w) bool each."""
        here, there = self._following.moving(index), self._following.moving(other)
        if self._others is None:
            return here, there
        moved = self._others.moved(index, other)
        return here | moved[0], there | moved[1]

    def elsewhere(self, index: int, other: int) -> Mask | None:
        """Return what covers frame `other` that does not stand there on frame `index`, (h, w) bool; None if unknown."""
        return None if self._others is None else self._others.moved(index, other)[1]

    def others(self, index: int) -> Mask | None:
        """Return what other objects cover on a frame that stay, (h, w) bool; None if none are known."""
        return None if self._others is None else self._others.on(index)

    def _detailed(self, rgb: Rgb, hole: Mask, found: Mask, gain: NDArray[np.float32]) -> Rgb:
        """Return a region with the fine detail of what was found strengthened; a `gain` for each pixel of the hole."""
        plane = np.ones(hole.shape, np.float32)
        plane[hole] = gain
        scale = self.pictures.scale
        sharp = strengthened(rgb.astype(np.float32), ~hole | found, plane, fine_sigma(scale.full[0] / scale.small[0]))
        return in_codes(sharp, np.zeros(1, np.float32), rgb)

    def _views(self, here: Picture, box: Region, frames: Sequence[tuple[Picture, Matrix]]) -> list[View]:
        """Align frames with a box of `here` directly, follow it to the near ones, and movers to where they are seen."""
        scale, preset = self.pictures.scale, self.preset
        direct = []
        for there, homography in frames:
            alone = self._alone(here.index, there.index)
            found = aligned(here, there, homography, box, scale, preset, alone)
            direct.append(_resting(view_at(here, there, box, found), box, alone[1]))
        near = {there.index for there, _ in frames if abs(there.index - here.index) <= _MOST_STEPS}
        followed = self._following.views(here.index, box, near)
        movers = [] if self._movers is None else self._movers.views(here, box, preset)
        return direct + followed + movers


def _resting(view: View, box: Region, moving: Mask) -> View:
    """Leave out what moves by itself in the other frame: it was there then, and is not there now."""
    if not moving.any():
        return view
    x, y = grid(box)
    return replace(view, valid=view.valid & visible(moving, (x + view.shift[0], y + view.shift[1])))
