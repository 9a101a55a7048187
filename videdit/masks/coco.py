"""Masks as COCO keeps them: one JSON file of run lengths, boxes, areas and scores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videdit.errors import ProjectError
from videdit.masks.coco_rle import from_segmentation, to_segmentation
from videdit.masks.entry import ORIGINS, MaskEntry
from videdit.masks.exporting import Exported, Plan, plan_export, whole_file, write_json_array
from videdit.masks.importing import Expected, Imported, check_id, default_name, table_of
from videdit.masks.json_stream import read_members
from videdit.masks.track import MaskTrack
from videdit.objects import Objects
from videdit.progress import Report, silent
from videdit.shots import Shot

_NUMBER = re.compile(r"(\d+)$", re.ASCII)
_OURS = "videdit masks"
# What reading another program's JSON as if it were COCO may raise.
_NOT_AS_TOLD = (AttributeError, KeyError, TypeError, ValueError)
# What annotations of videos call the object they belong to.
_ID_KEYS = ("object_id", "track_id", "instance_id", "category_id")


def export_coco(
    track: MaskTrack,
    destination: str | Path,
    *,
    frame_count: int,
    objects: Objects,
    span: Shot | None = None,
    report: Report = silent,
) -> Exported:
    """Write a COCO file with everything the track knows: overlaps, absences, scores, origins and evidence.

    A category is an object; an image's id and its `frame` are the frame number; `bbox` is left, top, width, height.
    An annotation with area 0 says that the object is absent. One line for each, so that versions can be compared.

    span: the part of the film to write; all of it if None
    """
    path = Path(destination)
    plan = plan_export(track, objects, frame_count, span)
    frames = plan.tracked_frames()
    height, width = track.size
    with whole_file(path) as file:
        common = {"width": width, "height": height}
        info = {"description": _OURS, "frame_count": frame_count, **common}
        file.write(f'{{"info": {json.dumps(info)},\n"categories": ')
        write_json_array(file, ({"id": one.object_id, "name": one.name} for one in plan.objects))
        file.write(',\n"images": ')
        images = ({"id": one, "frame": one, "file_name": f"{one:05d}.png", **common} for one in frames)
        write_json_array(file, images)
        file.write(',\n"annotations": ')
        write_json_array(file, _annotations(plan, report))
        file.write("}\n")
    return Exported(path, len(frames))


def import_coco(source: str | Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None) -> Imported:
    """Read a COCO file: run lengths, compressed or not, and polygons.

    The frame number is an image's `frame`, or the last digits of its file's name. The object is an annotation's
    `object_id`, `track_id` or `instance_id`, or its category where it has none of them. The file is read twice and
    never held in memory.

    size:        height and width of the film; None takes the images'
    frame_count: number of frames of the film; None takes any
    Raises ProjectError naming file and frame for what is no such file, a wrong size, or two masks of one object.
    """
    path = Path(source)
    index = _read_index(path, Expected(size, frame_count))
    return Imported(index.size, index.objects, _entries(path, index))


@dataclass(frozen=True, slots=True)
class _Index:
    """All of a COCO file but its masks.

    frames: image id -> frame number
    """

    size: tuple[int, int]
    frames: Mapping[Any, int]
    objects: Objects


def _annotations(plan: Plan, report: Report) -> Iterator[dict[str, Any]]:
    number = 0
    for index in plan.reported(report):
        for object_id, entry in plan.track.at(index, plan.object_ids).items():
            number += 1
            region = entry.mask.region
            yield {
                "id": number,
                "image_id": index,
                "category_id": object_id,
                "object_id": object_id,
                "iscrowd": 0,
                "bbox": [region.x0, region.y0, region.width, region.height],
                "area": entry.mask.area_px,
                "score": entry.score,
                "origin": entry.origin,
                "evidence": dict(entry.evidence),
                "segmentation": to_segmentation(entry.mask),
            }


def _read_index(path: Path, expected: Expected) -> _Index:
    frames: dict[Any, int] = {}
    categories: dict[int, str] = {}
    ids: set[int] = set()
    taken: set[int] = set()
    by_object = ours = False
    size = expected.size
    for name, value in read_members(path):
        try:
            if name == "info" and value.get("description") == _OURS:
                ours = True
                size = _size_of(value, size, str(path))
            elif name == "images":
                where = f"{path}, image {value['id']}"
                size = _size_of(value, size, where)
                frame = _frame_of(value, where)
                expected.check_frame(frame, where)
                if frame in taken:
                    raise ProjectError(f"frame {frame} is in two images, so the file is not of one film", where=where)
                taken.add(frame)
                frames[value["id"]] = frame
            elif name == "categories":
                categories[int(value["id"])] = str(value["name"])
            elif name == "annotations":
                object_id = _object_of(value)
                check_id(object_id, str(path))
                ids.add(object_id)
                by_object = by_object or value.get("category_id") != object_id
        except _NOT_AS_TOLD as error:
            raise _damaged(path, name, error) from error
    if size is None:
        raise ProjectError("the file lists no images, so it is no COCO file of masks", where=str(path))
    # Categories are classes and not objects where annotations name an object of their own; and others' files list
    # many classes that no annotation is of.
    names = {} if by_object else categories
    table = {one: names.get(one, default_name(one)) for one in (ids | set(names) if ours else ids)}
    return _Index(size, frames, table_of(table, path))


def _entries(path: Path, index: _Index) -> Iterator[MaskEntry]:
    seen: set[tuple[int, int]] = set()
    for name, value in read_members(path):
        if name != "annotations":
            continue
        try:
            entry = _entry(value, index, path)
        except _NOT_AS_TOLD as error:
            raise _damaged(path, name, error) from error
        if (entry.object_id, entry.index) in seen:
            raise ProjectError(
                f"there are two masks of object {entry.object_id}",
                where=f"{path}, frame {entry.index}",
                next_step="give each thing a track_id",
            )
        seen.add((entry.object_id, entry.index))
        yield entry


def _entry(value: Mapping[str, Any], index: _Index, path: Path) -> MaskEntry:
    image = value["image_id"]
    if image not in index.frames:
        raise ProjectError(f"an annotation is of image {image}, which is not there", where=str(path))
    frame = index.frames[image]
    packed = from_segmentation(value["segmentation"], index.size, f"{path}, frame {frame}")
    score = float(value.get("score", 1.0))
    origin = value.get("origin")
    evidence = dict(value.get("evidence") or {})
    return MaskEntry(_object_of(value), frame, packed, score, origin if origin in ORIGINS else "imported", evidence)


def _size_of(described: Mapping[str, Any], size: tuple[int, int] | None, where: str) -> tuple[int, int]:
    found = int(described["height"]), int(described["width"])
    Expected(size).check_size(found, where)
    return found


def _frame_of(image: Mapping[str, Any], where: str) -> int:
    if "frame" in image:
        return int(image["frame"])
    match = _NUMBER.search(Path(str(image["file_name"])).stem)
    if match is None:
        raise ProjectError(f"the image {image['file_name']!r} has no frame number at the end of its name", where=where)
    return int(match[1])


def _object_of(annotation: Mapping[str, Any]) -> int:
    key = next((key for key in _ID_KEYS if key in annotation), _ID_KEYS[-1])
    return int(annotation[key])


def _damaged(path: Path, name: str, error: Exception) -> ProjectError:
    return ProjectError(f"one of its {name} is not what COCO says ({type(error).__name__}: {error})", where=str(path))
