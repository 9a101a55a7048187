"""A run of encoded pictures in a file of its own: the unit of work that a crash can cost, and that can be reused.

A segment is a Matroska file (NUT for the few codecs that Matroska does not take) whose time stamps are the numbers
of the frames within the segment, which any container keeps exactly. The true times are the source's and are put back
when segments are joined.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from videdit.errors import CannotEncode
from videdit.media.conversion import converted
from videdit.media.encoders import repeatable
from videdit.media.faults import cannot_encode
from videdit.media.picture import Picture
from videdit.media.planning import EncodePlan, plan_encoding
from videdit.media.settings import EncodeSettings
from videdit.media.video import Video

TICK = Fraction(1, 1000)
"""Time base of a segment; one tick per frame."""
FIRST_FRAME = "VIDEDIT_FIRST_FRAME"
_OPTIONS = {"fflags": "+bitexact", "avoid_negative_ts": "disabled"}
"""Without the first the Matroska writer puts random numbers into the file; the second keeps the counts as they are."""
_LONGEST_REORDERING = 64
_IN_NUT = frozenset({"png", "qtrle", "dnxhd"})
_TIMED = frozenset({"libx264", "libx264rgb", "libx265", "libvpx-vp9", "libvpx"})
"""Encoders that are told the true times, because they share out bits by them; others count frames."""


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A finished segment.

    first_frame: number of its first frame in the film
    first_pts, last_pts: of the film, in units of its time base
    extradata: the decoder's set-up data; equal in all segments that can be joined
    """

    path: Path
    first_frame: int
    frame_count: int
    sha256: str
    first_pts: int
    last_pts: int
    extradata: bytes


class SegmentWriter:
    """Encodes pictures that follow one another into one file, which takes its name only when it is whole.

    Use as a context manager: leaving it normally finishes the file, leaving it by an exception removes it.

    path:     any name
    video:    the film the pictures are of
    settings: how to encode
    alpha:    the result has an alpha channel; pictures without one are opaque
    out:      the file that will be joined; it decides which codecs are possible
    """

    def __init__(
        self,
        path: Path,
        video: Video,
        settings: EncodeSettings | None = None,
        *,
        alpha: bool = False,
        out: Path | None = None,
    ) -> None:
        self.path = path
        self.plan: EncodePlan = plan_encoding(video, settings or EncodeSettings(), out=out, alpha=alpha)
        self._video = video
        self._alpha = alpha or video.has_alpha
        self._part = path.with_name(f".{path.name}.part")
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._first: Picture | None = None
        self._positions: dict[int, int] = {}
        self._count = 0
        self._muxed = 0
        self._last_pts = 0
        self.info: SegmentInfo | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, picture: Picture) -> None:
        """Encode the next picture. Raises CannotEncode; the unfinished file is then gone."""
        try:
            if self._stream is None:
                self._begin(picture)
            self._encode(picture)
        except (FFmpegError, OSError, ValueError) as error:
            self.discard()
            raise cannot_encode(error, self.path) from error
        except BaseException:
            self.discard()
            raise

    def close(self) -> SegmentInfo:
        """Finish the file, put it under its name, and describe it. Raises CannotEncode."""
        if self.info is not None:
            return self.info
        if self._stream is None or self._container is None:
            raise CannotEncode("a segment needs at least one picture", where=str(self.path))
        try:
            self._mux(self._stream.encode(None))
            extradata = self._stream.codec_context.extradata or b""
            self._container.close()
            self._container = None
            if self._positions:
                raise ValueError(f"the encoder dropped {len(self._positions)} of {self._count} frames")
            digest = _sha256_synced(self._part)
            self._part.replace(self.path)
        except (FFmpegError, OSError, ValueError) as error:
            self.discard()
            raise cannot_encode(error, self.path) from error
        except BaseException:
            self.discard()
            raise
        assert self._first is not None
        self.info = SegmentInfo(
            self.path, self._first.index, self._count, digest, self._first.pts, self._last_pts, extradata
        )
        return self.info

    def discard(self) -> None:
        """Stop and remove what was written."""
        container, self._container, self._stream = self._container, None, None
        if container is not None:
            with suppress(FFmpegError, OSError, ValueError):
                container.close()
        self._part.unlink(missing_ok=True)

    def _begin(self, first: Picture) -> None:
        name = "nut" if self.plan.family in _IN_NUT else "matroska"
        self._container = av.open(str(self._part), "w", format=name, options=_OPTIONS)
        self._container.metadata[FIRST_FRAME] = str(first.index)
        self._first = first
        self._stream = add_encoder(self._container, self.plan, self._video, timed=self._timed)
        self._stream.time_base = TICK

    @property
    def _timed(self) -> bool:
        return self.plan.encoder in _TIMED

    def _encode(self, picture: Picture) -> None:
        assert self._stream is not None
        assert self._first is not None
        if picture.index != self._first.index + self._count:
            raise ValueError(f"frame {picture.index} does not follow frame {self._first.index + self._count - 1}")
        if self._alpha:
            picture.ensure_alpha()
        frame = converted(picture.frame, self.plan.pix_fmt, self._video.colour)
        # Encoders want times from 0 on; a first time below 0 is refused by some.
        ticks = picture.pts - self._first.pts if self._timed else self._count
        frame.pts = ticks
        frame.duration = picture.duration if self._timed else 1
        frame.time_base = self._stream.codec_context.time_base
        frame.pict_type = 0
        self._positions[ticks] = self._count
        self._count += 1
        self._last_pts = picture.pts
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: list[av.Packet[VideoStream]]) -> None:
        assert self._container is not None
        for packet in packets:
            assert packet.pts is not None
            packet.pts = self._positions.pop(packet.pts)
            # Decoding times only have to ascend and to lie before those of showing; readers of segments ignore them.
            packet.dts = self._muxed - (0 if self.plan.family in _IN_NUT else _LONGEST_REORDERING)
            self._muxed += 1
            packet.duration = 1
            packet.time_base = TICK
            self._container.mux(packet)


def add_encoder(container: OutputContainer, plan: EncodePlan, video: Video, *, timed: bool) -> VideoStream:
    """Add a stream that encodes by the plan, with the film's size, times, tags and shape of pixels."""
    rate = video.nominal_rate.limit_denominator(1001)
    options = repeatable(plan.encoder, dict(plan.options))
    stream = container.add_stream(plan.encoder, rate=rate, options=options)
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.height, context.width = video.coded_size
    context.pix_fmt = plan.pix_fmt
    context.time_base = video.time_base if timed else 1 / rate
    context.sample_aspect_ratio = video.sample_aspect
    tags = video.colour.tags
    context.colorspace, context.color_range = tags.matrix, tags.range or (2 if video.colour.full_range else 0)
    context.color_primaries, context.color_trc = tags.primaries, tags.transfer
    context.bit_rate = plan.bit_rate
    context.thread_count = plan.threads
    if plan.family in ("ffv1", "png", "qtrle", "prores", "mjpeg", "dnxhd"):
        context.thread_type = "AUTO"
    if not plan.container.own_times:
        context.max_b_frames = 0
    if video.interlaced and plan.encoder in ("libx264", "prores_ks"):
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        context.field_order = 2 if video.field_order == "top first" else 3
    return stream


def _sha256_synced(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest
