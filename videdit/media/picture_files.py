"""Write a film as a row of pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import av

from videdit.errors import CannotEncode
from videdit.media.conversion import as_planar, converted
from videdit.media.encoders import closest_format
from videdit.media.faults import encoding_to
from videdit.media.image_sources import decode_image
from videdit.media.verifying import Verified
from videdit.media.video import Video

_ENCODERS = {
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".jpg": "mjpeg",
    ".jpeg": "mjpeg",
    ".bmp": "bmp",
    ".webp": "libwebp",
}
_NUMBER = re.compile(r"%0?\d*d")


def write_pictures(segments: Sequence[Path], video: Video, out: Path) -> Verified:
    """Decode the segments and write one picture file per frame, counted from 0.

    out: a folder (frame000000.png...) or a pattern with %05d

    All pictures are written under other names first; none gets its own before all are there. Raises CannotEncode.
    """
    pattern = str(out / "frame%06d.png") if out.is_dir() else str(out)
    if not _NUMBER.search(Path(pattern).name):
        raise CannotEncode("the name has no number field", where=str(out), next_step="name it like folder/f%05d.png")
    suffix = Path(pattern).suffix.lower()
    if suffix not in _ENCODERS:
        raise CannotEncode(
            f"pictures are not written as {suffix}", where=str(out), next_step=f"use {', '.join(sorted(_ENCODERS))}"
        )
    made: list[tuple[Path, Path]] = []
    try:
        with encoding_to(out):
            for number, frame in enumerate(_frames(segments)):
                name = Path(pattern % number)
                part = name.with_name(f".{name.name}.part{suffix}")
                made.append((part, name))
                _write_one(part, _ENCODERS[suffix], frame, video)
        if len(made) != video.frame_count:
            raise CannotEncode(f"{len(made)} of {video.frame_count} pictures were made", where=str(out))
        last = decode_image(made[-1][0])
        if (last.height, last.width) != video.coded_size:
            raise CannotEncode("the pictures have not the film's size", where=str(out))
        with encoding_to(out):
            for part, name in made:
                part.replace(name)
    finally:
        for part, _ in made:
            part.unlink(missing_ok=True)
    notes = () if video.orientation.is_identity else ("The pictures are stored as the film stores them, not upright.",)
    return Verified(out, len(made), 0.0, 0, notes=notes)


def _frames(segments: Sequence[Path]) -> Iterator[av.VideoFrame]:
    for path in segments:
        with av.open(str(path)) as container:
            yield from container.decode(video=0)


def _write_one(path: Path, encoder: str, frame: av.VideoFrame, video: Video) -> None:
    planar = as_planar(frame)
    target, _ = closest_format(encoder, planar.format.name)
    new = converted(planar, target, video.colour)
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = new.width, new.height, target
    context.time_base = video.time_base
    context.color_range = new.color_range
    if encoder == "mjpeg":
        context.qmin = context.qmax = 2
    new.pts, new.pict_type = 0, 0
    packets = [*context.encode(new), *context.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
