"""Set up every effect for every shot, one shot at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from videdit.effect import Effect, ShotView
from videdit.frames import FrameSequence
from videdit.masks import MaskTrack
from videdit.media import VideoReader
from videdit.ops import shape_masks
from videdit.pipeline.edited import EditedFrames
from videdit.pipeline.layer import Layer
from videdit.pipeline.other_objects import OtherObjects, others_of
from videdit.pipeline.shot_masks import ShotMasks, Union
from videdit.pipeline.steps import EffectStep, shaping_of
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.shots import Shot, shot_inside


class FilmLayers:
    """The effects of a film. One instance of each serves all shots; `of` sets them up for the shot asked for last."""

    def __init__(
        self,
        reader: VideoReader,
        steps: Sequence[EffectStep],
        object_ids: Sequence[Sequence[int]],
        known_ids: Sequence[int],
        track: MaskTrack,
        plugins: Plugins,
        runtime: Runtime,
        span: Shot | None = None,
    ) -> None:
        """
        object_ids: for each step, the ids of the objects it is for
        known_ids:  those of all objects of the film
        span:       effects see no frame outside it: there nobody knows where the objects are
        """
        self._reader = reader
        self._steps = tuple(steps)
        self._track = track
        self._plugins = plugins
        self._span = span
        complete = plugins.runtime(runtime)
        self.effects: list[Effect] = [
            plugins.create("effect", step.effect, step.options, complete) for step in self._steps
        ]
        self._layers: list[Layer] = []
        self.take_objects(object_ids, known_ids)

    def take_objects(self, object_ids: Sequence[Sequence[int]], known_ids: Sequence[int]) -> None:
        """Take these ids in place of the ones before: some objects are found only after the set-up."""
        self._object_ids = tuple(tuple(ids) for ids in object_ids)
        self.other_ids = others_of(self.effects, self._object_ids, known_ids)
        self._shot: Shot | None = None

    @property
    def transparent(self) -> bool:
        """Whether the finished film needs an alpha channel."""
        return any(effect.transparent for effect in self.effects)

    def take_masks_from(self, track: MaskTrack) -> None:
        """Use another track from now on; the effects stay, with the networks they have loaded."""
        self._track, self._shot, self._layers = track, None, []

    def of(self, shot: Shot) -> Sequence[Layer]:
        """Return the layers for a shot, in the order they are applied; none if it lies outside the span."""
        if shot != self._shot:
            part = shot_inside(shot, self._span)
            self._layers = [] if part is None else self._set_up(part)
            self._shot = shot
        return self._layers

    def _set_up(self, shot: Shot) -> list[Layer]:
        layers: list[Layer] = []
        source: FrameSequence = self._reader.shot_frames(shot)
        size = self._reader.video.size
        for step, effect, ids, others in zip(self._steps, self.effects, self._object_ids, self.other_ids, strict=True):
            masks = self._plugins.masks_ready(shot, ShotMasks(self._track, ids, shot, size))
            shaping = shaping_of(step, effect)
            shaped = shape_masks(Union(masks), shot, shaping)
            frames = EditedFrames(source, layers) if layers else source
            kept = OtherObjects(self._track, others, masks) if others else None
            view = ShotView(shot, size, frames, shaped, float(self._reader.video.average_rate), kept)
            layers.append(Layer(effect, step.effect, masks, shaped, shaping, view))
        return layers

    def finish(self) -> None:
        """Let every effect go of what it holds."""
        for effect in self.effects:
            effect.finish()

    def report(self) -> list[Mapping[str, Any]]:
        """Return each effect's figures since the last call."""
        return [effect.report() for effect in self.effects]


def merge_reports(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Add numbers up, join lists, merge mappings; of anything else the later one stands."""
    merged = dict(one)
    for key, value in other.items():
        before = merged.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            merged[key] = merge_reports(before, value)
        elif isinstance(value, list) and isinstance(before, list):
            merged[key] = [*before, *value]
        elif _is_number(value) and _is_number(before):
            merged[key] = before + value
        else:
            merged[key] = value
    return merged


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
