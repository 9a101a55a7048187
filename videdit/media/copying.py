"""Everything beside the picture: sound, subtitles, chapters, attachments, covers and tags, packet by packet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream

from videdit.errors import CannotEncode
from videdit.media.containers import Container
from videdit.media.subtitles import TEXT_CODECS, packet_of, words_of
from videdit.media.video import Video

Kept: TypeAlias = Literal["audio", "subtitles", "chapters", "attachments", "metadata", "films"]
EVERYTHING: Final[frozenset[Kept]] = frozenset({"audio", "subtitles", "chapters", "attachments", "metadata", "films"})
_KIND_NAMES: Final[dict[str, Kept]] = {
    "audio": "audio", "subtitle": "subtitles", "attachment": "attachments", "cover": "attachments", "video": "films",
}  # fmt: skip
_NOT_COPIED_TAGS: Final = frozenset(
    {"encoder", "major_brand", "minor_version", "compatible_brands", "duration", "handler_vendor", "vendor_id"}
)
_STATISTICS: Final = ("_STATISTICS", "BPS", "NUMBER_OF_", "DURATION")


@dataclass(slots=True)
class Copies:
    """How streams of the source map to streams of the result.

    mapped:  index in the source -> stream of the result
    recoded: index in the source -> (subtitle codec there, subtitle codec here)
    notes:   sentences on what is left behind
    """

    mapped: dict[int, Stream] = field(default_factory=dict)
    recoded: dict[int, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def add_copies(
    source: InputContainer,
    result: OutputContainer,
    video: Video,
    container: Container,
    keep: Collection[Kept] = EVERYTHING,
) -> Copies:
    """Add a stream to the result for each one of the source that is kept, besides the film itself.

    Raises CannotEncode for sound that the container does not take.
    """
    copies = Copies()
    for known in video.streams:
        stream = source.streams[known.index]
        kind = _KIND_NAMES.get(known.kind)
        if known.kind == "timecode":
            if not video.timecode:
                copies.notes.append("The timecode track is left out.")
            continue
        if known.kind == "chapters":
            continue
        if kind is None or not known.copied:
            copies.notes.append(f"Stream {known.index} ({f'{known.kind} {known.codec}'.strip()}) cannot be copied.")
            continue
        if kind not in keep:
            continue
        if known.kind == "attachment":
            _attach(stream, result, container, copies)
        elif known.kind == "cover" and container.name == "matroska":
            continue  # put in as an attachment when its packet is read; see `attach_covers`
        else:
            _add(stream, known.kind, result, container, copies)
    return copies


def _add(stream: Stream, kind: str, result: OutputContainer, container: Container, copies: Copies) -> None:
    codec = stream.codec_context.codec.canonical_name
    try:
        added: Stream = result.add_stream_from_template(stream, opaque=True)
    except ValueError:
        replacement = container.text_subtitles
        if kind == "subtitle" and codec in TEXT_CODECS and replacement:
            added = result.add_mux_stream(replacement)
            copies.recoded[stream.index] = (codec, replacement)
            note = f"Subtitles of stream {stream.index} are converted from {codec} to {replacement}"
            copies.notes.append(note + ("; their styling is lost." if codec in ("ass", "ssa") else "."))
        elif kind == "audio":
            raise CannotEncode(
                f"a {container.suffix} file does not take {codec} sound",
                where=result.name,
                next_step="write a .mkv file, which takes any",
            ) from None
        else:
            copies.notes.append(f"Stream {stream.index} ({kind} {codec}) does not go into a {container.suffix} file.")
            return
    added.time_base = stream.time_base
    added.disposition = stream.disposition
    added.metadata.update(copied_tags(stream.metadata))
    copies.mapped[stream.index] = added


def _attach(stream: Stream, result: OutputContainer, container: Container, copies: Copies) -> None:
    if container.name != "matroska":
        copies.notes.append(f"The attachment {stream.name} does not go into a {container.suffix} file.")
        return
    result.add_attachment(stream.name or "file", stream.mimetype or "application/octet-stream", stream.data)  # type: ignore[attr-defined]


def attach_covers(source: InputContainer, result: OutputContainer, video: Video, keep: Collection[Kept]) -> None:
    """Put attached pictures into a Matroska result the way Matroska holds them: as files."""
    covers = [one.index for one in video.streams if one.kind == "cover"] if "attachments" in keep else []
    for index in covers:
        stream = source.streams[index]
        packet = next((packet for packet in source.demux(stream) if packet.size), None)
        if packet is not None:
            jpeg = stream.codec_context.name == "mjpeg"
            name = stream.metadata.get("filename", f"cover.{'jpg' if jpeg else 'png'}")
            mimetype = stream.metadata.get("mimetype", f"image/{'jpeg' if jpeg else 'png'}")
            result.add_attachment(name, mimetype, bytes(packet))


def copied_packets(source: InputContainer, copies: Copies) -> Iterator[av.Packet[Stream]]:
    """Yield the packets of the streams that are copied, addressed to the result, in the source's order."""
    wanted = [source.streams[index] for index in copies.mapped]
    for stream in source.streams:
        if stream.index not in copies.mapped and stream.type != "attachment":
            stream.discard = av.stream.Discard.all
    for packet in source.demux(wanted) if wanted else ():
        if not packet.size:
            continue
        index = packet.stream.index
        if packet.pts is None:
            if not packet.stream.disposition & Disposition.attached_pic:
                continue
            packet.pts = packet.dts = 0  # a cover has no time
        if index in copies.recoded:
            before, after = copies.recoded[index]
            words = words_of(before, bytes(packet))
            if not words:
                continue
            packet = _with_data(packet, packet_of(after, words))
        packet.stream = copies.mapped[index]
        yield packet


def _with_data(packet: av.Packet[Stream], data: bytes) -> av.Packet[Stream]:
    new: av.Packet[Stream] = av.Packet(data)
    new.pts, new.dts, new.duration, new.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    new.is_keyframe = True
    return new


def copied_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that describe the content; those that describe the old file are left behind."""
    return {
        name: value
        for name, value in tags.items()
        if name.lower() not in _NOT_COPIED_TAGS and not name.upper().startswith(_STATISTICS)
    }


def copy_tags(source: InputContainer, result: OutputContainer, keep: Collection[Kept]) -> None:
    """Copy the tags and chapters of the file as a whole."""
    if "metadata" in keep:
        result.metadata.update(copied_tags(source.metadata))
    if "chapters" in keep and source.chapters():
        result.set_chapters(source.chapters())


@lru_cache(maxsize=32)
def unfit_sound(source: Path, container: Container) -> str:
    """Return the codec of the film's first sound stream that the container does not take, "" if it takes all."""
    with av.open(str(source)) as film, av.open("trial", "w", format=container.name) as trial:
        for stream in film.streams.audio:
            if stream.codec_context is None:
                continue
            try:
                trial.add_stream_from_template(stream, opaque=True)
            except ValueError:
                return str(stream.codec_context.name)
    return ""
