"""Video in and out: the only package that imports PyAV."""

from __future__ import annotations

from videdit.media.joining import join
from videdit.media.orientation import Orientation
from videdit.media.picture import Picture
from videdit.media.planning import EncodePlan, plan_encoding
from videdit.media.probing import probe
from videdit.media.reader import VideoReader, open_video
from videdit.media.segments import SegmentInfo, SegmentWriter
from videdit.media.settings import EncodeSettings
from videdit.media.shot_frames import ShotFrames
from videdit.media.transcoding import transcode
from videdit.media.verifying import Verified, verify
from videdit.media.video import Video

__all__ = [
    "EncodePlan", "EncodeSettings", "Orientation", "Picture", "SegmentInfo", "SegmentWriter", "ShotFrames", "Verified",
    "Video", "VideoReader", "join", "open_video", "plan_encoding", "probe", "transcode", "verify",
]  # fmt: skip
