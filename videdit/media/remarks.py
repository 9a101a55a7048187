"""What is unusual about a source, and what will become of it: one plain sentence each."""

from __future__ import annotations

from collections.abc import Iterator

from videdit.media.video import Video


def remarks_on(video: Video) -> tuple[str, ...]:
    """Return the sentences, those on the picture first."""
    return (*_on_time(video), *_on_picture(video), *_on_colour(video), *_on_streams(video))


def _on_time(video: Video) -> Iterator[str]:
    if video.salvaged:
        yield f"The file is read with salvage: the {video.frame_count} frames that decode are all there is."
    if video.variable_rate:
        yield "The frames come at unequal distances; every timestamp is kept as it is."
    if not video.index.stamped:
        yield f"The frames carry no times of their own; they are counted at {float(video.nominal_rate):g} per second."
    if video.first_pts != 0:
        seconds = float(video.first_pts * video.time_base)
        yield f"The film begins at {seconds:.3f} s, not at 0; the offset to the sound is kept."


def _on_picture(video: Video) -> Iterator[str]:
    height, width = video.coded_size
    if not video.orientation.is_right_angled:
        yield "The picture is marked as turned by an odd angle; it is edited as stored and the mark is kept."
    elif not video.orientation.is_identity:
        how = f"turned by {video.rotation} degrees" + (" and mirrored" if video.orientation.mirrored else "")
        yield f"The picture is stored {how}; it is edited upright, and stored again as it was, mark included."
    if video.sample_aspect != 1:
        yield f"The pixels are not square ({video.sample_aspect}); masks count stored pixels, and the mark is kept."
    if (height % 2 or width % 2) and video.chroma == "4:2:0":
        yield (
            f"The size {width}x{height} is odd: H.264 and H.265 keep it with full chroma (4:4:4); "
            "VP9, AV1 and FFV1 as it is."
        )
    if video.interlaced:
        yield (
            f"The film is interlaced ({video.field_order}); the fields are left as they are, "
            "unless deinterlacing is asked for."
        )
    if video.has_alpha:
        yield "The picture has an alpha channel; it is kept where the result's format can hold one."
    if video.bit_depth > 8:
        yield f"The samples have {video.bit_depth} bits; they are kept to the end."


def _on_colour(video: Video) -> Iterator[str]:
    colour = video.colour
    if not colour.matrix_tagged and video.layout.kind == "yuv":
        yield f"The colours are not tagged; {colour.matrix.upper().replace('BT', 'BT.')} is assumed from the size."
    if colour.high_dynamic_range:
        yield f"The film is HDR ({colour.transfer.upper()}); its colours are carried along, not flattened."
    if video.hdr is not None:
        yield "HDR10 mastering data are written again by x264, x265 and SVT-AV1; other codecs drop them."


def _on_streams(video: Video) -> Iterator[str]:
    if video.audio_count:
        word = "stream" if video.audio_count == 1 else "streams"
        yield f"{video.audio_count} sound {word} will be copied bit for bit."
    unknown = [stream for stream in video.streams if not stream.copied]
    if unknown:
        names = ", ".join(f"#{s.index} {s.kind} {s.codec}".strip() for s in unknown)
        yield f"These streams cannot be copied and will be missing from the result: {names}."
    others = [stream for stream in video.streams if stream.kind == "video"]
    if others:
        yield f"Of {len(others) + 1} films in the file, stream {video.stream_index} is edited; the others are copied."
