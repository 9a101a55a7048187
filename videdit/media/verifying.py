"""Open the finished file again and compare it with its source."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer

from videdit.errors import CannotEncode, VideoError
from videdit.media.copying import EVERYTHING, Kept
from videdit.media.probing import probe
from videdit.media.video import Video

_REWRAPPED = frozenset({"mpegts", "avi", "aac", "h264", "hevc"})
"""Source formats that store sound packets in another wrapping than MP4 and Matroska do."""


_EDIT_LIST_TICK_SECONDS = Fraction(1, 1000)
"""MP4 says in thousandths of a second how much later one stream begins than another."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared and found equal.

    max_shift_seconds: largest difference of a frame's time from the source's; above 0 only where the container
                       counts more coarsely than the source
    audio_streams:     copied bit for bit
    rewrapped:         sound streams whose packets carry the same data in another wrapping
    notes:             sentences on what was converted or left behind
    """

    path: Path
    frame_count: int
    max_shift_seconds: float
    audio_streams: int
    rewrapped: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For the person: "verified: 289 frames, timestamps identical, 2 audio streams copied bit for bit"."""
        parts = [_counted(self.frame_count, "frame")]
        if self.max_shift_seconds:
            parts.append(
                f"timestamps within {self.max_shift_seconds * 1000:.2g} ms, as fine as this kind of file counts"
            )
        else:
            parts.append("timestamps identical")
        if self.audio_streams:
            parts.append(f"{_counted(self.audio_streams, 'audio stream')} copied bit for bit")
        if self.rewrapped:
            parts.append(f"{_counted(self.rewrapped, 'audio stream')} copied in a new wrapping")
        return "verified: " + ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "frame_count": self.frame_count,
            "max_shift_seconds": self.max_shift_seconds,
            "audio_streams": self.audio_streams,
            "rewrapped": self.rewrapped,
            "notes": list(self.notes),
            "sentence": self.sentence,
        }


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def verify(
    out: Path, video: Video, *, keep: Collection[Kept] = EVERYTHING, alpha: bool = False, shown_as: Path | None = None
) -> Verified:
    """Compare a finished file with its source: frames, times, size, rotation, pixel shape, colour tags, sound.

    alpha:    the result has to have an alpha channel
    shown_as: the name to use in messages, if the file does not bear its final one yet

    Raises CannotEncode that names the first difference.
    """
    where = shown_as or out
    try:
        made = probe(out)
    except VideoError as error:
        raise _failed(f"the finished file does not open ({error.what})", where) from error
    if made.frame_count != video.frame_count:
        raise _failed(f"it has {made.frame_count} frames in place of {video.frame_count}", where)
    shift = _shift(made, video, where)
    for name, got, wanted in _looks(made, video):
        if got != wanted:
            raise _failed(f"its {name} is {got} in place of {wanted}", where)
    if alpha and not made.has_alpha:
        raise _failed("it has no alpha channel", where)
    same, rewrapped = _sound(out, made, video, where) if "audio" in keep and not video.images else (0, 0)
    return Verified(where, made.frame_count, float(shift), same, rewrapped)


def _failed(what: str, where: Path) -> CannotEncode:
    return CannotEncode(
        f"the result did not pass the check: {what}",
        where=str(where),
        next_step="the file was not kept; try another container, and report this",
    )


def _shift(made: Video, video: Video, where: Path) -> Fraction:
    """Return the largest difference of times, both counted from their first frame."""
    if not made.index.stamped:
        return Fraction(0)
    theirs, ours = video.index.pts - video.first_pts, made.index.pts - made.first_pts
    # Cross-multiplied, so that the comparison is exact: |ours * our_base - theirs * their_base|.
    a, b = made.time_base, video.time_base
    scale = a.denominator * b.denominator
    gap = ours.astype(object) * (a.numerator * b.denominator) - theirs.astype(object) * (b.numerator * a.denominator)
    worst = Fraction(int(np.abs(gap).max()), scale)
    allowed = Fraction(0) if (video.time_base / made.time_base).denominator == 1 else made.time_base
    if worst > allowed:
        raise _failed(f"a frame's time is off by {float(worst) * 1000:.3f} ms", where)
    return worst


def _looks(made: Video, video: Video) -> list[tuple[str, Any, Any]]:
    pairs: list[tuple[str, Any, Any]] = [
        ("size", f"{made.size[1]}x{made.size[0]}", f"{video.size[1]}x{video.size[0]}"),
        ("rotation", made.rotation, video.rotation),
        ("mirroring", made.orientation.mirrored, video.orientation.mirrored),
    ]
    if "avi" not in made.container:
        pairs.append(("shape of pixels", made.sample_aspect, video.sample_aspect))
    if video.colour.matrix_tagged and made.layout.kind == video.layout.kind == "yuv" and "avi" not in made.container:
        pairs.append(("colour matrix", made.colour.matrix, video.colour.matrix))
        pairs.append(("colour range", made.colour.full_range, video.colour.full_range))
    return pairs


def _sound(out: Path, made_video: Video, video: Video, where: Path) -> tuple[int, int]:
    """Compare every sound stream's packets and their times; return how many are equal, and how many rewrapped."""
    with av.open(str(video.path)) as source, av.open(str(out)) as made:
        theirs, ours = _digests(source), _digests(made)
        rewrapped_source = source.format.name in _REWRAPPED
        keeps_times = made.format.name != "avi" and source.format.name != "avi"
    if len(theirs) != len(ours):
        raise _failed(f"it has {len(ours)} sound streams in place of {len(theirs)}", where)
    same = rewrapped = 0
    for number, (before, after) in enumerate(zip(theirs, ours, strict=True)):
        if before.count != after.count:
            raise _failed(f"sound stream {number} has {after.count} packets in place of {before.count}", where)
        shift = after.shift_from(before, made_video.first_pts * made_video.time_base, video.first_pts * video.time_base)
        if keeps_times and shift > made_video.time_base + after.time_base + _EDIT_LIST_TICK_SECONDS:
            raise _failed(f"sound stream {number} is off against the picture by {float(shift) * 1000:.1f} ms", where)
        if before.digest == after.digest:
            same += 1
        elif rewrapped_source:
            rewrapped += 1
        else:
            raise _failed(f"the packets of sound stream {number} differ from the source's", where)
    return same, rewrapped


@dataclass(frozen=True, slots=True)
class _Digest:
    """A sound stream's packets: how many, the hash of their bytes, their times in units of `time_base`."""

    count: int
    digest: bytes
    pts: tuple[int, ...]
    time_base: Fraction

    def shift_from(self, other: _Digest, origin: Fraction, other_origin: Fraction) -> Fraction:
        """Return the largest difference of times in seconds, each counted from its film's first frame."""
        pairs = zip(self.pts, other.pts, strict=False)
        return max(
            (abs(a * self.time_base - origin - b * other.time_base + other_origin) for a, b in pairs),
            default=Fraction(0),
        )


def _digests(container: InputContainer) -> list[_Digest]:
    audio = container.streams.audio
    hashes = {stream.index: hashlib.sha256() for stream in audio}
    times: dict[int, list[int]] = {index: [] for index in hashes}
    counts = dict.fromkeys(hashes, 0)
    for stream in container.streams:
        if stream.index not in hashes and stream.type != "attachment":
            stream.discard = av.stream.Discard.all
    for packet in container.demux(audio) if audio else ():
        if packet.size:
            hashes[packet.stream.index].update(packet)
            counts[packet.stream.index] += 1
            if packet.pts is not None:
                times[packet.stream.index].append(packet.pts)
    return [
        _Digest(counts[s.index], hashes[s.index].digest(), tuple(times[s.index]), s.time_base or Fraction(1))
        for s in audio
    ]
