"""Write a film with any peculiarity a source may have, from pixels in memory. For tests and examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Alpha, Rgb
from videdit.media.colour import Colour, Tags, read_colour
from videdit.media.conversion import blank, converted
from videdit.media.encoders import too_small
from videdit.media.pixel_formats import known_layout, layout_of, planar_name, plane_arrays
from videdit.media.subtitles import packet_of

_MATRICES = {"bt709": (1, 1, 1), "bt601": (6, 6, 6), "bt2020": (9, 9, 14), "pq": (9, 9, 16)}
"""Matrix, primaries and transfer, as numbers of H.273."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peculiarities:
    """What is unusual about the film; the defaults are those of a plain one.

    pts:          times of the frames in units of `time_base`; equal distances if not given
    offset:       seconds added to every time, sound included
    rotation:     counter-clockwise turn that makes the stored picture upright
    colour:       "bt709", "bt601", "bt2020", "pq" or "" for no tags
    audio:        number of sound tracks, each a sine of another pitch
    sound_seconds: length of the sound; the film's if not given
    subtitles:    (start_seconds, stop_seconds, text)
    chapters:     (start_seconds, stop_seconds, title)
    attachments:  (name, mimetype, data)
    top_first:    None for a progressive film, else the order of its fields
    """

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    rate: Fraction = Fraction(25)
    pts: Sequence[int] | None = None
    time_base: Fraction | None = None
    offset: Fraction = Fraction(0)
    gop: int = 12
    b_frames: int = 2
    rotation: int = 0
    mirrored: bool = False
    sample_aspect: Fraction = Fraction(1)
    colour: str = ""
    full_range: bool = False
    top_first: bool | None = None
    audio: int = 0
    audio_codec: str = ""
    sound_seconds: float = 0.0
    subtitles: Sequence[tuple[float, float, str]] = ()
    chapters: Sequence[tuple[float, float, str]] = ()
    attachments: Sequence[tuple[str, str, bytes]] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    stream_metadata: Mapping[str, str] = field(default_factory=dict)


def fabricate(path: Path, pictures: Sequence[Rgb], how: Peculiarities, alpha: Sequence[Alpha] | None = None) -> None:
    """Write pictures as a film.

    pictures: (h, w, 3) uint8 or uint16 full scale each, as stored
    alpha:    (h, w) float32 in [0, 1] each, for pixel formats that hold opacity
    """
    height, width = pictures[0].shape[:2]
    if too_small(how.codec, (height, width)):
        raise ShapeError(f"{how.codec} does not take pictures as small as {width}x{height}")
    colour = _colour(how, height)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        film = _film(container, (height, width), how, colour)
        sounds = [_sound(container, how, path.suffix) for _ in range(how.audio)]
        words = _subtitles(container, how, path.suffix)
        container.metadata.update(how.metadata)
        if how.chapters:
            container.set_chapters([_chapter(number, *one) for number, one in enumerate(how.chapters)])
        for name, mimetype, data in how.attachments:
            container.add_attachment(name, mimetype, data)
        waiting = [*_written_words(words, how)]
        until = Fraction(0)
        for number, rgb in enumerate(pictures):
            frame = _frame(rgb, how, colour, None if alpha is None else alpha[number])
            frame.pts, frame.time_base = _times(how, len(pictures))[number], film.codec_context.time_base
            container.mux(film.encode(frame))
            until = frame.pts * frame.time_base - how.offset + 1 / how.rate
            _say(container, sounds, until, how)
            while waiting and waiting[0].pts * waiting[0].time_base <= until:
                container.mux(waiting.pop(0))
        container.mux(film.encode(None))
        _say(container, sounds, Fraction(how.sound_seconds or until), how)
        for sound in sounds:
            container.mux(sound.stream.encode(None))
        container.mux(waiting)


def _colour(how: Peculiarities, height: int) -> Colour:
    matrix, primaries, transfer = _MATRICES.get(how.colour, (2, 2, 2))
    tags = Tags(2 if how.full_range else (1 if how.colour else 0), matrix, primaries, transfer)
    form = av.VideoFormat(how.pix_fmt)
    return read_colour(
        tags, height_px=height, is_rgb=form.is_rgb, full_by_format=how.pix_fmt.startswith(("yuvj", "gr"))
    )


def _film(container: OutputContainer, size: tuple[int, int], how: Peculiarities, colour: Colour) -> VideoStream:
    options = {"preset": "ultrafast", "x265-params": "log-level=none", **how.options}
    known = "265" in how.codec or "264" in how.codec
    film = container.add_stream(how.codec, rate=how.rate, options=options if known else dict(how.options))
    assert isinstance(film, VideoStream)
    context = film.codec_context
    context.height, context.width = size
    context.pix_fmt = how.pix_fmt
    context.time_base = film.time_base = _time_base(how)
    context.gop_size = how.gop
    if known:
        context.max_b_frames = how.b_frames
    context.sample_aspect_ratio = how.sample_aspect
    tags = colour.tags
    context.color_range, context.colorspace = tags.range, tags.matrix
    context.color_primaries, context.color_trc = tags.primaries, tags.transfer
    if how.top_first is not None:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        context.field_order = 2 if how.top_first else 3
    if how.rotation or how.mirrored:
        film.set_display_rotation(how.rotation, hflip=how.mirrored)
    film.metadata.update(how.stream_metadata)
    return film


def _time_base(how: Peculiarities) -> Fraction:
    return how.time_base or 1 / how.rate


def _times(how: Peculiarities, count: int) -> list[int]:
    base = _time_base(how)
    given = how.pts if how.pts is not None else [round(number / how.rate / base) for number in range(count)]
    return [pts + round(how.offset / base) for pts in given]


def _frame(rgb: Rgb, how: Peculiarities, colour: Colour, alpha: Alpha | None) -> av.VideoFrame:
    size = (rgb.shape[0], rgb.shape[1])
    source = blank("gbrp" if rgb.dtype == np.uint8 else "gbrp16le", size)
    for plane, channel in zip(plane_arrays(source), (1, 2, 0), strict=True):
        plane[...] = rgb[..., channel]
    planar = converted(source, planar_name(how.pix_fmt), colour)
    if alpha is not None:
        plane_arrays(planar)[-1][...] = np.rint(alpha * known_layout(planar.format.name).top)
    frame = planar if layout_of(how.pix_fmt) else planar.reformat(format=how.pix_fmt)
    tags = colour.tags
    frame.color_range, frame.colorspace = tags.range, tags.matrix
    frame.color_primaries, frame.color_trc = tags.primaries, tags.transfer
    return frame


@dataclass(slots=True)
class _Sound:
    stream: Any
    pitch_hz: float
    done: int = 0


_SAMPLES_PER_SECOND = 48000
_SOUND_CODECS = {".webm": "libopus", ".avi": "pcm_s16le"}


def _sound(container: OutputContainer, how: Peculiarities, suffix: str) -> _Sound:
    number = len(container.streams.audio)
    codec = how.audio_codec or _SOUND_CODECS.get(suffix, "aac")
    stream = container.add_stream(codec, rate=_SAMPLES_PER_SECOND)
    stream.metadata["language"] = ("eng", "fra", "deu")[number % 3]
    return _Sound(stream, 330.0 * (number + 1))


def _say(container: OutputContainer, sounds: Sequence[_Sound], until: Fraction, how: Peculiarities) -> None:
    start = round(how.offset * _SAMPLES_PER_SECOND)
    for sound in sounds:
        context = sound.stream.codec_context
        while sound.done < until * _SAMPLES_PER_SECOND:
            size = context.frame_size or 1024
            moments = (np.arange(size) + sound.done) / _SAMPLES_PER_SECOND
            wave = (0.25 * np.sin(2 * np.pi * sound.pitch_hz * moments)).astype(np.float32)
            piece = av.AudioFrame.from_ndarray(_samples(wave, context.format.name), context.format.name, "stereo")
            piece.sample_rate = _SAMPLES_PER_SECOND
            piece.pts, piece.time_base = sound.done + start, Fraction(1, _SAMPLES_PER_SECOND)
            container.mux(sound.stream.encode(piece))
            sound.done += size


def _samples(wave: NDArray[np.float32], form: str) -> NDArray[Any]:
    both = np.stack([wave, wave]) if form.endswith("p") else np.repeat(wave, 2)[None]
    if form.startswith("s16"):
        return np.asarray(both * 32767, np.int16)
    return both


def _subtitles(container: OutputContainer, how: Peculiarities, suffix: str) -> Stream | None:
    if not how.subtitles:
        return None
    codec = {".mp4": "mov_text", ".mov": "mov_text", ".webm": "webvtt"}.get(suffix, "subrip")
    stream = container.add_mux_stream(codec)
    stream.metadata["language"] = "eng"
    stream.time_base = Fraction(1, 1000)
    return stream


def _written_words(stream: Stream | None, how: Peculiarities) -> Iterator[Any]:
    for start, stop, text in how.subtitles if stream is not None else ():
        assert stream is not None
        codec = "mov_text" if stream.container.format.name in ("mp4", "mov") else "subrip"
        packet: Any = av.Packet(packet_of(codec, text))
        packet.pts = packet.dts = round((start + float(how.offset)) * 1000)
        packet.duration = round((stop - start) * 1000)
        packet.time_base = Fraction(1, 1000)
        packet.is_keyframe = True
        packet.stream = stream
        yield packet


def _chapter(number: int, start: float, stop: float, title: str) -> Any:
    return {
        "id": number, "start": round(start * 1000), "end": round(stop * 1000), "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }  # fmt: skip
