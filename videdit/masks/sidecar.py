"""`objects.json`, beside exported PNGs: what picture files cannot say.

The names of the objects, and on which frames each was tracked at all: a black picture alone does not tell whether an
object is absent or nobody looked.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videdit.errors import ProjectError
from videdit.masks.exporting import Plan
from videdit.masks.importing import table_of
from videdit.objects import Objects

NAME = "objects.json"
_FORMAT = "videdit masks 1"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the file says.

    tracked: object id -> runs [start, stop) of frames on which the object has an entry
    folders: object id -> its folder, where every object has one
    """

    objects: Objects
    tracked: Mapping[int, tuple[tuple[int, int], ...]]
    folders: Mapping[int, str]

    def is_tracked(self, object_id: int, index: int) -> bool:
        """Return whether an object has an entry on a frame."""
        runs = self.tracked[object_id]
        position = bisect_right(runs, index, key=lambda run: run[0])
        return position > 0 and index < runs[position - 1][1]

    def check_complete(self, indices: AbstractSet[int], where: Path, object_id: int | None = None) -> None:
        """Raise ProjectError, naming the first one, if a tracked frame (of one object) has no file."""
        for one in self.tracked if object_id is None else [object_id]:
            for start, stop in self.tracked[one]:
                for index in range(start, stop):
                    if index not in indices:
                        raise ProjectError(f"frame {index} is missing", where=str(where), next_step="export again")


def write_sidecar(folder: Path, plan: Plan, folders: Mapping[int, str] | None = None) -> None:
    """Write what the plan says into a folder."""
    objects: list[dict[str, Any]] = []
    for one in plan.objects:
        described: dict[str, Any] = {"id": one.object_id, "name": one.name, "frames": plan.tracked[one.object_id]}
        if folders is not None:
            described["folder"] = folders[one.object_id]
        objects.append(described)
    lines = ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in objects)
    text = f'{{"format": "{_FORMAT}", "objects": [\n{lines}\n]}}\n'
    (folder / NAME).write_text(text, encoding="utf-8", newline="\n")


def read_sidecar(folder: Path) -> Sidecar | None:
    """Read the file of a folder; None if there is none. Raises ProjectError if it does not say what it must."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != _FORMAT:
            raise ProjectError(
                f"its format is {told['format']!r}, not {_FORMAT!r}", where=str(path), next_step="update videdit"
            )
        names = {int(one["id"]): str(one["name"]) for one in told["objects"]}
        tracked = {
            int(one["id"]): tuple(sorted((int(start), int(stop)) for start, stop in one["frames"]))
            for one in told["objects"]
        }
        folders = {int(one["id"]): str(one["folder"]) for one in told["objects"] if "folder" in one}
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"the list of objects is damaged ({type(error).__name__}: {error})",
            where=str(path),
            next_step="export the masks again, or delete the file to read the pictures alone",
        ) from error
    if len(names) != len(told["objects"]):
        raise ProjectError("two objects have one id", where=str(path))
    return Sidecar(table_of(names, path), tracked, folders)
