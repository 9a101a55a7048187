"""The E2FGVI filler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from videdit import Filled, Filler, FrameSequence, MaskSequence, Region, Runtime
from videdit.devices import is_out_of_memory
from videdit.errors import OutOfMemory
from videdit_e2fgvi import E2FGVI, padded_size
from videdit_plugins.e2fgvi.blending import Fill, blend, blend_running, rounded
from videdit_plugins.e2fgvi.bounded import Bounded
from videdit_plugins.e2fgvi.crops import Cropping
from videdit_plugins.e2fgvi.grain import missing_grain
from videdit_plugins.e2fgvi.memory import Extent
from videdit_plugins.e2fgvi.options import LEAST_PIXELS, E2fgviOptions
from videdit_plugins.e2fgvi.prediction import Prediction, predict
from videdit_plugins.e2fgvi.steadying import steadied
from videdit_plugins.e2fgvi.views import Views
from videdit_plugins.e2fgvi.windows import REACH, Schedule, weight

_PIXELS_ON_CPU = {"draft": 180 * 324, "standard": 300 * 540, "best": 480 * 864}
_PIXELS = {"draft": 240 * 432, "standard": 480 * 864, "best": 720 * 1296}
_KEPT_PREDICTIONS = 3
"""A frame and its neighbours lie in three windows at most, and films are mostly filled in order."""
_AROUND_PX = 24
"""What is looked at around a hole to steady it and to estimate its grain."""


class E2fgviFiller(Filler):
    """Fills holes with a network that sees neighbouring frames, their completed flow, and some distant frames.

    Li et al., "Towards an End-to-End Framework for Flow-Guided Video Inpainting", CVPR 2022. Windows of 11 neighbours
    overlap by half; where they do, their predictions are weighed by the distance from the middle. The network sees the
    hole and its surroundings alone. Its picture is brought to continue these, steadied along the motion, and given
    their grain.

    In `Filled.origin`, a pixel counts as made up if the flow leads to no neighbour that shows it: what the network
    takes from distant frames cannot be told. Should memory run out on the way, later windows are smaller; nothing else
    makes an answer depend on earlier ones.
    """

    def __init__(self, options: E2fgviOptions, runtime: Runtime, network: E2FGVI) -> None:
        self._options = options
        self._runtime = runtime
        self._network = network
        sizes = _PIXELS_ON_CPU if runtime.device == "cpu" else _PIXELS
        self._pixels = max(LEAST_PIXELS, options.working_pixels or sizes[runtime.quality])
        self._steady = runtime.quality != "draft"
        self._area_px = 0
        self._said = ""

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        """Begin a shot. Raises OutOfMemory if the smallest window does not fit into what it may take."""
        distant = -(-len(frames.shot) // self._options.reference_every)
        references = distant if self._options.parity else min(distant, self._options.references)
        fixed = self._network.fixed_size
        pixels = min(self._pixels, _pixels(frames.size)) if fixed is None else fixed[0] * fixed[1]
        wanted = Extent(pixels, references, fixed is not None)
        budget = self._runtime.memory_budget_bytes
        extent = wanted if budget is None else wanted.within(budget)
        if extent is None:
            raise _too_little(f"may take {(budget or 0) >> 20} MiB, which is too little for its smallest window")
        if extent != wanted:
            self._say(f"E2FGVI makes do with {extent}, as it may take {(budget or 0) >> 20} MiB.")
        self._views = Views(frames, holes, self._network, self._runtime.device, 3 * REACH + 1 + references)
        self._predictions: Bounded[int, Prediction] = Bounded(_KEPT_PREDICTIONS)
        self._blended: Bounded[int, Fill] = Bounded(_KEPT_PREDICTIONS)
        self._set_extent(extent)

    def _set_extent(self, extent: Extent) -> None:
        frames, options = self._views.frames, self._options
        self._extent = extent
        self._schedule = Schedule(frames.shot, options.reference_every, extent.references)
        self._cropping = Cropping(
            self._schedule,
            frames.size,
            self._views.box_of,
            extent.pixels,
            whole=options.parity,
            fixed=self._network.fixed_size,
        )

    def fill(self, index: int) -> Filled | None:
        """Return pixels for the hole on frame `index`; None if there is no hole."""
        box = self._views.box(index)
        if box.empty:
            return None
        frame, hole = self._views.frames[index].rgb[box.slices], self._views.holes[index][box.slices]
        self._area_px += int(np.count_nonzero(hole))
        made = self._made(index)
        if self._options.parity:
            rgb = blend_running([_cut(one, one.native_rgb(index), box) for one in made.values()], frame.dtype)
        else:
            rgb = rounded(self._finished(index, box), frame.dtype)
        nearest = made[max(made, key=lambda middle: weight(middle, index))]
        origin = np.where(hole, _cut(nearest, nearest.native_origin(index), box), index)
        return Filled(box, np.where(hole[..., None], rgb, frame), origin.astype(np.int32))

    def report(self) -> dict[str, Any]:
        """Return how many pixels the network made."""
        area, self._area_px = self._area_px, 0
        return {"pixels_by_network": area}

    def _made(self, index: int) -> dict[int, Prediction]:
        """Return the predictions for frame `index`, by the middle of their windows."""
        return {
            middle: self._predictions.get(middle, partial(self._predicted, middle))
            for middle in self._schedule.middles(index)
        }

    def _finished(self, index: int, box: Region) -> Fill:
        """Return (h, w, 3) float32 in [0, 1] of the hole's box, its hole filled."""
        area = box.grown(_AROUND_PX, self._views.frames.size)
        picture, hole = self._picture(index, area), self._views.holes[index][area.slices]
        if self._steady:
            picture = steadied(picture, hole, list(self._neighbours(index, area)))
        if self._options.grain:
            picture = picture + missing_grain(picture, hole, seed=index)[..., None]
        inner = Region(box.x0 - area.x0, box.y0 - area.y0, box.x1 - area.x0, box.y1 - area.y0)
        return picture[inner.slices]

    def _neighbours(self, index: int, area: Region) -> Iterator[tuple[Fill, Fill]]:
        """Yield the frames before and after with their holes filled, and the flow to them."""
        nearest = max(self._schedule.middles(index), key=lambda middle: weight(middle, index))
        for step in (-1, 1):
            if index + step in self._views.frames.shot:
                flow = self._views.native_flow(index, step, self._cropping.of(nearest), area)
                yield self._picture(index + step, area), flow

    def _picture(self, index: int, area: Region) -> Fill:
        """Return a region of frame `index` with its hole filled, (h, w, 3) float32 in [0, 1]."""
        pixels = self._views.frames[index].rgb[area.slices]
        picture = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
        box = self._views.box(index)
        common = Region(max(box.x0, area.x0), max(box.y0, area.y0), min(box.x1, area.x1), min(box.y1, area.y1))
        if common.empty:
            return picture
        fill = self._blended.get(index, lambda: self._blend(index))
        inside = self._views.holes[index][common.slices]
        into = slice(common.y0 - area.y0, common.y1 - area.y0), slice(common.x0 - area.x0, common.x1 - area.x0)
        there = slice(common.y0 - box.y0, common.y1 - box.y0), slice(common.x0 - box.x0, common.x1 - box.x0)
        picture[into][inside] = fill[there][inside]
        return picture

    def _blend(self, index: int) -> Fill:
        """Return what the windows make of the box of frame `index`, weighed, (h, w, 3) float32 in [0, 1]."""
        box = self._views.box(index)
        made = self._made(index).items()
        return blend([(weight(middle, index), _cut(one, one.native_rgb(index), box)) for middle, one in made])

    def _predicted(self, middle: int) -> Prediction:
        """Run a window; make windows smaller for as long as memory runs out."""
        while True:
            try:
                with torch.inference_mode():
                    window, crop = self._schedule.window(middle), self._cropping.of(middle)
                    return predict(self._network, self._views, window, crop, seams=not self._options.parity)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                smaller = self._extent.smaller()
                if smaller is None:
                    raise _too_little("ran out of memory with its smallest window") from error
            # Outside the handler, whose error holds on to the tensors of the failed run.
            self._views.forget()
            if self._runtime.device.startswith("cuda"):
                torch.cuda.empty_cache()
            self._say(f"E2FGVI ran out of memory and goes on with {smaller}.")
            self._set_extent(smaller)

    def _say(self, sentence: str) -> None:
        """Tell the person once, not for every shot."""
        if sentence != self._said:
            self._runtime.note(sentence)
        self._said = sentence


def _pixels(size: tuple[int, int]) -> int:
    """Return how many pixels the network sees of a whole frame of `size`."""
    height, width = padded_size(size)
    return height * width


def _cut(one: Prediction, picture: NDArray[Any], box: Region) -> NDArray[Any]:
    """Cut what lies in `box` out of a picture of the prediction's region."""
    region = one.crop.region
    return picture[box.y0 - region.y0 : box.y1 - region.y0, box.x0 - region.x0 : box.x1 - region.x0]


def _too_little(what: str) -> OutOfMemory:
    return OutOfMemory(f"E2FGVI {what}", next_step="allow it more memory, or take the filler builtin")
