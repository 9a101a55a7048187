"""Masks as films: drawn over the picture, or as its alpha channel."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np

from videdit.errors import OptionError, ProjectError
from videdit.frames import Region
from videdit.masks.entry import MaskEntry
from videdit.masks.exporting import Exported, Plan, plan_export
from videdit.masks.importing import Expected, Imported
from videdit.masks.overlay import OverlayStyle, draw_overlay
from videdit.masks.packed import PackedMask
from videdit.masks.track import MaskTrack
from videdit.media import EncodeSettings, Picture, SegmentWriter, VideoReader, join, open_video
from videdit.media.copying import EVERYTHING, Kept
from videdit.objects import Object, Objects
from videdit.progress import Report, silent
from videdit.prompts import DEFAULT_OBJECT

_HALF = 0.5


def export_overlay_video(
    track: MaskTrack,
    destination: str | Path,
    *,
    reader: VideoReader,
    objects: Objects,
    settings: EncodeSettings | None = None,
    style: OverlayStyle | None = None,
    report: Report = silent,
) -> Exported:
    """Write the film with every object drawn on it: a film to look at, not to read masks from.

    Frames, time stamps and sound are the film's own. Raises CannotEncode if it cannot be written.
    """
    names = {one.object_id: one.name for one in objects}
    plan = plan_export(track, objects, reader.frame_count, None)

    def draw(picture: Picture) -> None:
        masks = {one: entry.mask for one, entry in track.at(picture.index, plan.object_ids).items()}
        if all(packed.empty for packed in masks.values()):
            return
        before = picture.rgb(max_bits=8)
        drawn = draw_overlay(before, masks, names, style)
        changed = (drawn != before).any(axis=2)
        region = Region.of(changed)
        picture.lay(region, drawn[region.slices], changed[region.slices].astype(np.float32))

    return _written(reader, plan, Path(destination), settings, draw, report)


def export_alpha_video(
    track: MaskTrack,
    destination: str | Path,
    *,
    reader: VideoReader,
    objects: Objects,
    settings: EncodeSettings | None = None,
    keep: Collection[Kept] = EVERYTHING,
    report: Report = silent,
) -> Exported:
    """Write the film with the objects, taken together, as its alpha channel: opaque inside, transparent outside.

    `settings` names a codec that holds alpha: ProRes 4444, VP9 in WebM, FFV1. Where nothing was tracked the film is
    transparent, as where the objects are absent. Raises CannotEncode if it cannot be written.

    keep: what else of the film comes along; `()` where the kind of file does not take the film's sound
    """
    plan = plan_export(track, objects, reader.frame_count, None)

    def cut_out(picture: Picture) -> None:
        union = track.union(picture.index, plan.object_ids)
        picture.lay_matte(Region.whole(track.size), union.astype(np.float32))

    exported = _written(reader, plan, Path(destination), settings, cut_out, report, alpha=True, keep=keep)
    return Exported(exported.path, exported.frame_count, tuple(_lost_in_alpha(plan)))


def import_alpha_video(
    source: str | Path,
    *,
    name: str = DEFAULT_OBJECT,
    size: tuple[int, int] | None = None,
    frame_count: int | None = None,
) -> Imported:
    """Read the alpha channel of a film as the masks of one object, id 1: what is at least half opaque is the object.

    name:        what to call the object
    size:        height and width of the film that the masks are for; None takes this one's
    frame_count: number of frames of the film that the masks are for; None takes any
    Raises ProjectError if the film has no alpha channel, or another size or number of frames.
    """
    path = Path(source)
    reader = open_video(path)
    try:
        if not reader.video.has_alpha:
            raise ProjectError("the film has no alpha channel", where=str(path))
        Expected(size).check_size(reader.video.size, str(path))
        if frame_count is not None and reader.frame_count != frame_count:
            raise ProjectError(
                f"the masks have {reader.frame_count} frames, but the film has {frame_count}", where=str(path)
            )
    except BaseException:
        reader.close()
        raise
    return Imported(reader.video.size, Objects((Object(1, name),), 2), _alpha_entries(reader))


def _alpha_entries(reader: VideoReader) -> Iterator[MaskEntry]:
    try:
        for picture in reader.pictures():
            yield MaskEntry(1, picture.index, PackedMask.pack(picture.matte() >= _HALF))
    finally:
        reader.close()


def _lost_in_alpha(plan: Plan) -> list[str]:
    notes = []
    if len(plan.objects) > 1:
        notes.append(f"An alpha channel holds one mask: the {len(plan.objects)} objects are joined in it.")
    untracked = len(plan.frames) - len(plan.tracked_frames())
    if untracked:
        notes.append(f"Nothing was tracked on {untracked} frames; they are transparent, as if the objects were absent.")
    return notes


def _written(
    reader: VideoReader,
    plan: Plan,
    out: Path,
    settings: EncodeSettings | None,
    change: Callable[[Picture], None],
    report: Report,
    *,
    alpha: bool = False,
    keep: Collection[Kept] = EVERYTHING,
) -> Exported:
    if out.exists() and out.samefile(reader.video.path):
        raise OptionError("the result would overwrite its source", where=str(out), next_step="name another file")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        segment = Path(folder) / "whole.seg"
        frames = plan.reported(report)
        with SegmentWriter(segment, reader.video, settings, alpha=alpha, out=out) as writer:
            for picture, _ in zip(reader.pictures(), frames, strict=True):
                change(picture)
                writer.write(picture)
        join([segment], reader.video, out, keep=keep, alpha=alpha)
    return Exported(out, len(plan.frames))
