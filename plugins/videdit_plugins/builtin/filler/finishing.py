"""The last steps on a filled frame: steady light, and grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit import Filled, Region
from videdit.frames import Mask, Rgb, to_uint8
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.codes import in_codes, units_per_code
from videdit_plugins.builtin.filler.completion import Completion
from videdit_plugins.builtin.filler.grain import missing_grain
from videdit_plugins.builtin.filler.laying import Pixels
from videdit_plugins.builtin.filler.propagation import Draft, Propagation
from videdit_plugins.builtin.filler.steadying import steadying
from videdit_plugins.builtin.filler.workers import Workers

_KEPT = 5
_LIGHT_PX = 1.5
_RING_PX = 12


class Finishing:
    """Completed frames, a few of them kept, and what is done when a frame and its neighbours are complete."""

    def __init__(self, completion: Completion, propagation: Propagation, workers: Workers, *, grain: bool) -> None:
        self._propagation = propagation
        self._workers = workers
        self._grain = grain
        self._completion = completion
        # Frames that are made at the same time and their neighbours.
        self._drafts: Cache[int, Draft | None] = Cache(_KEPT + workers.count)
        self._small: Cache[int, NDArray[np.uint8]] = Cache(_KEPT + workers.count)

    def fill(self, index: int) -> Filled | None:
        """Return what replaces the hole of frame `index`; None if it has none."""
        if not self.has_hole(index):
            return None
        self._make_drafts(index)
        draft = self._draft(index)
        if draft is None:
            return None
        pictures, shot = self._propagation.pictures, self._propagation.shot
        frame, _ = pictures.full(index)
        hole = pictures[index].hole
        neighbours = [
            (self._clean(other), self._propagation.camera.between(index, other))
            for other in (index - 1, index + 1)
            if other in shot
        ]
        pixels = Pixels.of(draft.hole, draft.region, pictures)
        change = steadying(self._clean(index), hole, neighbours, pictures.scale.px(_LIGHT_PX))
        correction = pixels.flat(pixels.sampled(change, Region.whole(pictures.scale.small)))
        if self._grain:
            correction = correction + self._grain_for(index, draft, frame)[draft.hole][:, None]
        rgb = draft.rgb.copy()
        rgb[draft.hole] = in_codes(rgb[draft.hole].astype(np.float32), correction, frame)
        return Filled(draft.region, rgb, draft.origin)

    def has_hole(self, index: int) -> bool:
        """Return whether frame `index` has a hole."""
        return self._propagation.pictures.has_hole(index)

    def hole(self, index: int) -> Mask:
        """Return all that is filled of frame `index`, (h, w) bool of the small picture."""
        return self._propagation.pictures[index].hole

    def _make_drafts(self, index: int) -> None:
        """Make what frame `index` needs: its own draft and those beside it."""
        shot = self._propagation.shot
        # The last one first: who works on the frame before makes the others.
        missing = [one for one in range(index + 1, index - 2, -1) if one in shot and one not in self._drafts]
        missing = [one for one in missing if self.has_hole(one)]
        self._completion.prepare(missing, self._workers)
        self._workers.map(self._draft, missing)

    def _grain_for(self, index: int, draft: Draft, frame: Rgb) -> NDArray[np.float32]:
        """Return (h, w) float32 of the draft's region: the grain that the fill lacks, in codes."""
        around = draft.region.grown(_RING_PX, self._propagation.pictures.scale.full)
        inner = Region(
            draft.region.x0 - around.x0,
            draft.region.y0 - around.y0,
            draft.region.x1 - around.x0,
            draft.region.y1 - around.y0,
        ).slices
        unit = units_per_code(frame)
        picture = frame[around.slices].astype(np.float32) / np.float32(unit)
        picture[inner] = draft.rgb.astype(np.float32) / unit
        hole = np.zeros(picture.shape[:2], np.bool_)
        hole[inner] = draft.hole
        return missing_grain(picture, hole, seed=index)[inner]

    def _draft(self, index: int) -> Draft | None:
        return self._drafts.get(index, self._completion.complete)

    def _clean(self, index: int) -> NDArray[np.uint8]:
        """Return the small picture with its fill, (h, w, 3) uint8."""
        return self._small.get(index, self._shrunk)

    def _shrunk(self, index: int) -> NDArray[np.uint8]:
        picture, draft = self._propagation.pictures[index], self._draft(index)
        if draft is None:
            return picture.rgb
        scale = self._propagation.pictures.scale
        if scale.same:
            clean = picture.rgb.copy()
            clean[draft.region.slices] = to_uint8(draft.rgb)
            return clean
        frame, _ = self._propagation.pictures.full(index)
        whole = to_uint8(frame).copy()
        whole[draft.region.slices] = to_uint8(draft.rgb)
        return np.asarray(cv2.resize(whole, scale.small[::-1], interpolation=cv2.INTER_AREA))
