"""Render a film in chunks: decode, apply the effects, encode; then join the chunks and copy all the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videdit.ahead import in_thread
from videdit.errors import CannotEncode
from videdit.media import EncodeSettings, SegmentWriter, Verified, VideoReader, join
from videdit.pipeline.film_layers import FilmLayers, merge_reports
from videdit.pipeline.layer import Layer
from videdit.progress import Progress, Report, silent
from videdit.shots import Shot, shot_at

CHUNK_FRAMES = 250


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of a render.

    path:     the finished film
    verified: what was checked after writing
    reports:  each effect's figures over the whole film, in the order of the steps
    reused:   chunks that were there already
    """

    path: Path
    verified: Verified
    reports: list[dict[str, Any]] = field(default_factory=list)
    reused: int = 0


def chunks_of(frame_count: int) -> list[range]:
    """Cut a film into runs of at most CHUNK_FRAMES frames, counted from its first."""
    return [range(start, min(start + CHUNK_FRAMES, frame_count)) for start in range(0, frame_count, CHUNK_FRAMES)]


def render(
    reader: VideoReader,
    layers: FilmLayers,
    shots: Sequence[Shot],
    out: Path,
    *,
    work: Path,
    key_of: Callable[[range], str],
    settings: EncodeSettings,
    span: Shot | None = None,
    report: Report = silent,
) -> Rendered:
    """Render the film to `out`; chunks are kept in `work` until the caller removes it.

    key_of: frames of a chunk -> what determines its pixels, as a hash: a chunk of the same key is not made again
    span:   effects are applied inside it alone; None is the whole film
    """

    def layers_at(index: int) -> Sequence[Layer]:
        return layers.of(shot_at(shots, index)) if layers.effects and (span is None or index in span) else ()

    work.mkdir(parents=True, exist_ok=True)
    total = reader.frame_count
    paths: list[Path] = []
    figures: list[dict[str, Any]] = [{} for _ in layers.effects]
    reused = 0
    try:
        for number, frames in enumerate(chunks_of(total)):
            path = work / f"{number:05d}-{key_of(frames)[:16]}.segment"
            notes = path.with_suffix(".json")
            if path.exists() and notes.exists():
                reused += 1
                report(Progress("render", frames.stop, total))
            else:
                with SegmentWriter(path, reader.video, settings, alpha=layers.transparent, out=out) as writer:
                    render_chunk(reader, frames, writer, layers_at, alpha=layers.transparent, report=report)
                _write_notes(notes, layers.report())
            kept = json.loads(notes.read_text(encoding="utf-8"))
            figures = [merge_reports(one, other) for one, other in zip(figures, kept, strict=True)]
            paths.append(path)
    finally:
        layers.finish()
    report(Progress("join", 0, 1, unit="file"))
    verified = join(paths, reader, out, alpha=layers.transparent)
    report(Progress("join", 1, 1, unit="file"))
    return Rendered(out, verified, figures, reused)


def render_chunk(
    reader: VideoReader,
    frames: range,
    writer: SegmentWriter,
    layers_at: Callable[[int], Sequence[Layer]],
    *,
    alpha: bool = False,
    report: Report = silent,
) -> None:
    """Decode a run of frames, lay the effects' pixels into each, and encode it, in a thread of its own.

    layers_at: frame -> the effects that are laid into it, in order
    alpha:     the pictures get an alpha channel
    """
    total = reader.frame_count
    with in_thread(writer.write, ahead=4) as encode:
        for picture in reader.pictures(frames.start, frames.stop):
            if alpha:
                picture.ensure_alpha()
            time_seconds = picture.pts * picture.time_base
            for layer in layers_at(picture.index):
                laid = layer.render(picture.index, time_seconds, picture.rgb)
                if laid is not None:
                    picture.lay(laid.region, laid.rgb, laid.alpha)
                    if laid.matte is not None:
                        picture.lay_matte(laid.region, laid.matte)
            encode(picture)
            report(Progress("render", picture.index + 1, total))


def _write_notes(path: Path, notes: Sequence[Any]) -> None:
    part = path.with_suffix(".part")
    try:
        part.write_text(json.dumps(notes), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise CannotEncode(f"the notes of a chunk cannot be written: {error.strerror}", where=str(path)) from error
