"""Decode a film from any frame on, in order, and make sure that each frame is the one the index promised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from videdit.errors import CannotDecode
from videdit.media.deinterlacing import Deinterlacer
from videdit.media.faults import cannot_decode, cannot_open, reason_of
from videdit.media.image_sources import decode_image
from videdit.media.video import Video


class Decoding:
    """One open file and its decoder. Not thread-safe: each reader of frames has its own."""

    def __init__(self, video: Video, *, deinterlace: bool = False) -> None:
        self._video = video
        self._deinterlace = deinterlace
        self._container: InputContainer | None = None
        self._reorder_depth = 0

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def frames(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield (index, frame) from frame `start` to the last.

        Raises CannotDecode that names the frame which is missing, broken or not the one the index promised.
        """
        if self._video.images:
            yield from self._images(start)
            return
        if self._deinterlace:
            yield from self._deinterlaced(start)
            return
        yield from self._plain(start)

    def _images(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        for index in range(start, self._video.frame_count):
            path = self._video.images[index]
            frame = decode_image(path)
            if (frame.height, frame.width) != self._video.coded_size or frame.format.name != self._video.pix_fmt:
                frame = self._same_kind(frame, index)
            yield index, frame

    def _same_kind(self, frame: av.VideoFrame, index: int) -> av.VideoFrame:
        if (frame.height, frame.width) != self._video.coded_size:
            height, width = self._video.coded_size
            raise CannotDecode(
                f"the picture is {frame.width}x{frame.height}, the ones before are {width}x{height}",
                where=f"{self._video.images[index]}, frame {index}",
                next_step="make all pictures of one size",
            )
        # A row of pictures may mix, say, PNG with and without a palette; the first one decides.
        return frame.reformat(format=self._video.pix_fmt, threads=1)

    def _deinterlaced(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        filtering = Deinterlacer()
        # The filter looks at the frames on both sides.
        for index, frame in filtering.run(self._plain(max(0, start - 2))):
            if index >= start:
                yield index, frame

    def _plain(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        index = self._video.index
        origin = index.keyframe_before(start)
        while True:
            try:
                yield from self._checked(start, origin)
            except _LandedLate:
                # Some files' seek tables point behind the frame asked for: begin one keyframe earlier.
                origin = index.keyframe_before(origin - 1) if origin > 0 else -1
                continue
            return

    def _checked(self, start: int, origin: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode from keyframe `origin` (-1: a freshly opened file) and yield from `start` on."""
        index = self._video.index
        total = len(index)
        wanted, counted = start, 0
        for frame in self._raw(origin, start):
            if not index.stamped:
                counted += 1
                if counted <= start:
                    continue
            elif frame.pts is None or frame.pts < index.pts[start]:
                continue
            elif wanted == start and frame.pts > index.pts[start] and origin > -1:
                raise _LandedLate
            elif wanted < total and frame.pts != index.pts[wanted]:
                if self._video.salvaged:
                    continue
                raise cannot_decode("the frame is missing or broken", self._video.path, wanted, total)
            if wanted >= total:
                return
            yield wanted, frame
            wanted += 1
            if wanted == total:
                return
        if wanted == start and origin > -1:
            raise _LandedLate
        if wanted < total:
            raise cannot_decode(
                f"the film ends here, but it should have {total} frames", self._video.path, wanted, total
            )

    def _raw(self, origin: int, start: int) -> Iterator[av.VideoFrame]:
        decoder = self._decoder_at(origin)
        done = 0
        try:
            for frame in decoder:
                done += 1
                yield frame
        except (FFmpegError, OSError) as error:
            at = min(max(origin, 0) + done, self._video.frame_count - 1)
            raise cannot_decode(
                f"the frame does not decode ({reason_of(error)})",
                self._video.path,
                max(at, start),
                self._video.frame_count,
            ) from error

    def _decoder_at(self, origin: int) -> Iterator[av.VideoFrame]:
        if self._container is None or origin < 0:
            self.close()
            self._container = open_container(self._video)
            self._reorder_depth = self._stream.codec_context.reorder_depth
            fresh = True
        else:
            fresh = False
        stream = self._stream
        if origin > 0 or not fresh:
            pts = int(self._video.index.pts[max(origin, 0)])
            self._container.seek(pts, stream=stream, backward=True)
            # The decoder forgets on a seek how far frames are reordered, and would drop some until it learns again.
            with suppress(AttributeError, ValueError):
                stream.codec_context.reorder_depth = self._reorder_depth
        return decoded_frames(self._container, stream, self._video.alpha_by_side, skip_faults=self._video.salvaged)

    @property
    def _stream(self) -> VideoStream:
        assert self._container is not None
        stream = self._container.streams[self._video.stream_index]
        assert isinstance(stream, VideoStream)
        return stream


class _LandedLate(Exception):
    """The seek went past the frame that was asked for."""


def open_container(video: Video) -> InputContainer:
    """Open the file of a described film, reading nothing but its picture. Raises CannotOpen."""
    try:
        container = av.open(str(video.path))
    except (FFmpegError, OSError) as error:
        raise cannot_open(error, video.path) from error
    for stream in container.streams:
        if stream.index != video.stream_index:
            stream.discard = av.stream.Discard.all
    return container


def decoded_frames(
    container: InputContainer, stream: VideoStream, alpha_by_side: bool, *, skip_faults: bool = False
) -> Iterator[av.VideoFrame]:
    """Yield a stream's frames in presentation order.

    alpha_by_side: opacity travels beside the picture (VP8, VP9 in WebM) and only libvpx's own decoder sees it
    skip_faults:   go on after packets that do not decode
    """
    decoder: Any = stream
    if alpha_by_side:
        name = "libvpx" if stream.codec_context.codec.canonical_name == "vp8" else "libvpx-vp9"
        decoder = av.CodecContext.create(name, "r")
        decoder.extradata = stream.codec_context.extradata
    else:
        with suppress(RuntimeError):
            stream.thread_type = "AUTO"
    for packet in container.demux(stream):
        try:
            if alpha_by_side and not packet.size:
                yield from decoder.decode(None)
            else:
                yield from decoder.decode(packet)
        except (FFmpegError, OSError):
            if not skip_faults:
                raise
