"""Shots as an OpenTimelineIO timeline: one clip for each, all of one film."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from videdit.errors import ProjectError
from videdit.shot_lists.timing import Timing
from videdit.shots import Shot


def text_of(shots: Sequence[Shot], timing: Timing, source: str) -> str:
    """Return the file's text. Where the rate varies, ranges are the true times at the mean rate."""
    import opentimelineio as otio

    varies = timing.varies

    def value(frame: int) -> Fraction:
        # A place in frames at the mean rate, counted as timecode counts.
        return timing.first_frame + (timing.seconds(frame) * timing.rate if varies else Fraction(frame))

    def span(shot: Shot) -> Any:
        begin, end = value(shot.start), value(shot.stop)
        return otio.opentime.TimeRange(_time(begin, timing), _time(end - begin, timing))

    timeline = otio.schema.Timeline(PurePath(source).stem or "untitled")
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    timeline.global_start_time = _time(Fraction(timing.first_frame), timing)
    stop = max((shot.stop for shot in shots), default=0)
    whole = span(Shot(0, stop)) if stop else None
    for number, shot in enumerate(shots, 1):
        media = otio.schema.ExternalReference(target_url=source, available_range=whole)
        clip = otio.schema.Clip(f"shot {number}", media_reference=media, source_range=span(shot))
        clip.metadata["videdit"] = {"transition": shot.transition, "transition_frames": shot.transition_frames}
        track.append(clip)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def ranges_in(text: str, timing: Timing) -> list[Shot]:
    """Return the ranges of the source that clips on picture tracks use, in their order.

    Raises ProjectError that names the clip.
    """
    import opentimelineio as otio

    try:
        timeline = otio.adapters.read_from_string(text, "otio_json")
    except (otio.exceptions.OTIOError, ValueError, RuntimeError) as error:
        raise ProjectError("the file is no OpenTimelineIO timeline") from error
    if not isinstance(timeline, otio.schema.Timeline):
        raise ProjectError("the file holds no timeline", next_step="export a timeline, not a clip or a collection")
    ranges: list[Shot] = []
    for track in timeline.video_tracks():
        for number, clip in enumerate(track.find_clips(), 1):
            where = f"track {track.name or 'without a name'}, clip {number}"
            ranges.append(_range(clip, timing, where))
    if not ranges:
        raise ProjectError("the timeline holds no picture clips")
    return ranges


def _range(clip: Any, timing: Timing, where: str) -> Shot:
    media = clip.media_reference
    available = None if media is None else media.available_range
    used = clip.source_range if clip.source_range is not None else available
    if used is None or used.start_time.rate <= 0 or used.duration.rate <= 0:
        raise ProjectError("the clip does not say which frames it uses", where=where)
    # The film's own timecode counts; without one, what the clip says about its media.
    origin = Fraction(0)
    if timing.timecode:
        origin = Fraction(timing.first_frame) / timing.rate
    elif available is not None:
        origin = _seconds(available.start_time, timing)
    begin = _seconds(used.start_time, timing) - origin
    start, stop = timing.frame_at(begin), timing.frame_at(begin + _seconds(used.duration, timing))
    if begin < -1 / (2 * timing.rate):
        raise ProjectError("the clip begins before the film does", where=where, next_step="check the film's timecode")
    if stop <= start:
        raise ProjectError("the clip is shorter than a frame", where=where)
    return Shot(start, stop, "start" if start == 0 else "cut")


def _time(value: Fraction, timing: Timing) -> Any:
    import opentimelineio as otio

    return otio.opentime.RationalTime(float(value), float(timing.rate))


def _seconds(time: Any, timing: Timing) -> Fraction:
    # 29.97 stands in such files for 30000/1001; the exact rate keeps late frames from slipping.
    rate = timing.rate if abs(time.rate - float(timing.rate)) < 0.005 else Fraction(time.rate).limit_denominator(1001)
    return Fraction(time.value) / rate
