"""All that a tracker knows, as bytes and back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.errors import OptionError
from videdit_plugins.builtin.tracker.appearance import Appearance
from videdit_plugins.builtin.tracker.memory import Exemplar, Places
from videdit_plugins.builtin.tracker.target import Decoy, Target

VERSION = 8
EXEMPLAR_ARRAYS = ("descriptors", "places", "inside")
Arrays = dict[str, NDArray[Any]]


def pack(index: int, targets: Mapping[int, Target]) -> bytes:
    """Return the frame number last handled and all targets as the bytes of an .npz file, without pickle."""
    arrays: Arrays = {}
    described = {object_id: _describe(f"{object_id}.", target, arrays) for object_id, target in targets.items()}
    head = {"version": VERSION, "index": index, "targets": described}
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def unpack(state: bytes) -> tuple[int, dict[int, Target]]:
    """Return what `pack` was given. Raises OptionError for bytes that it did not make."""
    try:
        with np.load(io.BytesIO(state), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays["head"].tobytes())
        if head["version"] != VERSION:
            raise ValueError(f"version {head['version']}")
        targets = {int(key): _target(f"{key}.", kept, arrays) for key, kept in head["targets"].items()}
        return int(head["index"]), targets
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise OptionError(f"the tracker's state cannot be read: {error}") from error


def _describe(prefix: str, target: Target, arrays: Arrays) -> dict[str, Any]:
    arrays[f"{prefix}probability"] = target.probability
    arrays[f"{prefix}sums_given"] = target.appearance.given
    arrays[f"{prefix}sums_recent"] = target.appearance.recent
    for name in ("given_colours", "recent_colours", "reach"):
        array = getattr(target, name)
        if array is not None:
            arrays[prefix + name] = array
    _keep(f"{prefix}last.", target.last_places, arrays)
    for number, one in enumerate(target.given):
        for name in EXEMPLAR_ARRAYS:
            arrays[f"{prefix}given.{number}.{name}"] = getattr(one, name)
        _keep(f"{prefix}given.{number}.learned.", one.learned, arrays)
    lists = {
        "usual_box": target.usual_box,
        "friends": sorted(target.friends),
        "refused": target.refused,
        "decoys": target.decoys,
        "given": [one.index for one in target.given],
    }
    return {**lists, **{name: getattr(target, name) for name in Target.SCALARS}}


def _target(prefix: str, kept: Mapping[str, Any], arrays: Arrays) -> Target:
    target = Target(arrays[f"{prefix}probability"], **{name: kept[name] for name in Target.SCALARS})
    target.usual_box = (kept["usual_box"][0], kept["usual_box"][1])
    target.friends = set(kept["friends"])
    target.refused = [(x, y, index, mean) for x, y, index, mean in kept["refused"]]
    target.decoys = None if kept["decoys"] is None else [Decoy(*one) for one in kept["decoys"]]
    target.appearance = Appearance(arrays[f"{prefix}sums_given"], arrays[f"{prefix}sums_recent"])
    target.given_colours = arrays.get(f"{prefix}given_colours")
    target.recent_colours = arrays.get(f"{prefix}recent_colours")
    target.reach = arrays.get(f"{prefix}reach")
    for number, one in enumerate(kept["given"]):
        start = f"{prefix}given.{number}."
        named = {name: arrays[start + name] for name in EXEMPLAR_ARRAYS}
        target.given.append(Exemplar(one, **named, learned=_places(f"{start}learned.", arrays)))
    target.last_places = _places(f"{prefix}last.", arrays)
    return target


def _keep(prefix: str, places: Places | None, arrays: Arrays) -> None:
    if places is not None:
        arrays[f"{prefix}keys"], arrays[f"{prefix}inside"] = places.keys, places.inside


def _places(prefix: str, arrays: Arrays) -> Places | None:
    return Places(arrays[f"{prefix}keys"], arrays[f"{prefix}inside"]) if f"{prefix}keys" in arrays else None
