"""Decode and encode a film with nothing done to it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from videdit.media.faults import encoding_to
from videdit.media.joining import join
from videdit.media.reader import VideoReader
from videdit.media.segments import SegmentWriter
from videdit.media.settings import EncodeSettings
from videdit.media.verifying import Verified

SEGMENT_FRAMES = 250


def transcode(reader: VideoReader, out: Path, settings: EncodeSettings | None = None) -> Verified:
    """Write the film again, through segments, as an edit would. Raises CannotDecode, CannotEncode."""
    with encoding_to(out):
        space = tempfile.TemporaryDirectory(prefix=f".{out.stem}.", dir=out.parent)
    with space as folder:
        paths = []
        for start in range(0, reader.frame_count, SEGMENT_FRAMES):
            stop = min(start + SEGMENT_FRAMES, reader.frame_count)
            path = Path(folder) / f"{start:08d}.seg"
            with SegmentWriter(path, reader.video, settings, out=out) as writer:
                for picture in reader.pictures(start, stop):
                    writer.write(picture)
            paths.append(path)
        return join(paths, reader, out)
