"""What every export of masks shares: what to write, where, and that a broken one leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

from videdit.errors import OptionError, ProjectError
from videdit.masks.track import MaskTrack
from videdit.objects import Object, Objects
from videdit.progress import Progress, Report
from videdit.shots import Shot


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    path:        the file or folder
    frame_count: how many frames are in it
    notes:       sentences on what the format could not hold; empty if it holds all
    """

    path: Path
    frame_count: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written.

    frames:  the frames of the film that the export covers
    tracked: object id -> runs [start, stop) of frames, inside `frames`, on which the object has an entry
    """

    track: MaskTrack
    objects: tuple[Object, ...]
    frames: range
    tracked: Mapping[int, tuple[tuple[int, int], ...]]

    @property
    def object_ids(self) -> list[int]:
        return [one.object_id for one in self.objects]

    def tracked_frames(self) -> list[int]:
        """Return the frames on which at least one object has an entry, ascending."""
        return sorted({index for runs in self.tracked.values() for start, stop in runs for index in range(start, stop)})

    def reported(self, report: Report) -> Iterator[int]:
        """Yield the frames to write, reporting each one when it is done."""
        total = len(self.frames)
        for done, index in enumerate(self.frames, start=1):
            yield index
            report(Progress("export", done, total))


def plan_export(track: MaskTrack, objects: Objects, frame_count: int, span: Shot | None) -> Plan:
    """Find out what is to be written.

    span: the part of the film to cover; all of it if None
    Raises OptionError if that lies outside the film, ProjectError if the track knows frames that the film has not.
    """
    frames = range(frame_count) if span is None else range(span.start, span.stop)
    if frames.stop > frame_count:
        raise OptionError(f"the range ends at frame {frames.stop}, but the film has {frame_count} frames")
    chosen = tuple(sorted(objects, key=lambda one: one.object_id))
    tracked = {}
    for one in chosen:
        known = track.frames(one.object_id)
        if known and known[-1] >= frame_count:
            raise ProjectError(
                f"there is a mask on frame {known[-1]}, but the film has {frame_count} frames",
                where=f"object {one.name!r}",
            )
        tracked[one.object_id] = runs_of([index for index in known if index in frames])
    return Plan(track, chosen, frames, tracked)


def runs_of(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Return ascending numbers as runs [start, stop): [1, 2, 3, 7] as (1, 4), (7, 8)."""
    if not numbers:
        return ()
    breaks = [(one + 1, other) for one, other in pairwise(numbers) if other != one + 1]
    starts = [numbers[0], *(start for _, start in breaks)]
    stops = [*(stop for stop, _ in breaks), numbers[-1] + 1]
    return tuple(zip(starts, stops, strict=True))


@contextmanager
def whole_folder(destination: Path) -> Iterator[Path]:
    """Give a folder to write into; it gets its name when the block ends, and is deleted if it raises.

    Raises OptionError if there is something in `destination` already: files of two exports must not mix.
    """
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise OptionError(
            "there is something here already", where=str(destination), next_step="name a new or empty folder"
        )
    partial = _partial(destination)
    with _written(destination):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            if destination.exists():
                destination.rmdir()
            partial.rename(destination)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(destination: Path) -> Iterator[TextIO]:
    """Give a text file to write; it takes its name, and the place of an older one, only if the block ends well."""
    partial = _partial(destination)
    with _written(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("w", encoding="utf-8", newline="\n") as file:
                yield file
            partial.replace(destination)
        finally:
            partial.unlink(missing_ok=True)


def write_json_array(file: TextIO, values: Iterable[Any]) -> None:
    """Write a JSON array with a line for each value, as they come."""
    file.write("[")
    for number, value in enumerate(values):
        file.write(("," if number else "") + "\n" + json.dumps(value, ensure_ascii=False, allow_nan=False))
    file.write("\n]")


def _partial(destination: Path) -> Path:
    # Beside the destination, so that it can be renamed; absolute, because "." has no name.
    whole = destination.absolute()
    return whole.with_name(f".{whole.name}.partial")


@contextmanager
def _written(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProjectError(f"cannot be written ({error.strerror or error})", where=str(destination)) from error
