"""The built-in filler."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from videdit import MADE_UP, Filled, Filler, FrameSequence, MaskSequence, Region, Runtime
from videdit.frames import Mask, Rgb, to_uint8
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.filler.blending import Blend, blend
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import Wanted, box_around, useful_frames
from videdit_plugins.builtin.filler.laying import Pixels, lay
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.seams import rim_correction
from videdit_plugins.builtin.filler.views import View, look

_MARGIN_PX = 24.0


@dataclass(frozen=True, slots=True)
class _Level:
    height_px: int
    wanted: Wanted
    preset: FlowPreset


_LEVELS = {
    "draft": _Level(240, Wanted(per_pixel=5, most=6), "fast"),
    "standard": _Level(360, Wanted(per_pixel=10, most=12), "medium"),
    "best": _Level(480, Wanted(per_pixel=10, most=14), "medium"),
}


class BuiltinFiller(Filler):
    """Fills holes with what other frames of the shot show there, aligned by homography and residual flow."""

    def __init__(self, options: FillerOptions, runtime: Runtime) -> None:
        self._options = options
        self._level = _LEVELS[runtime.quality]
        self._pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        scale = Scale.of(frames.size, self._options.alignment_height or self._level.height_px)
        self._shot = frames.shot
        self._pictures = Pictures(frames, holes, scale, 2 * self._options.reach_frames + 8)
        self._camera = Camera(self._pictures)

    def fill(self, index: int) -> Filled | None:
        hole = self._pictures.hole(index)
        region = Region.of(hole)
        if region.empty:
            return None
        frame, _ = self._pictures.full(index)
        mask = hole[region.slices]
        result = frame[region.slices].copy()
        origin = np.full(mask.shape, index, np.int32)
        scale = self._pictures.scale
        box = box_around(self._pictures[index].hole, scale.px(_MARGIN_PX))
        views = self._views(index, box)
        pixels = Pixels.of(mask, region, self._pictures)
        origin[mask] = MADE_UP
        if views:
            blended = self._blend(index, box, views)
            seen = lay(pixels, views, blended.weights, box, self._pictures)
            rim = blended.seen & ~self._pictures[index].hole[box.slices]
            correction = rim_correction(blended.rgb, self._pictures[index].rgb[box.slices].astype(np.float32), rim)
            unit = 257.0 if frame.dtype == np.uint16 else 1.0
            colour = seen.rgb + unit * pixels.flat(pixels.sampled(correction, box))
            result[mask] = np.clip(np.rint(colour), 0, 255 * unit).astype(frame.dtype)
            origin[mask] = seen.origin
        missing = mask & (origin == MADE_UP)
        if missing.any():
            result[missing] = self._made_up(frame, hole, region, result, missing)[missing]
        return Filled(region, result, origin)

    def _made_up(self, frame: Rgb, hole: Mask, region: Region, result: Rgb, missing: Mask) -> Rgb:
        """Return (h, w, 3) of the region with what no frame shows filled from its surroundings."""
        wide = region.grown(8, self._pictures.scale.full)
        left = hole[wide.slices] & False
        around = frame[wide.slices].copy()
        inner = slice(region.y0 - wide.y0, region.y1 - wide.y0), slice(region.x0 - wide.x0, region.x1 - wide.x0)
        around[inner] = result
        left[inner] = missing
        made = cv2.inpaint(to_uint8(around), left.view(np.uint8), 3, cv2.INPAINT_TELEA)[inner]
        return made if frame.dtype == np.uint8 else made.astype(np.uint16) * 257

    def _views(self, index: int, box: Region) -> Sequence[View]:
        here = self._pictures[index]
        scale, preset = self._pictures.scale, self._level.preset
        frames = useful_frames(
            index, box, self._shot, self._options.reach_frames, self._pictures, self._camera, self._level.wanted
        )
        return list(self._pool.map(lambda one: look(here, one[0], one[1], box, scale, preset), frames))

    def _blend(self, index: int, box: Region, views: Sequence[View]) -> Blend:
        here = self._pictures[index]
        return blend(views, here.rgb[box.slices], here.hole[box.slices], self._pictures.scale)
