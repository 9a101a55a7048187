"""Label maps as DAVIS keeps them: one indexed PNG for each frame, pixel value = object id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videdit.errors import ProjectError
from videdit.masks.entry import MaskEntry
from videdit.masks.exporting import Exported, plan_export, whole_folder
from videdit.masks.importing import Expected, Imported, default_name, table_of
from videdit.masks.label_map import LabelMap
from videdit.masks.packed import PackedMask
from videdit.masks.pngs import file_name, numbered_pngs, read_png, size_of, write_png
from videdit.masks.sidecar import NAME, read_sidecar, write_sidecar
from videdit.masks.track import MaskTrack
from videdit.objects import Objects
from videdit.progress import Report, silent
from videdit.shots import Shot

MAX_INDEXED_ID = 255


def davis_palette() -> bytes:
    """Return the 256 colours of DAVIS and PASCAL VOC, 768 bytes RGB: bit k of a colour is bits 3k.. of the index."""
    colours = np.zeros((256, 3), dtype=np.uint8)
    indices = np.arange(256)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= (((indices >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return colours.tobytes()


def export_palette_png(
    track: MaskTrack,
    destination: str | Path,
    *,
    frame_count: int,
    objects: Objects,
    order: Sequence[int] | None = None,
    span: Shot | None = None,
    report: Report = silent,
) -> Exported:
    """Write one PNG for each frame of the film, 00000.png and on, and `objects.json` with names and tracked frames.

    8-bit indexed with the DAVIS palette; 16-bit grey if an object's id is above 255. Pixel value 0 is background.
    Where objects overlap, the later one in `order` (object ids; default ascending) is kept, and `notes` says how much
    is lost. Scores are not in pictures: see `export_scores`.

    destination: a new or empty folder
    span:        the part of the film to write; all of it if None
    """
    folder = Path(destination)
    plan = plan_export(track, objects, frame_count, span)
    indexed = all(object_id <= MAX_INDEXED_ID for object_id in plan.object_ids)
    palette = davis_palette() if indexed else None
    hidden_px = hidden_frames = 0
    with whole_folder(folder) as partial:
        for index in plan.reported(report):
            masks = {one: entry.mask for one, entry in track.at(index, plan.object_ids).items()}
            labels = LabelMap.of(masks, track.size, order)
            hidden_px += labels.hidden_px
            hidden_frames += labels.hidden_px > 0
            pixels: NDArray[np.uint8] | NDArray[np.uint16] = labels.labels
            write_png(partial / file_name(index), pixels.astype(np.uint8) if indexed else pixels, palette)
        write_sidecar(partial, plan)
    notes = []
    if hidden_px:
        notes.append(
            f"Objects overlap on {hidden_frames} frames, and a label map holds one object per pixel: {hidden_px} "
            f"pixels of masks that lie beneath others are not in the files."
        )
    return Exported(folder, len(plan.frames), tuple(notes))


def import_palette_png(
    source: str | Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None
) -> Imported:
    """Read numbered PNGs whose pixel values are object ids: indexed or grey, 8 or 16 bits.

    With an `objects.json` the masks are exactly those that were exported. Without one every object is taken to have
    been looked for on every frame that has a file: where it has no pixels it is absent. That costs a second pass.

    size:        height and width of the film; None takes the first picture's
    frame_count: number of frames of the film; None takes any
    Raises ProjectError, naming file and frame, for what is no such picture, a wrong size, or a missing frame.
    """
    folder = Path(source)
    files = numbered_pngs(folder, Expected(size, frame_count))
    expected = Expected(size or size_of(files[0][1], files[0][0]), frame_count)
    assert expected.size is not None
    sidecar = read_sidecar(folder)
    if sidecar is None:
        ids = {object_id for index, path in files for object_id in _labels(path, index, expected).object_ids}
        objects = table_of({one: default_name(one) for one in ids}, folder)
        return Imported(expected.size, objects, _entries(files, expected, sorted(ids), lambda object_id, index: True))
    sidecar.check_complete({index for index, _ in files}, folder)
    return Imported(
        expected.size, sidecar.objects, _entries(files, expected, sorted(sidecar.tracked), sidecar.is_tracked)
    )


def _entries(
    files: Sequence[tuple[int, Path]],
    expected: Expected,
    object_ids: Sequence[int],
    is_tracked: Callable[[int, int], bool],
) -> Iterator[MaskEntry]:
    for index, path in files:
        labels = _labels(path, index, expected)
        there = labels.masks()
        unknown = sorted(set(there) - set(object_ids))
        if unknown:
            raise ProjectError(f"the pixel value {unknown[0]} is no object of {NAME}", where=f"{path}, frame {index}")
        absent = PackedMask.absent((labels.labels.shape[0], labels.labels.shape[1]))
        for object_id in object_ids:
            if object_id in there or is_tracked(object_id, index):
                yield MaskEntry(object_id, index, there.get(object_id, absent))


def _labels(path: Path, index: int, expected: Expected) -> LabelMap:
    pixels = read_png(path, index, expected)
    if pixels.ndim != 2:
        raise ProjectError(
            "this is a colour picture; object ids are read from indexed or grey ones", where=f"{path}, frame {index}"
        )
    return LabelMap(pixels.astype(np.uint16))
