"""A folder laid out as DAVIS is: frames, and the true masks of their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videdit.errors import OptionError, ProjectError
from videdit.frames import Mask
from videdit.masks.importing import Expected
from videdit.masks.pngs import read_png, size_of
from videdit.media.image_sources import list_images

RESOLUTIONS = ("480p", "Full-Resolution")
VOID = 255


@dataclass(frozen=True, slots=True)
class Davis:
    """The data set of one resolution.

    images, annotations: folders that hold one folder for each sequence
    """

    images: Path
    annotations: Path

    @property
    def names(self) -> list[str]:
        """All sequences, in alphabetical order."""
        return sorted(path.name for path in self.images.iterdir() if path.is_dir() and not path.name.startswith("."))

    def sequence(self, name: str, limit: int | None = None, *, one_object: bool = False) -> DavisSequence:
        """Return a sequence, its first `limit` frames if that is given.

        one_object: take all objects together for one, as DAVIS 2016 does

        Raises OptionError if it is not there, or its first frame has no annotation.
        """
        if not (self.images / name).is_dir():
            raise OptionError(
                f"there is no sequence {name!r}", where=str(self.images), next_step=f"there are: {_few(self.names)}"
            )
        images = list_images(self.images / name)[:limit]
        truths = tuple(self.annotations / name / f"{path.stem}.png" for path in images)
        if not truths[0].is_file():
            raise OptionError("the first frame has no annotation", where=str(truths[0]))
        return DavisSequence(name, self.images / name, images, truths, one_object)


@dataclass(frozen=True, slots=True)
class DavisSequence:
    """One sequence.

    folder: where its frames are
    images: the frames' files in order
    truths: the annotations' files; test sets have the first alone
    """

    name: str
    folder: Path
    images: tuple[Path, ...]
    truths: tuple[Path, ...]
    one_object: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @property
    def whole_truth(self) -> bool:
        """Whether every frame has an annotation."""
        return all(path.is_file() for path in self.truths)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the annotations, in pixels."""
        return _size(self.truths[0])

    @property
    def object_ids(self) -> list[int]:
        """The objects: 1 up to the highest label of the first annotation, as DAVIS 2017 counts them.

        Raises OptionError if the first annotation shows none.
        """
        highest = int(self.labels(0).max())
        if highest == 0:
            raise OptionError("the first annotation shows no object", where=str(self.truths[0]))
        return list(range(1, highest + 1))

    def labels(self, index: int) -> NDArray[np.uint8]:
        """Return (H, W) uint8: which object is where, 0 for none. Void pixels, label 255, are none.

        An annotation of nothing but 0 and 255 is DAVIS 2016's way to show one object, which gets the label 1.
        Raises ProjectError naming the file if it holds no label map, or differs in size from the first.
        """
        pixels = _read(self.truths[index], index, self.size)
        if _of_two_values(self.truths[0]):
            # In DAVIS 2016's own files 255 is the object; where there are other labels it is void.
            return (pixels > 0).astype(np.uint8)
        objects = np.where(pixels == VOID, 0, pixels).astype(np.uint8)
        return np.minimum(objects, 1) if self.one_object else objects

    def mask(self, index: int, object_id: int) -> Mask:
        """Return (H, W) bool: the pixels of one object."""
        mask: Mask = self.labels(index) == object_id
        return mask


def open_davis(folder: str | Path) -> Davis:
    """Find the data set in a folder: JPEGImages and Annotations lie in it, or in its folder davis or DAVIS.

    Raises OptionError that says what was looked for.
    """
    given = Path(folder)
    for root in (given, given / "davis", given / "DAVIS"):
        for resolution in RESOLUTIONS:
            found = Davis(root / "JPEGImages" / resolution, root / "Annotations" / resolution)
            if found.images.is_dir() and found.annotations.is_dir():
                return found
    raise OptionError(
        "no DAVIS data is here", where=str(given), next_step="name a folder with JPEGImages/480p and Annotations/480p"
    )


def chosen_names(davis: Davis, wanted: Sequence[str]) -> list[str]:
    """Return the sequences asked for: names, names with commas between, or text files with a name a line.

    None asked for means all. Raises OptionError for one that is not there.
    """
    names: list[str] = []
    for text in wanted:
        path = Path(text)
        if path.suffix == ".txt" and path.is_file():
            # DAVIS 2016 lists the files of every frame, DAVIS 2017 the sequences.
            lines = [line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            names += [Path(line).parent.name if "/" in line else line for line in lines]
        else:
            names += [part.strip() for part in text.split(",") if part.strip()]
    there = davis.names
    missing = [name for name in names if name not in there]
    if missing:
        raise OptionError(
            f"there is no sequence {missing[0]!r}", where=str(davis.images), next_step=f"there are: {_few(there)}"
        )
    if not there:
        raise OptionError("there are no sequences", where=str(davis.images))
    return list(dict.fromkeys(names)) or there


def _few(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _read(path: Path, index: int, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    pixels = read_png(path, index, Expected(size, None))
    if pixels.ndim == 3:
        return np.where(pixels.any(axis=2), VOID, 0).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ProjectError("an annotation has labels of 8 bits", where=str(path))
    return pixels


@lru_cache(256)
def _size(path: Path) -> tuple[int, int]:
    return size_of(path, 0)


@lru_cache(256)
def _of_two_values(path: Path) -> bool:
    values = set(np.unique(_read(path, 0, None)).tolist())
    return VOID in values and values <= {0, VOID}
