"""Write a short film from pictures and sound that a program made; not for editing films that exist."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio import AudioStream
from av.video import VideoStream
from numpy.typing import NDArray

from videdit.errors import CannotEncode

_BT709 = 1
_THREADS = 4
"""Fixed, because what x264 makes depends on how many there are."""


def write_film(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    frames_per_second: int,
    sound: NDArray[np.float32] | None,
    samples_per_second: int = 48_000,
    quality: int = 17,
) -> None:
    """Write frames and sound as H.264 and AAC into an MP4 file.

    frames:  (H, W, 3) uint8 RGB each, all of one even size
    sound:   (samples, 2) float32 in [-1, 1]; cut to the length of the pictures. None leaves the film silent
    quality: x264's constant rate factor, 0 to 51, lower is better

    Raises CannotEncode. The file appears under its name only when it is whole.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            _fill(container, frames, frames_per_second, sound, samples_per_second, quality)
        partial.replace(path)
    except (av.FFmpegError, OSError) as error:
        raise CannotEncode(f"cannot be written: {error}", where=str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def write_lossless(path: Path, frames: Iterable[NDArray[np.uint8]], *, frames_per_second: Fraction) -> int:
    """Write frames as FFV1 into a Matroska file; every pixel comes back as it was. Returns how many there were.

    frames: (H, W, 3) uint8 RGB each, all of one size

    Raises CannotEncode. The file appears under its name only when it is whole.
    """
    partial = path.with_name(f".{path.name}.partial")
    count = 0
    try:
        with av.open(str(partial), "w", format="matroska") as container:
            video: VideoStream | None = None
            for pixels in frames:
                if video is None:
                    video = container.add_stream("ffv1", rate=frames_per_second)
                    video.height, video.width, video.pix_fmt = pixels.shape[0], pixels.shape[1], "bgr0"
                    video.codec_context.time_base = 1 / frames_per_second
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
                picture = picture.reformat(format="bgr0")
                picture.pts, picture.time_base = count, 1 / frames_per_second
                container.mux(video.encode(picture))
                count += 1
            if video is None:
                raise CannotEncode("a film needs at least one frame")
            container.mux(video.encode(None))
        partial.replace(path)
    except (av.FFmpegError, OSError) as error:
        raise CannotEncode(f"cannot be written: {error}", where=str(path)) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _fill(
    container: Any,
    frames: Iterable[NDArray[np.uint8]],
    frames_per_second: int,
    sound: NDArray[np.float32] | None,
    samples_per_second: int,
    quality: int,
) -> None:
    video: VideoStream | None = None
    audio: AudioStream | None = None
    if sound is not None:
        audio = container.add_stream("aac", rate=samples_per_second, layout="stereo", bit_rate=160_000)
    said = 0
    for number, pixels in enumerate(frames):
        if video is None:
            video = _video_stream(container, pixels.shape[:2], frames_per_second, quality)
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        picture.pts, picture.time_base = number, Fraction(1, frames_per_second)
        container.mux(video.encode(picture))
        if sound is None or audio is None:
            continue
        # Sound up to the end of this frame, so that the two lie side by side in the file.
        until = min(len(sound), round((number + 1) * samples_per_second / frames_per_second))
        _say(container, audio, sound[said:until], said, samples_per_second)
        said = until
    if video is None:
        raise CannotEncode("a film needs at least one frame")
    container.mux(video.encode(None))
    if audio is not None:
        container.mux(audio.encode(None))


def _video_stream(container: Any, size: tuple[int, ...], frames_per_second: int, quality: int) -> VideoStream:
    height, width = size
    if height % 2 or width % 2:
        raise CannotEncode(f"H.264 in this form needs even sizes, not {width}x{height}")
    options = {"crf": str(quality), "preset": "medium"}
    stream: VideoStream = container.add_stream("libx264", rate=frames_per_second, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.thread_count = _THREADS
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = 1  # limited
    return stream


def _say(container: Any, audio: AudioStream, samples: NDArray[np.float32], start: int, samples_per_second: int) -> None:
    if len(samples) == 0:
        return
    planes = np.ascontiguousarray(samples.T, np.float32)
    piece = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
    piece.sample_rate, piece.pts, piece.time_base = samples_per_second, start, Fraction(1, samples_per_second)
    container.mux(audio.encode(piece))
