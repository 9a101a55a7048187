"""Engines that need no skill: objects are told apart by colour alone.

They keep every promise of the interfaces, so that the stages around them can be tested without guessing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.filler import Filled, Filler, MaskSequence
from videdit.frames import Frame, FrameSequence, Mask, Region
from videdit.hookspecs import hookimpl
from videdit.prompts import Box, Click, MaskPrompt, Prompt, Stroke
from videdit.segmenter import Hypothesis, Segmenter
from videdit.shot_detector import ShotChange, ShotDetector
from videdit.tracker import Tracked, Tracker

TOLERANCE = 24


def _near(rgb: NDArray[np.uint8], colour: Sequence[int]) -> Mask:
    distance = np.abs(rgb.astype(np.int16) - np.asarray(colour, np.int16)).max(axis=2)
    near: Mask = distance <= TOLERANCE
    return near


class ColourSegmenter(Segmenter):
    """Selects everything of the colour that was clicked, or of a box's or stroke's middle."""

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        self.calls = 0

    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        self.calls += 1
        rgb = frames[index].rgb8
        mask: Mask = np.zeros(rgb.shape[:2], dtype=bool)
        for prompt in prompts:
            if isinstance(prompt, MaskPrompt):
                assert prompt.mask is not None
                mask |= prompt.mask
                continue
            colour = rgb[_middle(prompt)]
            if isinstance(prompt, Click | Stroke) and not prompt.positive:
                mask &= ~_near(rgb, colour)
            else:
                mask |= _near(rgb, colour)
        return [Hypothesis(mask, 0.9)]


def _middle(prompt: Prompt) -> tuple[int, int]:
    if isinstance(prompt, Click):
        return int(prompt.y), int(prompt.x)
    if isinstance(prompt, Box):
        return int((prompt.y0 + prompt.y1) / 2), int((prompt.x0 + prompt.x1) / 2)
    assert isinstance(prompt, Stroke)
    x, y = prompt.points[len(prompt.points) // 2]
    return int(y), int(x)


class ColourTracker(Tracker):
    """Finds, on each frame, everything of the colour that an object had where its mask was given last."""

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        self._colours: dict[int, list[int]] = {}
        self._steps = 0
        self.log: list[tuple[Any, ...]] = []

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self._frames, self._colours, self._steps = frames, {}, 0
        self.log.append(("start", index, tuple(masks)))
        for object_id, mask in masks.items():
            self._learn(index, object_id, mask)

    def _learn(self, index: int, object_id: int, mask: Mask) -> None:
        pixels = self._frames[index].rgb8[mask]
        self._colours[object_id] = np.median(pixels, axis=0).astype(int).tolist() if len(pixels) else [-99, -99, -99]

    def step(self, index: int) -> dict[int, Tracked]:
        self._steps += 1
        rgb = self._frames[index].rgb8
        # The count in the score shows a test whether state survives a snapshot.
        score = 1 / (1 + self._steps / 1000)
        return {object_id: Tracked(_near(rgb, colour), score) for object_id, colour in self._colours.items()}

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self.log.append(("correct", index, object_id))
        self._learn(index, object_id, mask)

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self.log.append(("add", index, object_id))
        self._learn(index, object_id, mask)

    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        self.log.append(("confirm", index, object_id))

    def forget(self, object_id: int) -> None:
        self._colours.pop(object_id, None)

    def reset(self) -> None:
        self._colours, self._steps = {}, 0

    def snapshot(self) -> bytes:
        return json.dumps([self._steps, sorted(self._colours.items())]).encode()

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        self._frames = frames
        self._steps, pairs = json.loads(state)
        self._colours = dict(pairs)


class StillTracker(ColourTracker):
    """Leaves every mask where it was given."""

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self._masks = dict(masks)

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self._masks[object_id] = mask

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._masks[object_id] = mask

    def forget(self, object_id: int) -> None:
        self._masks.pop(object_id, None)

    def step(self, index: int) -> dict[int, Tracked]:
        return {object_id: Tracked(mask, 0.8) for object_id, mask in self._masks.items()}

    def snapshot(self) -> bytes:
        file = io.BytesIO()
        named: dict[str, Any] = {str(object_id): mask for object_id, mask in self._masks.items()}
        np.savez(file, **named)
        return file.getvalue()

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        with np.load(io.BytesIO(state)) as kept:
            self._masks = {int(name): kept[name] for name in kept}


class GreyFiller(Filler):
    """Fills every hole with mid grey, made up."""

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        pass

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        if not hole.any():
            return None
        region = Region.of(hole)
        rgb = self._frames[index].rgb[region.slices].copy()
        inside = hole[region.slices]
        rgb[inside] = 128 if rgb.dtype == np.uint8 else 128 * 257
        origin = np.where(inside, -1, index).astype(np.int32)
        return Filled(region, rgb, origin)


class KnownCuts(ShotDetector):
    """Finds the cuts that it was told of, by the first frame behind each; without any a film is one shot."""

    def __init__(self, *cuts: int) -> None:
        self._cuts = cuts

    def start(self, frames_per_second: float) -> None:
        pass

    def watch(self, frame: Frame) -> list[ShotChange]:
        return [ShotChange(frame.index)] if frame.index in self._cuts else []

    def finish(self) -> list[ShotChange]:
        return []


class FakePlugin:
    """Registers the fakes as `colour`, `colour` and `grey`; for `Plugins(objects={"fakes": FakePlugin()})`."""

    def __init__(self) -> None:
        self.trackers: list[ColourTracker] = []

    def _tracker(self, options: Any, runtime: Any) -> ColourTracker:
        self.trackers.append(ColourTracker())
        return self.trackers[-1]

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("colour", ColourSegmenter, rank=1000)

    @hookimpl
    def register_trackers(self, register: Any) -> None:
        register("colour", self._tracker, rank=1000)

    @hookimpl
    def register_fillers(self, register: Any) -> None:
        register("grey", GreyFiller, rank=-1)
