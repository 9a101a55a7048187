"""Segments and films of made-up clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videdit.media import (
    EncodeSettings,
    Picture,
    SegmentWriter,
    Verified,
    VideoReader,
    join,
)  # fmt: skip

FAST = EncodeSettings(preset="ultrafast")
UNEQUAL = [0, 40, 70, 150, 155, 200, 260, 300, 310, 400, 450, 600]


def render(
    reader: VideoReader,
    out: Path,
    how: EncodeSettings = FAST,
    *,
    length: int = 5,
    alpha: bool = False,
    change: Callable[[Picture], None] = lambda picture: None,
) -> Verified:
    """Encode in segments of `length` frames and join them."""
    paths = []
    for start in range(0, reader.frame_count, length):
        path = out.parent / f"{out.stem}{start}.seg"
        with SegmentWriter(path, reader.video, how, alpha=alpha, out=out) as writer:
            for picture in reader.pictures(start, min(start + length, reader.frame_count)):
                change(picture)
                writer.write(picture)
        paths.append(path)
    try:
        return join(paths, reader, out, alpha=alpha)
    finally:
        for path in paths:
            path.unlink()


def write_segment(
    path: Path,
    reader: VideoReader,
    frames: range,
    how: EncodeSettings = FAST,
    *,
    stop: BaseException | None = None,
) -> SegmentWriter:
    """Encode some frames; raise `stop` before the end if given."""
    with SegmentWriter(path, reader.video, how) as writer:
        for index in frames:
            writer.write(next(reader.pictures(index)))
        if stop is not None:
            raise stop
    return writer
