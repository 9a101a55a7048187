"""Pictures with segments, and what makes moving clips with exact masks of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from training.material.davis import read_davis
from training.material.deform import Motion, random_motion
from training.material.films import Film
from training.material.generated import generate
from training.material.lay import lay, without
from training.material.objects import choose_object
from training.material.photograph import cast_shadow, compress, foot_shadow, grain, motion_blur, shade
from training.material.picture import SegmentedPicture
from training.material.stills import read_stills

Source = Literal["stills", "davis", "generated"]

__all__ = [
    "Film",
    "Motion",
    "SegmentedPicture",
    "Source",
    "cast_shadow",
    "choose_object",
    "compress",
    "foot_shadow",
    "generate",
    "grain",
    "lay",
    "motion_blur",
    "random_motion",
    "read_pictures",
    "shade",
    "without",
]


def read_pictures(
    source: Source, folder: Path | None = None, *, sequences: Sequence[str] = (), count: int = 200, seed: int = 0
) -> list[SegmentedPicture]:
    """Return the training pictures of one source.

    folder:    of stills: holds images/ and segments/; of davis: holds JPEGImages/480p and Annotations/480p
    sequences: of davis: those to take frames from, never those that are scored
    count:     of generated: how many pictures
    seed:      of generated
    """
    if source == "generated":
        return [generate(seed + number) for number in range(count)]
    if folder is None:
        raise ValueError(f"pictures of {source} come from a folder")
    return read_stills(folder) if source == "stills" else read_davis(folder, sequences)
