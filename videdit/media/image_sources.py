"""A row of pictures as a film: a folder, or a pattern such as shots/f%05d.png or shots/*.tif."""

from __future__ import annotations

import glob
import re
from pathlib import Path

import av

from videdit.errors import CannotDecode, CannotOpen
from videdit.media.faults import reason_of

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".ppm", ".pgm", ".exr", ".dpx"})
_NUMBER = re.compile(r"%0?(\d*)d")
_PARTS = re.compile(r"(\d+)")


def is_image_source(source: str | Path) -> bool:
    """Whether the source names a folder, a pattern or a single picture rather than a film."""
    path = Path(source)
    return path.is_dir() or is_pattern(source) or path.suffix.lower() in IMAGE_SUFFIXES


def is_pattern(source: str | Path) -> bool:
    """Whether the name has a number field (%05d) or wildcards and is not itself a file."""
    text = str(source)
    return not Path(text).exists() and (_NUMBER.search(text) is not None or glob.has_magic(text))


def list_images(source: str | Path) -> tuple[Path, ...]:
    """Return the pictures in natural order: 2 before 10.

    Raises CannotOpen for a folder or pattern without any.
    """
    path = Path(source)
    if path.is_dir():
        found = [entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file()]
        found = [entry for entry in found if not entry.name.startswith(".")]
        if not found:
            raise CannotOpen(
                "the folder holds no pictures", where=str(path), next_step="name a folder of png, jpg or tif files"
            )
    elif path.is_file():
        found = [path]
    else:
        text = str(source)
        wild = _NUMBER.sub("*", text) if _NUMBER.search(text) else text
        exact = re.compile(_NUMBER.sub(r"(\\d+)", re.escape(text).replace(r"\%", "%"))) if wild != text else None
        found = [Path(name) for name in glob.glob(wild)]  # noqa: PTH207 - the pattern may hold a folder part
        found = [entry for entry in found if exact is None or exact.fullmatch(str(entry))]
        if not found:
            raise CannotOpen("no picture matches the pattern", where=text, next_step="check the folder and the numbers")
    return tuple(sorted(found, key=natural_key))


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers within names by their value."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _PARTS.split(str(path)) if part]


def decode_image(path: Path) -> av.VideoFrame:
    """Return the picture of one file. Raises CannotDecode."""
    try:
        # "none" keeps a % in a file's name from being taken for a pattern.
        with av.open(str(path), options={"pattern_type": "none"}) as container:
            for frame in container.decode(video=0):
                return frame
    except (av.error.FFmpegError, OSError, IndexError) as error:
        raise CannotDecode(
            f"the picture does not decode ({reason_of(error)})", where=str(path), next_step="replace or remove it"
        ) from error
    raise CannotDecode("the file holds no picture", where=str(path), next_step="replace or remove it")


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) as stored, from the header where it is a PNG."""
    try:
        with path.open("rb") as file:
            head = file.read(24)
    except OSError as error:
        raise CannotOpen(f"the picture cannot be read ({reason_of(error)})", where=str(path)) from error
    if head[:8] == b"\x89PNG\r\n\x1a\n" and len(head) == 24:
        return int.from_bytes(head[20:24]), int.from_bytes(head[16:20])
    frame = decode_image(path)
    return frame.height, frame.width
