"""What every import of masks shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from videdit.errors import ProjectError
from videdit.masks.entry import MaskEntry
from videdit.objects import MAX_OBJECT_ID, Object, Objects


@dataclass(frozen=True, slots=True)
class Imported:
    """Masks from a file, read as they are asked for; iterate over it once: `track.put(import_coco("masks.json"))`.

    size:    height and width in pixels
    objects: their ids and names
    entries: the masks; errors in the middle of a file come up while they are read
    """

    size: tuple[int, int]
    objects: Objects
    entries: Iterator[MaskEntry]

    def __iter__(self) -> Iterator[MaskEntry]:
        return self.entries


@dataclass(frozen=True, slots=True)
class Expected:
    """What an import must fit.

    size:        height and width of the film; None takes the first mask's
    frame_count: number of frames of the film; None takes any
    """

    size: tuple[int, int] | None = None
    frame_count: int | None = None

    def check_size(self, size: tuple[int, int], where: str) -> None:
        """Raise ProjectError if a mask is not as large as it should be."""
        if self.size is not None and size != self.size:
            raise ProjectError(
                f"the mask is {size[1]}x{size[0]}, but it should be {self.size[1]}x{self.size[0]}", where=where
            )

    def check_frame(self, index: int, where: str) -> None:
        """Raise ProjectError if the film has no such frame."""
        if index < 0 or (self.frame_count is not None and index >= self.frame_count):
            raise ProjectError(f"there is no frame {index} in a film of {self.frame_count} frames", where=where)


def default_name(object_id: int) -> str:
    """Return the name of an object that has none."""
    return f"object-{object_id}"


def table_of(names: Mapping[int, str], where: str | Path) -> Objects:
    """Make the table of objects of ids and names. Raises ProjectError if an id is out of range or a name is double."""
    for object_id in names:
        check_id(object_id, str(where))
    double = _first_double(names.values())
    if double is not None:
        raise ProjectError(f"two objects are named {double!r}", where=str(where))
    return Objects(tuple(Object(one, names[one]) for one in sorted(names)), max(names, default=0) + 1)


def check_id(object_id: int, where: str) -> None:
    """Raise ProjectError if an object's id is out of range."""
    if not 1 <= object_id <= MAX_OBJECT_ID:
        raise ProjectError(f"object id {object_id} is not in 1..{MAX_OBJECT_ID}", where=where)


def _first_double(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
