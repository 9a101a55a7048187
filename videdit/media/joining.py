"""Join segments to a film without encoding again, and bring everything else over from the source."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from pathlib import Path

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from videdit.errors import CannotEncode, CannotOpen
from videdit.media.containers import PICTURES, Container, container_for
from videdit.media.copying import EVERYTHING, Kept, add_copies, attach_covers, copied_packets, copied_tags, copy_tags
from videdit.media.faults import cannot_open, encoding_to
from videdit.media.frame_index import Counts
from videdit.media.picture_files import write_pictures
from videdit.media.reader import VideoReader
from videdit.media.segments import FIRST_FRAME, TICK
from videdit.media.verifying import Verified, verify
from videdit.media.video import Video

_FINEST_TIMESCALE = 10_000_000


@dataclass(frozen=True, slots=True)
class _Scanned:
    """A segment on disk; `order` is its frames' numbers in the film as they are decoded."""

    path: Path
    order: Counts
    extradata: bytes
    codec: str


def join(
    segments: Sequence[Path],
    source: VideoReader | Video,
    out: Path,
    *,
    keep: Collection[Kept] = EVERYTHING,
    alpha: bool = False,
) -> Verified:
    """Write the finished film: the segments' pictures at the source's times, and all else as the source has it.

    segments: in the film's order, together every frame of it
    out:      its ending says which kind of file; a folder or f%05d.png makes pictures
    keep:     what is brought over
    alpha:    the result has to have an alpha channel

    The file gets its name only after it was opened again and compared with the source. Raises CannotEncode, and
    leaves nothing behind, if a segment is missing or foreign, the kind of file cannot hold the film, or the check
    fails.
    """
    video = source.video if isinstance(source, VideoReader) else source
    container = container_for(out)
    scanned = [_scan(path) for path in segments]
    _check(scanned, video, out)
    if container.name == PICTURES:
        return write_pictures([one.path for one in scanned], video, out)
    # The ending is kept, because some writers go by it.
    part = out.with_name(f".{out.stem}.part{out.suffix}")
    try:
        with encoding_to(out):
            notes = _write(part, scanned, video, container, keep)
        verified = verify(part, video, keep=keep, alpha=alpha, shown_as=out)
        with encoding_to(out):
            sync(part)
            part.replace(out)
            sync(out.parent)
    finally:
        part.unlink(missing_ok=True)
    return replace(verified, notes=tuple(notes))


def sync(path: Path) -> None:
    """Have the system write a file or a folder's entries to the disk."""
    with suppress(PermissionError, IsADirectoryError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _open_segment(path: Path) -> InputContainer:
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise cannot_open(error, path) from error


def _scan(path: Path) -> _Scanned:
    with _open_segment(path) as container:
        first = container.metadata.get(FIRST_FRAME)
        if first is None or not container.streams.video:
            raise CannotOpen("the file is no segment", where=str(path), next_step="render it again")
        stream = container.streams.video[0]
        order = [_position(packet) for packet in container.demux(stream) if packet.size]
        extradata = stream.codec_context.extradata or b""
        return _Scanned(
            path, np.array(order, np.int64) + int(first), extradata, stream.codec_context.codec.canonical_name
        )


def _position(packet: av.Packet[VideoStream]) -> int:
    assert packet.pts is not None
    return round(packet.pts * packet.time_base / TICK)


def _check(segments: Sequence[_Scanned], video: Video, out: Path) -> None:
    expected = 0
    for segment in segments:
        numbers = np.sort(segment.order)
        if not np.array_equal(numbers, np.arange(expected, expected + numbers.size)):
            raise CannotEncode(
                f"the segment {segment.path.name} does not hold the frames from {expected} on, each once",
                where=str(out),
                next_step="render it again",
            )
        expected += int(numbers.size)
        if segment.extradata != segments[0].extradata or segment.codec != segments[0].codec:
            raise CannotEncode(
                f"the segments {segments[0].path.name} and {segment.path.name} were encoded with different settings",
                where=str(out),
                next_step="render them again with the same ones",
            )
    if expected != video.frame_count:
        raise CannotEncode(
            f"the segments hold {expected} frames, the film has {video.frame_count}",
            where=str(out),
            next_step="render the missing ones",
        )


def _write(
    part: Path, segments: Sequence[_Scanned], video: Video, container: Container, keep: Collection[Kept]
) -> list[str]:
    template = _open_segment(segments[0].path)
    source = None if video.images else av.open(str(video.path))
    try:
        result = av.open(str(part), "w", format=container.name, options=_options(container, video))
        try:
            film = _add_film(result, template.streams.video[0], video, container)
            notes: list[str] = []
            others: Iterator[av.Packet[Stream]] = iter(())
            if source is not None:
                copies = add_copies(source, result, video, container, keep)
                if container.name == "matroska":
                    attach_covers(source, result, video, keep)
                    source.close()
                    source = av.open(str(video.path))
                copy_tags(source, result, keep)
                notes, others = copies.notes, copied_packets(source, copies)
            _mux(result, _film_packets(segments, video, container, film), others)
        finally:
            result.close()
    finally:
        template.close()
        if source is not None:
            source.close()
    return notes


def _options(container: Container, video: Video) -> dict[str, str]:
    # Without "bitexact" the writers put random numbers and their version into the file.
    options = {"fflags": "+bitexact"}
    if container.name in ("mp4", "mov"):
        flags = "+faststart"
        if any(name.startswith("com.") for name in video.metadata):
            flags += "+use_metadata_tags"
        options["movflags"] = flags
        if video.first_pts != 0:
            # The time before the first frame is counted in these units; a thousandth is too coarse for most films.
            options["movie_timescale"] = str(min(lcm(video.time_base.denominator, 48000), _FINEST_TIMESCALE))
    return options


def _add_film(result: OutputContainer, template: VideoStream, video: Video, container: Container) -> VideoStream:
    try:
        film: VideoStream = result.add_stream_from_template(template, opaque=True)
    except ValueError:
        raise CannotEncode(
            f"a {container.suffix} file does not take {template.codec_context.codec.canonical_name}",
            where=result.name,
            next_step=f"encode with {' or '.join(container.encoders)}, or write a .mkv file",
        ) from None
    context, tags = film.codec_context, video.colour.tags
    context.sample_aspect_ratio = video.sample_aspect
    context.colorspace, context.color_primaries, context.color_trc = tags.matrix, tags.primaries, tags.transfer
    context.color_range = tags.range or (2 if video.colour.full_range and video.layout.kind == "yuv" else 0)
    context.framerate = video.average_rate.limit_denominator(1_000_000)
    context.field_order = {"progressive": 1, "top first": 2, "bottom first": 3}[video.field_order]
    if template.codec_context.codec.canonical_name == "hevc" and container.name in ("mp4", "mov"):
        # Apple's players know H.265 by this tag alone.
        context.codec_tag = "hvc1"
    film.time_base = video.time_base if container.own_times else 1 / video.nominal_rate
    if video.orientation.matrix is not None:
        film.set_display_matrix(video.orientation.matrix)
    film.metadata.update(copied_tags(dict(video.stream_metadata)))
    if "alpha_mode" in template.metadata:
        # Says that opacity travels beside the picture.
        film.metadata["alpha_mode"] = template.metadata["alpha_mode"]
    film.disposition = video.disposition  # type: ignore[assignment]
    return film


def _film_packets(
    segments: Sequence[_Scanned], video: Video, container: Container, film: VideoStream
) -> Iterator[av.Packet[Stream]]:
    """Yield the film's packets with the source's times, in the order of decoding."""
    pts, durations, time_base = _times(video, container)
    decode = decode_times(pts, np.concatenate([segment.order for segment in segments]))
    position = 0
    for number, segment in enumerate(segments):
        with _open_segment(segment.path) as opened:
            for packet in _fitting(opened, container, None if number else film):
                frame = int(segment.order[position - int(segment.order.min())])
                packet.time_base = time_base
                packet.pts, packet.dts = int(pts[frame]), int(decode[position])
                packet.duration = int(durations[frame])
                packet.stream = film
                position += 1
                yield packet  # type: ignore[misc]


def _fitting(
    segment: InputContainer, container: Container, film: VideoStream | None
) -> Iterator[av.Packet[VideoStream]]:
    """Yield a segment's packets in the form the container wants; AVI has the parameter sets in the packets.

    film: the result's stream, to be told of the new form before anything is written; None later on
    """
    stream = segment.streams.video[0]
    packets = (packet for packet in segment.demux(stream) if packet.size)
    codec = stream.codec_context.codec.canonical_name
    if container.name != "avi" or codec != "h264":
        yield from packets
        return
    rewrap = BitStreamFilterContext("h264_mp4toannexb", stream, film)
    for packet in packets:
        yield from rewrap.filter(packet)


def _times(video: Video, container: Container) -> tuple[Counts, Counts, Fraction]:
    if container.own_times:
        return video.index.pts, video.index.durations, video.time_base
    counted = np.arange(video.frame_count, dtype=np.int64)
    return counted, np.ones_like(counted), 1 / video.nominal_rate


def decode_times(pts: Counts, order: Counts) -> Counts:
    """Return when each packet is decoded, in the order of decoding.

    pts:   ascending presentation times by frame number
    order: frame numbers in the order of decoding

    The times are the presentation times themselves, moved back by as many frames as reordering needs: they ascend
    strictly and none lies after its frame's presentation, at unequal distances too.
    """
    positions = np.arange(order.size)
    delay = int((positions - order).max(initial=0))
    step = int(pts[1] - pts[0]) if pts.size > 1 else 1
    lead = pts[0] - step * np.arange(delay, 0, -1)
    return np.concatenate([lead, pts])[: order.size].astype(np.int64)


def _mux(result: OutputContainer, film: Iterator[av.Packet[Stream]], others: Iterator[av.Packet[Stream]]) -> None:
    """Write both in the order of their times, so that a player finds sound and picture side by side."""
    waiting = next(film, None)
    for packet in others:
        while waiting is not None and _seconds(waiting) <= _seconds(packet):
            result.mux(waiting)
            waiting = next(film, None)
        result.mux(packet)
    while waiting is not None:
        result.mux(waiting)
        waiting = next(film, None)


def _seconds(packet: av.Packet[Stream]) -> float:
    stamp = packet.dts if packet.dts is not None else packet.pts
    return float(stamp * packet.time_base) if stamp is not None else 0.0
