"""When the frames of a film are shown, as lists of shots need it."""

from __future__ import annotations

from videdit.media import VideoReader
from videdit.shot_lists import Timing


def timing_of(reader: VideoReader) -> Timing:
    """Return a film's rate, times and timecode."""
    video = reader.video
    times = [pts * video.time_base for pts in reader.timestamps]
    return Timing(video.nominal_rate if not video.variable_rate else video.average_rate, times, video.timecode)
