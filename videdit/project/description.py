"""What is to be done to which film, as a file that people and version control can read.

One form serves three purposes: `project.toml` in a project folder, a pipeline file for `videdit run`, and a file that
holds prompts alone. JSON is read as well.

    source = "holiday.mp4"

    [[prompts]]
    kind = "click"
    object = "dog"
    at = 12                  # a frame, or a time as text: "00:01:02.5"
    x = 320
    y = 240

    [[effects]]
    name = "remove"
    objects = ["dog"]
    options = { shadows = true }
    masks = { grow = "1.5%" }
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videdit.detections.steps import DetectionStep
from videdit.errors import OptionError, ProjectError
from videdit.objects import Object, Objects
from videdit.pipeline.steps import EffectStep
from videdit.plugins import AUTO
from videdit.project.prompt_models import PromptModel, model_of
from videdit.prompts import MaskPrompt, Prompt
from videdit.runtime import Quality
from videdit.tracking.refining import Refine, check_refine_options
from videdit.tracking.reidentify.options import check_reidentify_options
from videdit.tracking.stage import Engines

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Description:
    """Everything a person decided about one film.

    source:  the film, or None in a pipeline that is meant for many
    output:  where the result goes, if the file says so
    span:    first frame and the one after the last that effects and tracking are limited to
    """

    source: Path | None = None
    output: Path | None = None
    fingerprint: str = ""
    span: tuple[int, int] | None = None
    objects: Objects = field(default_factory=Objects)
    prompts: tuple[Prompt, ...] = ()
    detections: tuple[DetectionStep, ...] = ()
    engines: Engines = field(default_factory=Engines)
    quality: Quality = "standard"
    learned: bool = True
    effects: tuple[EffectStep, ...] = ()
    encode: Mapping[str, Any] = field(default_factory=dict)

    def with_prompts(self, *prompts: Prompt) -> Description:
        """Return it with prompts added, and an object for each name that is new.

        What is there already is not added again: a command that was stopped is given once more to go on.
        """
        objects, added = self.objects, list(self.prompts)
        for prompt in prompts:
            objects, _ = objects.with_named(prompt.object)
            # Pixels that are in memory alone are not compared, so two of them may differ.
            if prompt not in added or (isinstance(prompt, MaskPrompt) and prompt.path is None):
                added.append(prompt)
        return replace(self, objects=objects, prompts=tuple(added))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ObjectModel(_Strict):
    id: int
    name: str


class _EffectModel(_Strict):
    name: str
    objects: tuple[str, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)
    masks: dict[str, Any] = Field(default_factory=dict)


class _DetectionModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    find: str = "faces"
    object: str = ""
    detector: str = AUTO
    options: dict[str, Any] = Field(default_factory=dict)
    follow: dict[str, Any] = Field(default_factory=dict)
    only: tuple[int, ...] = ()
    without: tuple[int, ...] = Field(default=(), alias="except")
    boxes: str | None = None

    def step(self, folder: Path) -> DetectionStep:
        step = DetectionStep(
            find=self.find,
            object=self.object,
            detector=self.detector,
            options=self.options,
            follow=self.follow,
            only=self.only,
            without=self.without,
            boxes=None if self.boxes is None else folder / self.boxes,
        )
        step.following()
        return step


class _EnginesModel(_Strict):
    segmenter: str = "auto"
    tracker: str = "auto"
    segmenter_options: dict[str, Any] = Field(default_factory=dict)
    tracker_options: dict[str, Any] = Field(default_factory=dict)
    refine: Refine = "auto"
    refine_options: dict[str, Any] = Field(default_factory=dict)
    reidentify: dict[str, Any] = Field(default_factory=dict)
    quality: Quality = "standard"
    learned: bool = True
    static: bool = False


class _FileModel(_Strict):
    version: int = FORMAT_VERSION
    source: str | None = None
    output: str | None = None
    fingerprint: str = ""
    range: tuple[int, int] | None = None
    next_object_id: int = 1
    objects: tuple[_ObjectModel, ...] = ()
    prompts: tuple[PromptModel, ...] = ()
    detections: tuple[_DetectionModel, ...] = ()
    engines: _EnginesModel = Field(default_factory=_EnginesModel)
    effects: tuple[_EffectModel, ...] = ()
    encode: dict[str, Any] = Field(default_factory=dict)


def read_description(path: Path) -> Description:
    """Read a description from TOML or JSON. Paths in it are relative to its folder.

    Raises OptionError that names the file and the key at fault.
    """
    return _understood(_parsed(path), path)


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """Read the prompts of a TOML or JSON file: a description, or in JSON a bare list of prompts."""
    raw = _parsed(path)
    return _understood({"prompts": raw} if isinstance(raw, list) else raw, path).prompts


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OptionError("the file does not exist", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the file cannot be read: {error}", where=str(path)) from error
    try:
        return json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionError(f"the file cannot be understood: {error}", where=str(path)) from error


def _understood(raw: Any, path: Path) -> Description:
    try:
        model = _FileModel.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise OptionError(f"{key}: {first['msg']}", where=str(path)) from error
    if model.version > FORMAT_VERSION:
        raise ProjectError(
            f"the file has format {model.version}, this videdit reads up to {FORMAT_VERSION}",
            where=str(path),
            next_step="update videdit",
        )
    folder = path.parent
    engines = model.engines
    check_refine_options(engines.refine_options)
    check_reidentify_options(engines.reidentify)
    described = Description(
        source=None if model.source is None else folder / model.source,
        output=None if model.output is None else folder / model.output,
        fingerprint=model.fingerprint,
        span=model.range,
        objects=_objects(model, path),
        engines=Engines(
            engines.segmenter,
            engines.tracker,
            dict(engines.segmenter_options),
            dict(engines.tracker_options),
            engines.static,
            engines.refine,
            dict(engines.refine_options),
            dict(engines.reidentify),
        ),
        quality=engines.quality,
        learned=engines.learned,
        detections=_detections(model, path),
        effects=tuple(EffectStep(e.name, e.options, e.objects, e.masks) for e in model.effects),
        encode=model.encode,
    )
    return described.with_prompts(*(prompt.prompt(folder) for prompt in model.prompts))


def _detections(model: _FileModel, path: Path) -> tuple[DetectionStep, ...]:
    steps = tuple(one.step(path.parent) for one in model.detections)
    if len({step.stem for step in steps}) < len(steps):
        raise OptionError(
            "two detections name their objects alike", where=str(path), next_step="give one of them another `object`"
        )
    return steps


def _objects(model: _FileModel, path: Path) -> Objects:
    listed = tuple(Object(one.id, one.name) for one in model.objects)
    if len({o.object_id for o in listed}) < len(listed) or len({o.name for o in listed}) < len(listed):
        raise OptionError("two objects share an id or a name", where=str(path))
    return Objects(listed, max([model.next_object_id, *(o.object_id + 1 for o in listed)]))


def write_description(description: Description, path: Path) -> None:
    """Write a description as TOML, to a temporary name first. Raises ProjectError if it cannot be written."""
    folder = path.parent
    document = tomlkit.document()
    document.add("version", tomlkit.item(FORMAT_VERSION))
    for key, value in _tables(description, folder).items():
        document.add(key, tomlkit.item(value))
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ProjectError(f"it cannot be written: {error.strerror}", where=str(path)) from error


def _tables(description: Description, folder: Path) -> dict[str, Any]:
    engines = description.engines
    tables: dict[str, Any] = {}
    for key, location in (("source", description.source), ("output", description.output)):
        if location is not None:
            tables[key] = str(location.resolve())
    if description.fingerprint:
        tables["fingerprint"] = description.fingerprint
    if description.span is not None:
        tables["range"] = list(description.span)
    tables["next_object_id"] = description.objects.next_id
    tables["engines"] = {
        "segmenter": engines.segmenter,
        "tracker": engines.tracker,
        "segmenter_options": dict(engines.segmenter_options),
        "tracker_options": dict(engines.tracker_options),
        "refine": engines.refine,
        "refine_options": dict(engines.refine_options),
        "reidentify": dict(engines.reidentify),
        "quality": description.quality,
        "learned": description.learned,
    }
    if engines.static:
        tables["engines"]["static"] = True
    if description.encode:
        tables["encode"] = dict(description.encode)
    if description.objects.all:
        tables["objects"] = [{"id": one.object_id, "name": one.name} for one in description.objects]
    if description.prompts:
        tables["prompts"] = [model_of(prompt, folder) for prompt in description.prompts]
    if description.detections:
        tables["detections"] = [_detection_table(step) for step in description.detections]
    if description.effects:
        tables["effects"] = [
            {
                "name": step.effect,
                "objects": list(step.objects),
                "options": dict(step.options),
                "masks": dict(step.shaping),
            }
            for step in description.effects
        ]
    return tables


def _detection_table(step: DetectionStep) -> dict[str, Any]:
    table: dict[str, Any] = {
        "find": step.find,
        "object": step.stem,
        "detector": step.detector,
        "options": dict(step.options),
        "follow": dict(step.follow),
        "only": list(step.only),
        "except": list(step.without),
    }
    return table if step.boxes is None else {**table, "boxes": str(step.boxes.resolve())}
