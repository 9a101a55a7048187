"""Black and white PNGs, one folder for each object: what compositing programs take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from videdit.errors import ProjectError
from videdit.frames import Mask
from videdit.masks.entry import MaskEntry
from videdit.masks.exporting import Exported, plan_export, whole_folder
from videdit.masks.importing import Expected, Imported, table_of
from videdit.masks.packed import PackedMask
from videdit.masks.pngs import file_name, numbered_pngs, read_png, size_of, write_png
from videdit.masks.sidecar import Sidecar, read_sidecar, write_sidecar
from videdit.masks.track import MaskTrack
from videdit.objects import Object, Objects
from videdit.progress import Report, silent
from videdit.shots import Shot

_NUMBERED = re.compile(r"^(\d+)(?:[-_ ](.*))?$", re.ASCII | re.DOTALL)
_NOT_FOR_NAMES = re.compile(r"[^\w-]+")
_LONGEST_NAME = 40


def export_binary_png(
    track: MaskTrack,
    destination: str | Path,
    *,
    frame_count: int,
    objects: Objects,
    span: Shot | None = None,
    report: Report = silent,
) -> Exported:
    """Write a folder for each object, `00001-name`, with an 8-bit PNG for each frame: 255 the object, 0 the rest.

    `objects.json` beside them holds names and tracked frames. Overlaps are kept. Scores are not in pictures: see
    `export_scores`.

    destination: a new or empty folder
    span:        the part of the film to write; all of it if None
    """
    folder = Path(destination)
    plan = plan_export(track, objects, frame_count, span)
    folders = {one.object_id: folder_name(one) for one in plan.objects}
    nothing = PackedMask.absent(track.size)
    with whole_folder(folder) as partial:
        for name in folders.values():
            (partial / name).mkdir()
        for index in plan.reported(report):
            there = track.at(index, plan.object_ids)
            for object_id, name in folders.items():
                packed = there[object_id].mask if object_id in there else nothing
                write_png(partial / name / file_name(index), packed.mask().view(np.uint8) * np.uint8(255))
        write_sidecar(partial, plan, folders)
    return Exported(folder, len(plan.frames))


def import_binary_png(
    source: str | Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None, threshold: int = 1
) -> Imported:
    """Read black and white PNGs: a folder of them is one object; a folder of such folders, one object each.

    With an `objects.json` the masks are exactly those that were exported. Without one, folders that all begin with a
    number (`00003-dog`) have that id, others are numbered by name; every file is a frame that was looked at.

    size:        height and width of the film; None takes the first picture's
    frame_count: number of frames of the film; None takes any
    threshold:   the grey value from which a pixel belongs to the object
    Raises ProjectError, naming file and frame, for what is no such picture, a wrong size, or a missing frame.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise ProjectError("there is no such folder", where=str(folder))
    sidecar = read_sidecar(folder)
    if sidecar is None:
        names, folders = _found_objects(folder)
        objects = table_of(names, folder)
    else:
        objects = sidecar.objects
        folders = {one.object_id: _inside(folder, sidecar, one) for one in objects}
    files = {object_id: numbered_pngs(folders[object_id], Expected(size, frame_count)) for object_id in sorted(folders)}
    if not files:
        raise ProjectError("there are no masks in the folder", where=str(folder))
    if sidecar is not None:
        for object_id, some in files.items():
            sidecar.check_complete({index for index, _ in some}, folders[object_id], object_id)
    first_index, first_path = next(iter(files.values()))[0]
    expected = Expected(size or size_of(first_path, first_index), frame_count)
    assert expected.size is not None
    is_tracked = (lambda object_id, index: True) if sidecar is None else sidecar.is_tracked
    return Imported(expected.size, objects, _entries(files, expected, threshold, is_tracked))


def folder_name(one: Object) -> str:
    """Return a name for an object's folder that every file system takes."""
    plain = _NOT_FOR_NAMES.sub("_", one.name)[:_LONGEST_NAME].strip("_")
    return f"{one.object_id:05d}-{plain}" if plain else f"{one.object_id:05d}"


def _entries(
    files: Mapping[int, list[tuple[int, Path]]],
    expected: Expected,
    threshold: int,
    is_tracked: Callable[[int, int], bool],
) -> Iterator[MaskEntry]:
    for object_id, some in files.items():
        for index, path in some:
            packed = PackedMask.pack(_mask(path, index, expected, threshold))
            if not packed.empty or is_tracked(object_id, index):
                yield MaskEntry(object_id, index, packed)


def _mask(path: Path, index: int, expected: Expected, threshold: int) -> Mask:
    pixels = read_png(path, index, expected)
    if pixels.ndim == 3:
        pixels = pixels.max(axis=2)
    mask: Mask = pixels >= threshold
    return mask


def _found_objects(folder: Path) -> tuple[dict[int, str], dict[int, Path]]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not inner:
        return {1: folder.resolve().name}, {1: folder}
    matches = [_NUMBERED.match(path.name) for path in inner]
    ids = [int(match[1]) for match in matches if match is not None]
    if len(set(ids)) == len(inner):
        names = {int(match[1]): match[2] or path.name for match, path in zip(matches, inner, strict=True) if match}
        return names, dict(zip(ids, inner, strict=True))
    numbered = dict(enumerate(inner, start=1))
    return {object_id: path.name for object_id, path in numbered.items()}, numbered


def _inside(folder: Path, sidecar: Sidecar, one: Object) -> Path:
    name = sidecar.folders.get(one.object_id, "")
    # The name comes from a file that may be anyone's: it must not lead elsewhere.
    if name in ("", ".", "..") or Path(name).name != name:
        raise ProjectError(f"the folder of object {one.name!r} is not in the list of objects", where=str(folder))
    return folder / name
