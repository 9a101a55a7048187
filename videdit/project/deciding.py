"""What a person decides about a film: where objects are, what is looked for, and which effects they get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from videdit.detections.steps import DetectionStep
from videdit.errors import OptionError
from videdit.frames import Mask
from videdit.objects import Objects
from videdit.pipeline.steps import EffectStep, check_step
from videdit.project.description import Description
from videdit.project.folder import ProjectFolder
from videdit.prompts import DEFAULT_OBJECT, Box, Click, MaskPrompt, Moment, Prompt, Stroke
from videdit.tracking.prompting import check_prompt


class Decisions(ProjectFolder):
    """The decisions, each of which can be undone and returns the project, so that they can be chained."""

    def point(self, *prompts: Prompt) -> Self:
        """Add prompts. Raises OutsideFrame if one lies outside the picture or the film."""
        self._check(prompts)
        return self.decide(self._description.with_prompts(*prompts))

    def _check(self, prompts: Sequence[Prompt]) -> None:
        for prompt in prompts:
            check_prompt(prompt, self.reader.video.size, self.reader.frame_index(prompt.at))

    def click(
        self, x: float, y: float, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT, positive: bool = True
    ) -> Self:
        """Point at a pixel of the object, or with `positive=False` at one beside it.

        at: frame number, or a time as text ("00:01:02.5") or as a float of seconds
        """
        return self.point(Click(x, y, positive, at=Moment.of(at), object=object))

    def box(
        self, x0: float, y0: float, x1: float, y1: float, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT
    ) -> Self:
        """Draw a box around the object."""
        return self.point(Box(x0, y0, x1, y1, at=Moment.of(at), object=object))

    def stroke(
        self,
        points: Sequence[tuple[float, float]],
        *,
        radius_px: float = 5.0,
        at: int | float | str = 0,
        object: str = DEFAULT_OBJECT,
        positive: bool = True,
    ) -> Self:
        """Draw a line over the object."""
        return self.point(Stroke(tuple(points), radius_px, positive, at=Moment.of(at), object=object))

    def mask(self, mask: str | Path | Mask, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT) -> Self:
        """Give the object's mask: a PNG file, or (H, W) bool."""
        if isinstance(mask, str | Path):
            return self.point(MaskPrompt(path=Path(mask), at=Moment.of(at), object=object))
        return self.point(MaskPrompt(mask=mask, at=Moment.of(at), object=object))

    def static(self, on: bool = True) -> Self:
        """Take what is drawn of the objects for their masks on every frame of the range: nothing is tracked.

        For what stands still, such as watermarks and subtitles. Boxes, strokes and masks count, clicks do not.
        """
        return self.decide(replace(self._description, engines=replace(self._description.engines, static=on)))

    def replace_prompts(self, prompts: Sequence[Prompt]) -> Self:
        """Take `prompts` in place of all there are; objects keep their ids."""
        if tuple(prompts) == self._description.prompts:
            return self
        self._check(prompts)
        return self.decide(replace(self._description, prompts=()).with_prompts(*prompts))

    def import_objects(self, objects: Objects) -> Self:
        """Take a table of objects in place of the present one; for masks that come from elsewhere."""
        return self.decide(replace(self._description, objects=objects))

    def adopt_objects(self, objects: Objects) -> None:
        """Take a table of objects that follows from what was decided already; no decision of its own to undo."""
        if objects != self._description.objects:
            self._description = replace(self._description, objects=objects)
            self._write()

    def rename_object(self, name: str, new_name: str) -> Self:
        """Give an object another name; its id and masks stay."""
        old = self.objects.require(name)
        prompts = tuple(
            replace(prompt, object=new_name) if prompt.object == old.name else prompt
            for prompt in self._description.prompts
        )
        effects = tuple(
            replace(step, objects=tuple(new_name if one == old.name else one for one in step.objects))
            for step in self._description.effects
        )
        objects = self.objects.renamed(name, new_name)
        return self.decide(replace(self._description, objects=objects, prompts=prompts, effects=effects))

    def drop_object(self, name: str) -> Self:
        """Remove an object with its prompts and masks; its id is not given out again."""
        gone = self.objects.require(name)
        prompts = tuple(prompt for prompt in self._description.prompts if prompt.object != gone.name)
        self.decide(replace(self._description, objects=self.objects.without(name), prompts=prompts))
        with self.track.transaction():
            self.track.delete(gone.object_id)
        return self

    def limit(self, start: int | float | str, stop: int | float | str | None = None) -> Self:
        """Limit tracking and effects to [start, stop); the rest of the film passes through unchanged."""
        first = self.reader.frame_index(Moment.of(start))
        last = self.reader.frame_count if stop is None else self.reader.frame_index(Moment.of(stop))
        if first >= last:
            raise OptionError(f"the range {start}..{stop} is empty", next_step="name a start before the stop")
        return self.decide(replace(self._description, span=(first, last)))

    def effect(
        self, name: str, *, objects: Sequence[str] = (), masks: Mapping[str, Any] | None = None, **options: Any
    ) -> Self:
        """Add an effect for some objects, or for all. `masks` says how their masks are grown and feathered."""
        step = EffectStep(name, options, tuple(objects), dict(masks or {}))
        self._check_step(step)
        return self.decide(replace(self._description, effects=(*self._description.effects, step)))

    def remove(self, **options: Any) -> Self:
        """Remove the objects; what was behind them is filled in."""
        return self.effect("remove", **options)

    def blur(self, **options: Any) -> Self:
        """Make the objects unrecognisable."""
        return self.effect("blur", **options)

    def background(self, **options: Any) -> Self:
        """Replace what is behind the objects."""
        return self.effect("background", **options)

    def replace_effects(self, steps: Sequence[EffectStep]) -> Self:
        """Take `steps` in place of all effects there are."""
        for step in steps:
            self._check_step(step)
        return self.decide(replace(self._description, effects=tuple(steps)))

    def _check_step(self, step: EffectStep) -> None:
        check_step(step, self.plugins)
        for one in step.objects:
            # What a detector is still to find has no object yet.
            if not any(one == looked.stem or looked.number(one) for looked in self._description.detections):
                self.objects.require(one)

    def use(self, description: Description) -> Self:
        """Take over everything that a pipeline file says; the film stays this one."""
        known = self._description
        self._description = replace(
            known,
            span=description.span,
            engines=description.engines,
            quality=description.quality,
            learned=description.learned,
            encode=description.encode,
            detections=description.detections,
        )
        self.replace_prompts(description.prompts)
        return self.replace_effects(description.effects)

    def find(self, words: str = "faces", **step: Any) -> Self:
        """Find things throughout the film, each an object of its own: "face 1", "face 2".

        words: "faces", or what a detector takes
        step:  further fields of `videdit.DetectionStep`: detector, options, follow, only, without, boxes
        """
        return self.replace_detections([*self._description.detections, DetectionStep(words, **step)])

    def replace_detections(self, steps: Sequence[DetectionStep]) -> Self:
        """Take `steps` in place of all that is looked for. OptionError for wrong options or a name used twice."""
        for step in steps:
            step.following()
        if len({step.stem for step in steps}) < len(steps):
            raise OptionError("two detections name their objects alike", next_step="give one of them another object")
        return self.decide(replace(self._description, detections=tuple(steps)))
