"""Fill what propagation left: from the plates of the stretch, else from patches of the frame itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Region
from videdit.frames import Mask
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.codes import in_codes, units_per_code
from videdit_plugins.builtin.filler.laying import Pixels
from videdit_plugins.builtin.filler.mapping import Points, fetch, grid, project, visible, within
from videdit_plugins.builtin.filler.pictures import at_full
from videdit_plugins.builtin.filler.plates import Plate, Plates, plate_of
from videdit_plugins.builtin.filler.propagation import Draft, Propagation
from videdit_plugins.builtin.filler.scale import FACTS_HEIGHT_PX
from videdit_plugins.builtin.filler.seams import rim_correction
from videdit_plugins.builtin.filler.synthesis import flowed_in, synthesise
from videdit_plugins.builtin.filler.views import aligned
from videdit_plugins.builtin.filler.workers import Workers

_AROUND_PX = 64.0
_AROUND_SHARE = 0.5
_DRAFTS_KEPT = 6


class Completion:
    """Completes drafts; owns the plates."""

    def __init__(self, propagation: Propagation, threads: int, *, synthesis: bool) -> None:
        self._propagation = propagation
        self._synthesis = synthesis
        self._plates = Plates(propagation.shot, propagation.pictures, propagation.camera, propagation.reach)
        self._drafts: Cache[int, Draft | None] = Cache(_DRAFTS_KEPT + threads)

    def prepare(self, indices: Sequence[int], workers: Workers) -> None:
        """Make ahead, in several threads, what it takes to complete the frames `indices`, a few at a time."""
        self._propagation.prepare(indices, workers)
        drafts = workers.map(self._draft, indices)
        lacking = [index for index, one in zip(indices, drafts, strict=True) if one is not None and one.missing.any()]
        looked_at = {frame for index in lacking for frame in self._plates.looked_at(index)}
        self._propagation.glance(looked_at, workers)
        anchors = {anchor for index in lacking for anchor in self._plates.to_be_made_at(index)}
        self._propagation.prepare(anchors, workers)
        workers.map(self._draft, sorted(anchors))

    def complete(self, index: int) -> Draft | None:
        """Return frame `index` with its whole hole filled; None if it has none."""
        draft = self._draft(index)
        if draft is None or not draft.missing.any():
            return draft
        sets = self._plates.anchors_at(index)
        carried = [self._carried(index, draft, anchors) for anchors, _ in sets]
        if len(carried) == 1:
            return self._invented(index, carried[0])
        first, second = (self._invented(index, one) for one in carried)
        share = sets[1][1]
        mixed = np.rint((1 - share) * first.rgb.astype(np.float32) + share * second.rgb).astype(first.rgb.dtype)
        return replace(first, rgb=mixed)

    def _draft(self, index: int) -> Draft | None:
        return self._drafts.get(index, self._propagation.draft)

    def _made(self, key: tuple[int, tuple[int, ...]]) -> Plate:
        index, earlier = key
        draft = self._draft(index)
        pictures = self._propagation.pictures
        frame, _ = pictures.full(index)
        rgb, origin = frame.copy(), np.full(frame.shape[:2], index, np.int32)
        if draft is not None:
            draft = self._invented(index, self._carried(index, draft, earlier))
            rgb[draft.region.slices] = draft.rgb
            origin[draft.region.slices] = draft.origin
        return plate_of(index, rgb, origin, pictures.scale.small)

    def _carried(self, index: int, draft: Draft, anchors: tuple[int, ...]) -> Draft:
        """Fill what is missing from the plates of `anchors`, in their order; an anchor uses those before it."""
        for number, anchor in enumerate(anchors):
            if anchor == index or not draft.missing.any():
                break
            draft = self._from_plate(index, draft, self._plates.plate(anchor, anchors[:number], self._made))
        return draft

    def _from_plate(self, index: int, draft: Draft, plate: Plate) -> Draft:
        propagation = self._propagation
        pictures, box = propagation.pictures, draft.box
        scale = pictures.scale
        homography = propagation.camera.between(index, plate.index)
        pixels = Pixels.of(draft.missing, draft.region, pictures)
        if not within(project(homography, pixels.small), scale.small).any():
            return draft
        there = aligned(pictures[index], pictures[plate.index], homography, box, scale, propagation.preset)
        correction = rim_correction(
            fetch(plate.small, there).astype(np.float32), draft.small, draft.known & within(there, scale.small)
        )
        x, y = grid(box)
        at = project(scale.to_full(), pixels.moved((there[0] - x, there[1] - y), box))
        inside = pixels.flat(within(at, scale.full))
        elsewhere = propagation.elsewhere(index, plate.index)
        if elsewhere is not None:
            inside &= pixels.flat(visible(elsewhere, pixels.moved((there[0] - x, there[1] - y), box)))
        colour = fetch(plate.rgb, at, cv2.INTER_CUBIC).astype(np.float32)
        rgb = in_codes(pixels.flat(colour), pixels.flat(pixels.sampled(correction, box)), plate.rgb)
        sources = pixels.flat(plate.origin[_nearest(at, scale.full)])
        result = replace(draft, rgb=draft.rgb.copy(), origin=draft.origin.copy(), missing=draft.missing.copy())
        found = draft.missing.copy()
        found[draft.missing] = inside
        result.rgb[found] = rgb[inside]
        result.origin[found] = sources[inside]
        result.missing[found] = False
        return result

    def _invented(self, index: int, draft: Draft) -> Draft:
        """Fill what is still missing from patches of the frame around it, or smoothly."""
        if not draft.missing.any():
            return draft
        pictures = self._propagation.pictures
        frame, _ = pictures.full(index)
        region = draft.region
        gap = Region.of(draft.missing)
        gap = Region(gap.x0 + region.x0, gap.y0 + region.y0, gap.x1 + region.x0, gap.y1 + region.y0)
        reach = max(_AROUND_PX * pictures.scale.full[0] / FACTS_HEIGHT_PX, _AROUND_SHARE * max(gap.width, gap.height))
        around = gap.grown(round(reach), pictures.scale.full)
        picture, missing = frame.copy(), np.zeros(frame.shape[:2], np.bool_)
        picture[region.slices] = draft.rgb
        missing[region.slices] = draft.missing
        unit = units_per_code(frame)
        known, holes = picture[around.slices].astype(np.float32) / np.float32(unit), missing[around.slices]
        foreign = self._foreign(index, around)
        made = synthesise(known, holes, index, foreign) if self._synthesis else flowed_in(known, holes, foreign)
        picture[around.slices] = in_codes(made * unit, np.zeros(1, np.float32), frame)
        rgb = draft.rgb.copy()
        rgb[draft.missing] = picture[region.slices][draft.missing]
        return replace(draft, rgb=rgb, missing=np.zeros_like(draft.missing))

    def _foreign(self, index: int, around: Region) -> Mask | None:
        """Return what other objects cover in a region of a full frame, (h, w) bool; None if none are known."""
        others = self._propagation.others(index)
        return None if others is None else at_full(others, self._propagation.pictures.scale)[around.slices]


def _nearest(points: Points, size: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    x, y = (np.rint(axis).astype(np.int64) for axis in points)
    return np.clip(y, 0, size[0] - 1), np.clip(x, 0, size[1] - 1)
