"""All that a run knows, as bytes and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from videdit.errors import OptionError
from videdit_plugins.xmem.memory.elements import Elements
from videdit_plugins.xmem.memory.group import Group
from videdit_plugins.xmem.propagation import Prediction, Run

VERSION = 3
ELEMENT_FIELDS = tuple(field.name for field in fields(Elements))


@dataclass(slots=True)
class Told:
    """What the caller said and the run has not taken up yet.

    given:     object id -> (H, W) float32 mask on the present frame
    passing:   those of them that are no truth, and are remembered as tracked frames are
    confirmed: frame -> object id -> mask
    """

    given: dict[int, Tensor] = field(default_factory=dict)
    passing: set[int] = field(default_factory=set)
    confirmed: dict[int, dict[int, Tensor]] = field(default_factory=dict)

    def forget(self, object_id: int) -> None:
        """Drop what was said of an object."""
        self.passing.discard(object_id)
        for masks in (self.given, *self.confirmed.values()):
            masks.pop(object_id, None)


@dataclass(frozen=True, slots=True)
class State:
    """index: frame last handled. at_once: frames encoded in one go. size: (height, width) of the frames."""

    index: int
    at_once: int
    size: tuple[int, int]
    run: Run
    told: Told


def pack(state: State) -> bytes:
    """Return the state as the bytes of a safetensors file."""
    tensors: dict[str, Tensor] = {}
    run, told = state.run, state.told
    for object_id, hidden in run.hidden.items():
        tensors[f"hidden.{object_id}"] = hidden
    for number, group in enumerate(run.groups):
        for name in ELEMENT_FIELDS:
            tensors[f"group.{number}.{name}"] = getattr(group.elements, name)
    for object_id, mask in told.given.items():
        tensors[f"given.{object_id}"] = mask
    for index, masks in told.confirmed.items():
        for object_id, mask in masks.items():
            tensors[f"confirmed.{index}.{object_id}"] = mask
    head = {
        "version": VERSION,
        "index": state.index,
        "at_once": state.at_once,
        "size": state.size,
        "steps": run.steps,
        "last_memory": run.last_memory,
        "hidden": list(run.hidden),
        "groups": [[group.objects, group.permanent, group.long, group.per_frame] for group in run.groups],
        "prediction": _describe(run.prediction, tensors),
        "given": list(told.given),
        "passing": sorted(told.passing),
        "confirmed": [[index, list(masks)] for index, masks in told.confirmed.items()],
    }
    tensors["head"] = torch.from_numpy(np.frombuffer(json.dumps(head).encode(), np.uint8).copy())
    # Copies: groups that were one share their keys, which safetensors refuses.
    return save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()})


def unpack(data: bytes, device: str) -> State:
    """Return what `pack` was given, on `device`. Raises OptionError for bytes that it did not make."""
    try:
        tensors = load(data)
        head = json.loads(tensors.pop("head").numpy().tobytes())
        if head["version"] != VERSION:
            raise ValueError(f"version {head['version']}")
        return _state(head, {name: tensor.to(device) for name, tensor in tensors.items()})
    except (SafetensorError, ValueError, KeyError) as error:
        raise OptionError(f"the tracker's state cannot be read: {error}") from error


def _state(head: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> State:
    run = Run(head["steps"], head["last_memory"], {one: tensors[f"hidden.{one}"] for one in head["hidden"]})
    for number, (objects, permanent, long, per_frame) in enumerate(head["groups"]):
        elements = Elements(*(tensors[f"group.{number}.{name}"] for name in ELEMENT_FIELDS))
        run.groups.append(Group(objects, permanent, long, per_frame, elements))
    if head["prediction"]:
        hidden = tensors.get("prediction.hidden")
        run.prediction = Prediction(
            tuple(head["prediction"]),
            tensors["prediction.logits"],
            hidden,
            tensors["prediction.concentration"],
            tensors["prediction.support"],
        )
    told = Told(
        {one: tensors[f"given.{one}"] for one in head["given"]},
        set(head["passing"]),
        {index: {one: tensors[f"confirmed.{index}.{one}"] for one in ids} for index, ids in head["confirmed"]},
    )
    return State(head["index"], head["at_once"], (head["size"][0], head["size"][1]), run, told)


def _describe(prediction: Prediction | None, tensors: dict[str, Tensor]) -> list[int]:
    if prediction is None:
        return []
    tensors["prediction.logits"] = prediction.logits
    tensors["prediction.concentration"] = prediction.concentration
    tensors["prediction.support"] = prediction.support
    if prediction.hidden is not None:
        tensors["prediction.hidden"] = prediction.hidden
    return list(prediction.objects)
