"""A described source: everything that is known of a film without its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from videdit.media.colour import Colour
from videdit.media.frame_index import FrameIndex
from videdit.media.hdr import Hdr
from videdit.media.orientation import Orientation
from videdit.media.pixel_formats import PixelLayout, known_layout, planar_name


@dataclass(frozen=True, slots=True)
class OtherStream:
    """A stream beside the picture.

    kind:       "audio", "subtitle", "cover" (an attached picture), "video", "attachment", "timecode", "chapters" (their
                titles; written anew) or "data"
    copied:     whether it can be copied in principle; a container may still refuse it
    """

    index: int
    kind: str
    codec: str
    language: str
    copied: bool
    title: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("index", "kind", "codec", "language", "copied", "title")}


@dataclass(frozen=True, slots=True)
class Chapter:
    """start_seconds and stop_seconds count as the film's own timestamps do."""

    title: str
    start_seconds: Fraction
    stop_seconds: Fraction


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the file, for example a subtitle font."""

    name: str
    mimetype: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Video:
    """A film, described.

    path:          the file, or the folder of an image sequence
    images:        the pictures of an image sequence in order; empty for a file
    stream_index:  which stream of the file is the film
    size:          height and width in pixels, upright
    coded_size:    height and width as stored
    orientation:   how stored becomes upright
    sample_aspect: width of a pixel over its height
    index:         presentation time, duration and keyframes of every frame
    time_base:     seconds per unit of those times
    average_rate:  frames per second over the whole film
    nominal_rate:  frames per second that the file states or that a player would assume
    pix_fmt:       as decoded; `layout` says what it holds
    field_order:   "progressive", "top first" or "bottom first"
    hdr:           HDR10 side data
    salvaged:      the file is broken and only what decodes is described
    """

    path: Path
    container: str
    codec: str
    profile: str
    size: tuple[int, int]
    coded_size: tuple[int, int]
    orientation: Orientation
    sample_aspect: Fraction
    index: FrameIndex = field(compare=False, repr=False)
    time_base: Fraction
    average_rate: Fraction
    nominal_rate: Fraction
    pix_fmt: str
    colour: Colour
    field_order: str = "progressive"
    hdr: Hdr | None = None
    alpha_by_side: bool = False
    streams: tuple[OtherStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    stream_metadata: Mapping[str, str] = field(default_factory=dict)
    disposition: int = 0
    stream_index: int = 0
    bit_rate: int = 0
    images: tuple[Path, ...] = field(default=(), repr=False)
    salvaged: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def frame_count(self) -> int:
        """Exact number of frames."""
        return len(self.index)

    @property
    def timestamps(self) -> list[int]:
        """Presentation time of every frame in units of `time_base`."""
        return [int(pts) for pts in self.index.pts]

    @property
    def first_pts(self) -> int:
        return int(self.index.pts[0])

    @property
    def duration_seconds(self) -> Fraction:
        """From the first frame's time to the end of the last one."""
        return (self.index.end - self.first_pts) * self.time_base

    @property
    def variable_rate(self) -> bool:
        return self.index.variable

    @property
    def layout(self) -> PixelLayout:
        """How the planes look in which pictures of this film are held."""
        return known_layout(planar_name(self.pix_fmt))

    @property
    def bit_depth(self) -> int:
        return self.layout.bits

    @property
    def chroma(self) -> str:
        """ "4:2:0", "4:2:2", "4:4:4", "4:0:0"..."""
        return self.layout.chroma

    @property
    def has_alpha(self) -> bool:
        return self.layout.alpha

    @property
    def rotation(self) -> int:
        """Counter-clockwise turn in degrees that was applied to the stored picture: 0, 90, 180 or 270."""
        return self.orientation.degrees

    @property
    def interlaced(self) -> bool:
        return self.field_order != "progressive"

    @property
    def timecode(self) -> str:
        """Of the first frame, "" if the file has none."""
        tags = {**self.metadata, **self.stream_metadata}
        return next((value for name, value in tags.items() if name.lower() == "timecode"), "")

    @property
    def audio_count(self) -> int:
        return sum(stream.kind == "audio" for stream in self.streams)

    def deinterlaced(self) -> Video:
        """Return the description of this film as its deinterlaced frames look."""
        if not self.interlaced:
            return self
        note = "The film was interlaced and is deinterlaced, frame for frame."
        kept = tuple(remark for remark in self.remarks if "interlaced" not in remark)
        return replace(self, field_order="progressive", remarks=(*kept, note))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: times as text fractions, no list of timestamps."""
        return {
            "path": str(self.path),
            "container": self.container,
            "codec": self.codec,
            "profile": self.profile,
            "height": self.size[0],
            "width": self.size[1],
            "coded_size": list(self.coded_size),
            "rotation": self.rotation,
            "mirrored": self.orientation.mirrored,
            "sample_aspect": str(self.sample_aspect),
            "frame_count": self.frame_count,
            "first_pts": self.first_pts,
            "time_base": str(self.time_base),
            "duration_seconds": float(self.duration_seconds),
            "average_rate": str(self.average_rate),
            "variable_rate": self.variable_rate,
            "pix_fmt": self.pix_fmt,
            "bit_depth": self.bit_depth,
            "chroma": self.chroma,
            "has_alpha": self.has_alpha,
            "colour": self.colour.as_dict(),
            "field_order": self.field_order,
            "hdr": self.hdr.as_dict() if self.hdr else None,
            "streams": [stream.as_dict() for stream in self.streams],
            "chapters": [
                {"title": c.title, "start_seconds": float(c.start_seconds), "stop_seconds": float(c.stop_seconds)}
                for c in self.chapters
            ],
            "attachments": [
                {"name": a.name, "mimetype": a.mimetype, "size_bytes": a.size_bytes} for a in self.attachments
            ],
            "metadata": dict(self.metadata),
            "timecode": self.timecode,
            "bit_rate": self.bit_rate,
            "remarks": list(self.remarks),
        }
