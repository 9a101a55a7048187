"""Take the masks of a project out in any of the formats, and bring masks in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from videdit import masks
from videdit.errors import OptionError, ProjectError
from videdit.masks import Imported, MaskEntry
from videdit.objects import Objects
from videdit.progress import Report

if TYPE_CHECKING:
    from videdit.project.project import Project

EXPORTS = ("palette", "png", "coco", "scores", "overlay", "alpha")
IMPORTS = ("palette", "png", "coco", "alpha")
_BATCH = 250


def export_masks(project: Project, destination: Path, kind: str, names: Sequence[str], report: Report) -> Sequence[str]:
    """Write the masks; return sentences about what the format could not hold.

    palette: DAVIS palette PNGs; png: black and white PNGs, a folder for each object; coco: RLE JSON with boxes;
    scores: CSV or JSON by the file's ending; overlay: a film with the masks drawn in; alpha: a film with an alpha
    channel, by the ending .mov (ProRes 4444), .webm (VP9) or .mkv (FFV1)
    """
    chosen = project.objects if not names else _only(project.objects, names)
    count = project.reader.frame_count
    from_track = {
        "palette": masks.export_palette_png,
        "png": masks.export_binary_png,
        "coco": masks.export_coco,
        "scores": masks.export_scores,
    }
    if kind in from_track:
        written = from_track[kind](project.track, destination, frame_count=count, objects=chosen, report=report)
    elif kind == "overlay":
        written = masks.export_overlay_video(
            project.track, destination, reader=project.reader, objects=chosen, report=report
        )
    elif kind == "alpha":
        written = masks.export_alpha_video(
            project.track, destination, reader=project.reader, objects=chosen, report=report
        )
    else:
        raise OptionError(f"there is no format {kind!r}", next_step=f"one of {', '.join(EXPORTS)}")
    return written.notes


def _only(objects: Objects, names: Sequence[str]) -> Objects:
    return replace(objects, all=tuple(objects.require(name) for name in names))


def import_masks(project: Project, source: Path, kind: str) -> int:
    """Bring masks into the project; return how many. Objects are matched by name; new names get new ids.

    Raises ProjectError if the masks are of another size than the film, or lie beyond its end.
    """
    readers = {
        "palette": masks.import_palette_png,
        "png": masks.import_binary_png,
        "coco": masks.import_coco,
        "alpha": masks.import_alpha_video,
    }
    if kind not in readers:
        raise OptionError(f"there is no format {kind!r}", next_step=f"one of {', '.join(IMPORTS)}")
    brought: Imported = readers[kind](source, size=project.reader.video.size, frame_count=project.reader.frame_count)
    ids = _adopt(project, brought.objects)
    count = 0
    batch: list[MaskEntry] = []
    for entry in brought.entries:
        if entry.object_id not in ids:
            raise ProjectError(f"object {entry.object_id} has no name", where=str(source))
        batch.append(replace(entry, object_id=ids[entry.object_id]))
        count += 1
        if len(batch) == _BATCH:
            project.track.put(batch)
            batch = []
    project.track.put(batch)
    return count


def _adopt(project: Project, brought: Objects) -> dict[int, int]:
    """Make sure that the project has an object for each name; return id there -> id here."""
    objects, ids = project.objects, {}
    for one in brought:
        objects, mine = objects.with_named(one.name)
        ids[one.object_id] = mine.object_id
    project.import_objects(objects)
    return ids
