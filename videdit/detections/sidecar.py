"""Boxes as a JSON file that a person can edit and have rendered again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videdit.detections.people import Person
from videdit.detections.sightings import Doubt, Sighting
from videdit.errors import OptionError, ProjectError
from videdit.shots import Shot

_FORMAT = "videdit boxes"
_VERSION = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Film(_Strict):
    name: str = ""
    width: int
    height: int
    frames: int


class _Box(_Strict):
    frame: Annotated[int, Field(ge=0)]
    id: Annotated[int, Field(ge=1, le=65535)]
    box: tuple[float, float, float, float] | None
    score: Annotated[float, Field(ge=0, le=1)] = 1.0
    source: Literal["detected", "filled", "manual"] = "manual"
    doubt: Literal["", "faint", "late", "lost", "gap"] = ""


class _File(_Strict):
    format: Literal["videdit boxes"]
    version: int = _VERSION
    film: _Film
    find: str = ""
    boxes: tuple[_Box, ...]


def write_boxes(
    path: Path, people: Sequence[Person], *, name: str, size: tuple[int, int], frames: int, find: str
) -> None:
    """Write every box, one a line, in the order of the film. Raises ProjectError if it cannot be written.

    name, size, frames: the film, its height and width, and how many frames it has
    """
    rows = sorted(((s.index, one.number, s) for one in people for s in one.sightings), key=lambda row: row[:2])
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        "film": {"name": name, "width": size[1], "height": size[0], "frames": frames},
        "find": find,
    }
    lines = ",\n".join(f"    {json.dumps(_row(number, sighting))}" for _, number, sighting in rows)
    start = json.dumps(head, indent=2, ensure_ascii=False)[:-2]
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(f'{start},\n  "boxes": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ProjectError(f"the boxes cannot be written: {error.strerror}", where=str(path)) from error


def _row(number: int, one: Sighting) -> dict[str, object]:
    row: dict[str, object] = {
        "frame": one.index,
        "id": number,
        "box": [round(value, 1) for value in one.box],
        "score": round(one.score, 3),
        "source": one.source,
    }
    return {**row, "doubt": one.doubt} if one.doubt else row


def read_boxes(path: Path, shots: Sequence[Shot], *, size: tuple[int, int], frames: int, hold: int) -> list[Person]:
    """Read boxes. What stands is taken as it stands.

    shots: nothing is filled across their borders
    hold:  between two boxes of one id at most that many frames apart, missing ones are filled in, along a line; a row
           with `"box": null` says that it is not there, and nothing is filled over it

    Raises OptionError that names the file and the key at fault, or if it is about a film of another size or length.
    """
    try:
        file = _File.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the boxes cannot be read: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise OptionError(f"{key}: {first['msg']}" if key else first["msg"], where=str(path)) from error
    film = file.film
    if (film.height, film.width) != size or any(row.frame >= frames for row in file.boxes):
        raise OptionError(
            f"the boxes are of a film of {film.width}x{film.height} with {film.frames} frames, "
            f"not {size[1]}x{size[0]} with {frames}",
            where=str(path),
            next_step="name the file that was written for this film",
        )
    by_id: dict[int, dict[int, _Box]] = {}
    for row in file.boxes:
        if row.frame in by_id.setdefault(row.id, {}):
            raise OptionError(f"frame {row.frame} has two boxes of id {row.id}", where=str(path))
        if row.box is not None and not (row.box[0] < row.box[2] and row.box[1] < row.box[3]):
            raise OptionError(f"the box of id {row.id} on frame {row.frame} is empty", where=str(path))
        by_id[row.id][row.frame] = row
    people = []
    for number, rows in sorted(by_id.items()):
        sightings = _filled(rows, shots, hold)
        if sightings:
            people.append(Person(number, tuple(sightings)))
    return people


def _filled(rows: dict[int, _Box], shots: Sequence[Shot], hold: int) -> list[Sighting]:
    result: list[Sighting] = []
    borders = {shot.start for shot in shots}
    before: Sighting | None = None
    for frame in sorted(rows):
        row = rows[frame]
        if row.box is None:
            before = None
            continue
        doubt: Doubt = row.doubt if row.source != "manual" else ""
        now = Sighting(frame, row.box, row.score, row.source, doubt)
        if before is not None and 1 < frame - before.index <= hold:
            missing = range(before.index + 1, frame)
            if not borders & set(range(before.index + 1, frame + 1)):
                result += [_between(before, now, at) for at in missing]
        result.append(now)
        before = now
    return result


def _between(before: Sighting, after: Sighting, at: int) -> Sighting:
    share = (at - before.index) / (after.index - before.index)
    x0, y0, x1, y1 = ((1 - share) * a + share * b for a, b in zip(before.box, after.box, strict=True))
    score = min(before.score, after.score)
    return replace(before, index=at, box=(x0, y0, x1, y1), score=score, source="filled", doubt="")
