"""What each kind of file can hold, by the ending of its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from videdit.errors import CannotEncode
from videdit.media.image_sources import IMAGE_SUFFIXES

PICTURES = "pictures"
"""The container of a row of pictures."""


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file.

    name:      of the library's muxer
    encoders:  families it takes, the preferred first; used when the source's own does not fit
    with_alpha: families that keep an alpha channel in it
    text_subtitles: the codec that text subtitles are converted to; "" if it takes none
    turns:     whether it can say that the picture is turned
    own_times: whether frames may come at unequal distances
    """

    suffix: str
    name: str
    encoders: tuple[str, ...]
    with_alpha: tuple[str, ...] = ()
    text_subtitles: str = ""
    turns: bool = True
    own_times: bool = True


_MP4 = Container(".mp4", "mp4", ("h264", "hevc", "av1", "vp9", "mpeg4"), (), "mov_text")
_CONTAINERS = {
    ".mp4": _MP4,
    ".m4v": Container(".m4v", "mp4", _MP4.encoders, (), "mov_text"),
    ".mov": Container(
        ".mov",
        "mov",
        ("h264", "hevc", "prores", "dnxhd", "mjpeg", "png", "qtrle", "mpeg4"),
        ("prores", "png", "qtrle"),
        "mov_text",
    ),
    ".mkv": Container(
        ".mkv",
        "matroska",
        ("h264", "hevc", "av1", "vp9", "ffv1", "prores", "mjpeg", "vp8", "mpeg4"),
        ("ffv1", "vp9", "prores"),
        "subrip",
    ),
    ".webm": Container(".webm", "webm", ("vp9", "av1", "vp8"), ("vp9",), "webvtt"),
    ".avi": Container(".avi", "avi", ("h264", "mpeg4", "ffv1", "mjpeg"), (), "", turns=False, own_times=False),
}
SUFFIXES = tuple(_CONTAINERS)


def container_for(out: Path) -> Container:
    """Return the container of an output's name. Raises CannotEncode for an ending that is not known."""
    if is_picture_output(out):
        return Container("", PICTURES, ("ffv1",), ("ffv1",))
    found = _CONTAINERS.get(out.suffix.lower())
    if found is None:
        raise CannotEncode(
            f"the ending {out.suffix!r} names no kind of video file" if out.suffix else "the name has no ending",
            where=str(out),
            next_step=f"end it with one of {', '.join(SUFFIXES)}, or name a folder/f%05d.png",
        )
    return found


def container_like(name: str, suffix: str) -> Container:
    """Return the container most like a source's; Matroska, which takes nearly all, where it is of no known kind."""
    return _CONTAINERS.get(suffix.lower(), _CONTAINERS[".mp4" if "mp4" in name else ".mkv"])


def is_picture_output(out: Path) -> bool:
    """Whether the output is a row of pictures: an existing folder, a name with %05d, or one ending with a slash."""
    return out.is_dir() or ("%" in out.name and out.suffix.lower() in IMAGE_SUFFIXES)
