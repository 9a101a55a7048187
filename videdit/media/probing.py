"""Describe a source: every fact that later stages rely on, read once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from videdit.errors import CannotDecode, CannotOpen
from videdit.media.colour import Colour, Tags, read_colour
from videdit.media.decoding import decoded_frames
from videdit.media.faults import cannot_open, reason_of
from videdit.media.frame_index import FrameIndex, frame_step, regular_index, scan_frames, scan_packets
from videdit.media.hdr import display_matrix, read_hdr
from videdit.media.image_sources import decode_image, image_size, is_image_source, list_images
from videdit.media.orientation import Orientation
from videdit.media.remarks import remarks_on
from videdit.media.video import Attachment, Chapter, OtherStream, Video

if TYPE_CHECKING:
    from av.container.core import Chapter as ChapterFacts

DEFAULT_RATE = Fraction(25)
_FIELD_ORDERS = {2: "top first", 3: "bottom first", 4: "top first", 5: "bottom first"}
_HIDDEN_FRAMES = frozenset({"vp8"})
"""Codecs whose packets are not all frames."""


def probe(source: str | Path, *, frames_per_second: Fraction | float | None = None, salvage: bool = False) -> Video:
    """Describe a film or an image sequence without keeping any pixels.

    source:            a file, a folder of pictures, or a pattern (shots/f%05d.png, shots/*.tif)
    frames_per_second: of an image sequence; 25 if not given. Films have times of their own.
    salvage:           describe what decodes of a broken or cut-off file, in place of refusing it

    Raises CannotOpen for what is no film, CannotDecode for one that is broken.
    """
    if is_image_source(source):
        rate = Fraction(frames_per_second).limit_denominator(1001) if frames_per_second else DEFAULT_RATE
        return _probe_images(source, rate)
    path = Path(source)
    if not path.exists():
        raise CannotOpen("there is no such file", where=str(source), next_step="check the path")
    if path.stat().st_size == 0:
        raise CannotOpen("the file is empty", where=str(source), next_step="copy or record it again")
    with _opened(path) as container:
        stream = _main_stream(container, path)
        described = _describe(container, stream, path)
    index = _index(described, salvage)
    video = replace(described, index=index, salvaged=salvage)
    video = replace(video, average_rate=_average_rate(video))
    return replace(video, remarks=remarks_on(video))


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        container = av.open(str(path))
    except (FFmpegError, OSError) as error:
        raise cannot_open(error, path) from error
    with container:
        yield container


def _main_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the film among the streams: the default one, else the first; never an attached picture."""
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        kinds = sorted({stream.type for stream in container.streams})
        holds = f"only {' and '.join(kinds)}" if kinds else "no streams"
        if container.streams.video:
            holds = "no film but a cover picture"
        raise CannotOpen(f"the file holds no video: {holds}", where=str(path), next_step="name a video file")
    stream = next((s for s in films if s.disposition & Disposition.default), films[0])
    if stream.codec_context is None:
        raise CannotOpen(
            "its video codec is unknown or encrypted", where=str(path), next_step="convert it to H.264 or ProRes first"
        )
    return stream


def _describe(container: InputContainer, stream: VideoStream, path: Path) -> Video:
    context = stream.codec_context
    by_side = stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"
    by_side = by_side and context.codec.canonical_name in ("vp8", "vp9")
    frame = _first_frame(container, stream, path, by_side)
    orientation = Orientation.read(display_matrix(frame))
    stored = (frame.height, frame.width)
    time_base = stream.time_base or Fraction(1, 1000)
    rate = stream.guessed_rate or stream.average_rate or DEFAULT_RATE
    return Video(
        path=path,
        container=container.format.name,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        size=orientation.upright_size(stored),
        coded_size=stored,
        orientation=orientation,
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        index=regular_index(1),
        time_base=time_base,
        average_rate=rate,
        nominal_rate=rate,
        pix_fmt=frame.format.name,
        colour=_colour(frame, context.color_range, context.colorspace, context.color_primaries, context.color_trc),
        field_order=_field_order(frame, context.field_order),
        hdr=read_hdr(frame),
        alpha_by_side=by_side,
        streams=tuple(_other(s) for s in container.streams if s.index != stream.index),
        chapters=tuple(
            Chapter(c["metadata"].get("title", ""), _seconds(c["start"], c), _seconds(c["end"], c))
            for c in container.chapters()
        ),
        attachments=tuple(
            Attachment(a.name or "", a.mimetype or "", len(a.data)) for a in container.streams.attachments
        ),
        metadata=dict(container.metadata),
        stream_metadata=dict(stream.metadata),
        disposition=int(stream.disposition),
        stream_index=stream.index,
        bit_rate=container.bit_rate or 0,
    )


def _seconds(count: int, chapter: ChapterFacts) -> Fraction:
    return count * (chapter["time_base"] or Fraction(1))


def _first_frame(container: InputContainer, stream: VideoStream, path: Path, by_side: bool) -> av.VideoFrame:
    try:
        for frame in decoded_frames(container, stream, by_side, skip_faults=True):
            return frame
    except (FFmpegError, OSError) as error:
        raise CannotOpen(f"no frame of it decodes ({reason_of(error)})", where=str(path)) from error
    raise CannotOpen(
        "no frame of it decodes: it has no frames, is encrypted, or is of a codec that is not known here",
        where=str(path),
        next_step="check that it plays elsewhere, then convert it to H.264 or ProRes",
    )


def _colour(frame: av.VideoFrame, *of_stream: int) -> Colour:
    """The frame's own tags go first; what it leaves open is taken from the stream."""
    own = (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc)
    unknown = (0, 2, 2, 2)
    tags = Tags(*(int(a if a != u else b) for a, b, u in zip(own, of_stream, unknown, strict=True)))
    form = frame.format
    full = form.name.startswith(("yuvj", "gray", "pal8", "mono", "ya"))
    is_rgb = form.is_rgb or form.has_palette
    return read_colour(tags, height_px=frame.height, is_rgb=is_rgb, full_by_format=full)


def _field_order(frame: av.VideoFrame, number: int) -> str:
    if number in _FIELD_ORDERS:
        return _FIELD_ORDERS[number]
    return "top first" if frame.interlaced_frame else "progressive"


def _other(stream: Stream) -> OtherStream:
    known = stream.codec_context is not None
    codec = stream.codec_context.codec.canonical_name if known else (stream.name or "")
    kind = str(stream.type)
    if kind == "video" and stream.disposition & Disposition.attached_pic:
        kind = "cover"
    if kind == "data" and "timecode" in stream.metadata:
        kind = "timecode"
    if kind == "data" and codec == "bin_data" and stream.container.chapters():
        kind = "chapters"
    copied = kind in ("attachment", "timecode", "chapters") or (kind != "data" and known)
    title = stream.metadata.get("title", "")
    return OtherStream(stream.index, kind, codec, stream.language or "", copied, title)


def _index(video: Video, salvage: bool) -> FrameIndex:
    """Find every frame, by packets where they tell, by decoding where they do not."""
    step = frame_step(video.nominal_rate, video.time_base)
    promised = 0
    index: FrameIndex | None = None
    if video.codec not in _HIDDEN_FRAMES and not salvage:
        with _opened(video.path) as container:
            stream = container.streams.video[_number(container, video)]
            promised = stream.frames
            packets = _only(container, stream)
            found = 0

            def counted() -> Iterator[av.Packet[VideoStream]]:
                nonlocal found
                for packet in packets:
                    found += bool(packet.size)
                    yield packet

            index = scan_packets(counted(), step)
            _refuse_cut_off(video, found, promised)
        if index is not None:
            _refuse_short(video, index)
    if index is None or not _begins_as_promised(video, index):
        index = _index_by_decoding(video, step, salvage)
    if index is None:
        raise CannotOpen("the film has no frames", where=str(video.path), next_step="name a file with a film in it")
    return index


def _number(container: InputContainer, video: Video) -> int:
    return [stream.index for stream in container.streams.video].index(video.stream_index)


def _only(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    try:
        yield from container.demux(stream)
    except (FFmpegError, OSError) as error:
        path = Path(container.name)
        raise CannotDecode(f"the file breaks off ({reason_of(error)})", where=str(path), next_step=_SALVAGE) from error


_SALVAGE = "copy it again, or open it with salvage to work with the frames that decode"


def _refuse_cut_off(video: Video, found: int, promised: int) -> None:
    if found < promised:
        raise CannotDecode(
            f"the file is cut off: it promises {promised} frames and holds {found}",
            where=f"{video.path}, frame {found}",
            next_step=_SALVAGE,
        )


_SHORT_SECONDS = Fraction(1, 2)


def _refuse_short(video: Video, index: FrameIndex) -> None:
    """Compare Matroska's stated length with what is there: such a file breaks off without any other sign."""
    if "matroska" not in video.container:
        return
    with _opened(video.path) as container:
        stated = Fraction(container.duration or 0, av.time_base)
        found = index.end * video.time_base
        if found + _SHORT_SECONDS >= stated:
            return
        ends = (
            (packet.pts + (packet.duration or 0)) * packet.time_base
            for packet in container.demux()
            if packet.size and packet.pts is not None
        )
        found = max(ends, default=Fraction(0))
    if found + _SHORT_SECONDS < stated:
        raise CannotDecode(
            f"the file is cut off: it promises {float(stated):.2f} s and holds {float(found):.2f} s",
            where=f"{video.path}, frame {len(index)}",
            next_step=_SALVAGE,
        )


def _begins_as_promised(video: Video, index: FrameIndex) -> bool:
    """Decode the first frame: streams cut out of others may begin with packets that no decoder shows."""
    with _opened(video.path) as container:
        stream = container.streams.video[_number(container, video)]
        for frame in decoded_frames(container, stream, video.alpha_by_side, skip_faults=True):
            return frame.pts == int(index.pts[0])
    return False


def _index_by_decoding(video: Video, step: int, salvage: bool) -> FrameIndex | None:
    with _opened(video.path) as container:
        stream = container.streams.video[_number(container, video)]
        try:
            frames = decoded_frames(container, stream, video.alpha_by_side, skip_faults=salvage)
            return scan_frames(_until_fault(frames) if salvage else frames, step)
        except (FFmpegError, OSError) as error:
            raise CannotDecode(
                f"the film does not decode to its end ({reason_of(error)})", where=str(video.path), next_step=_SALVAGE
            ) from error


def _until_fault(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    try:
        yield from frames
    except (FFmpegError, OSError):
        return


def _average_rate(video: Video) -> Fraction:
    """Return the true average; the stated rate where the two differ by no more than the time base's rounding."""
    measured = video.frame_count / video.duration_seconds
    if not video.variable_rate and abs(measured / video.nominal_rate - 1) < Fraction(1, 200):
        return video.nominal_rate
    return measured.limit_denominator(1_000_000)


def _probe_images(source: str | Path, rate: Fraction) -> Video:
    images = list_images(source)
    first = decode_image(images[0])
    stored = (first.height, first.width)
    for path in images[1:]:
        size = image_size(path)
        if size != stored:
            raise CannotOpen(
                f"the pictures differ in size: {images[0].name} is {stored[1]}x{stored[0]}, "
                f"{path.name} is {size[1]}x{size[0]}",
                where=str(source),
                next_step="make all pictures of one size, or name a pattern that picks those of one size",
            )
    orientation = Orientation.read(display_matrix(first))
    video = Video(
        path=Path(source),
        container="images",
        codec=images[0].suffix.lower().lstrip("."),
        profile="",
        size=orientation.upright_size(stored),
        coded_size=stored,
        orientation=orientation,
        sample_aspect=Fraction(1),
        index=regular_index(len(images)),
        time_base=1 / rate,
        average_rate=rate,
        nominal_rate=rate,
        pix_fmt=first.format.name,
        colour=_colour(first, 0, 2, 2, 2),
        images=images,
    )
    return replace(video, remarks=remarks_on(video))
