"""Open a film and read its frames: in order, by shot, by time."""

from __future__ import annotations

import math
import queue
import threading
import weakref
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from videdit.errors import CannotDecode, OutsideFrame
from videdit.media.decoding import Decoding
from videdit.media.picture import Picture
from videdit.media.probing import probe
from videdit.media.shot_frames import ShotFrames
from videdit.media.video import Video
from videdit.prompts import Moment
from videdit.shots import Shot

DEFAULT_CACHE_BYTES = 256 * 2**20
WALK_FRAMES = 48
"""A walk looks at most 18 frames ahead; going down it decodes runs of half as many, which have to fit as well."""


def open_video(
    source: str | Path,
    *,
    frames_per_second: Fraction | float | None = None,
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    deinterlace: bool = False,
    salvage: bool = False,
) -> VideoReader:
    """Open a film, a folder of pictures or a pattern of them (shots/f%05d.png).

    frames_per_second: of an image sequence; 25 if not given
    cache_bytes:       what each ShotFrames may hold, unless it is told otherwise
    deinterlace:       make whole frames of an interlaced film's fields; the result is progressive
    salvage:           work with what decodes of a broken or cut-off file, in place of refusing it

    Raises CannotOpen for what is no film, CannotDecode for one that is broken.
    """
    video = probe(source, frames_per_second=frames_per_second, salvage=salvage)
    return VideoReader(video, cache_bytes=cache_bytes, deinterlace=deinterlace)


class VideoReader:
    """A film that is open for reading. Use as a context manager, or call `close`."""

    def __init__(self, video: Video, *, cache_bytes: int = DEFAULT_CACHE_BYTES, deinterlace: bool = False) -> None:
        self.video = video.deinterlaced() if deinterlace else video
        self._deinterlace = deinterlace and video.interlaced
        self._cache_bytes = cache_bytes
        self._shots: weakref.WeakSet[ShotFrames] = weakref.WeakSet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, in every ShotFrames too."""
        for frames in list(self._shots):
            frames.close()

    @property
    def frame_count(self) -> int:
        """Exact number of frames."""
        return self.video.frame_count

    @property
    def timestamps(self) -> list[int]:
        """Presentation time of every frame in units of `video.time_base`."""
        return self.video.timestamps

    def frame_index(self, moment: Moment) -> int:
        """Return the number of the frame that is shown at a moment; times count from the first frame.

        Raises OutsideFrame beyond the end.
        """
        video = self.video
        if moment.frame is not None:
            if moment.frame >= video.frame_count:
                raise OutsideFrame(
                    f"there is no frame {moment.frame}",
                    where=str(video.path),
                    next_step=f"the film has the frames 0 to {video.frame_count - 1}",
                )
            return moment.frame
        assert moment.seconds is not None
        if moment.seconds >= video.duration_seconds:
            raise OutsideFrame(
                f"the film is over at {moment}",
                where=str(video.path),
                next_step=f"it lasts {float(video.duration_seconds):.3f} s",
            )
        pts = video.first_pts + math.floor(moment.seconds / video.time_base)
        return int(np.searchsorted(video.index.pts, pts, side="right")) - 1

    def pictures(self, start: int = 0, stop: int | None = None, *, ahead: int = 4) -> Iterator[Picture]:
        """Yield the frames [start, stop) in order; a thread decodes up to `ahead` of them in advance.

        Raises CannotDecode that names the frame; IndexError if the range lies outside the film.
        """
        end = self.frame_count if stop is None else stop
        if not 0 <= start <= end <= self.frame_count:
            raise IndexError(f"[{start}, {end}) lies outside the film's {self.frame_count} frames")
        return self._pictures(start, end, max(1, ahead)) if start < end else iter(())

    def shot_frames(self, shot: Shot, *, cache_bytes: int | None = None) -> ShotFrames:
        """Return the frames of a shot for random access, upright RGB; memory is bounded by `cache_bytes`."""
        if shot.stop > self.frame_count:
            raise IndexError(f"the shot ends at {shot.stop}, the film at {self.frame_count}")
        frames = ShotFrames(
            shot,
            self.video.size,
            self._decoding,
            self._picture,
            self.video.index.keyframe_before,
            cache_bytes=self._cache_bytes if cache_bytes is None else cache_bytes,
            frame_bytes=self._frame_bytes,
        )
        self._shots.add(frames)
        return frames

    def walk_frames(self, shot: Shot) -> ShotFrames:
        """Return the frames of a shot as `shot_frames` does, holding what a walk from frame to frame has use for."""
        return self.shot_frames(shot, cache_bytes=min(self._cache_bytes, WALK_FRAMES * self._frame_bytes))

    @property
    def _frame_bytes(self) -> int:
        height, width = self.video.size
        return height * width * 3 * (2 if self.video.bit_depth > 8 else 1)

    def _decoding(self) -> Decoding:
        return Decoding(self.video, deinterlace=self._deinterlace)

    def _picture(self, index: int, frame: av.VideoFrame) -> Picture:
        video = self.video
        if (frame.height, frame.width) != video.coded_size:
            raise CannotDecode(
                f"the picture's size changes to {frame.width}x{frame.height} in the middle of the film",
                where=f"{video.path}, frame {index}",
                next_step="split the film there, or convert it to one size",
            )
        return Picture(
            frame,
            index=index,
            pts=int(video.index.pts[index]),
            duration=int(video.index.durations[index]),
            time_base=video.time_base,
            colour=video.colour,
            orientation=video.orientation,
            interlaced=video.interlaced,
        )

    def _pictures(self, start: int, stop: int, ahead: int) -> Iterator[Picture]:
        waiting: queue.Queue[Picture | BaseException | None] = queue.Queue(ahead)
        stopped = threading.Event()

        def offer(item: Picture | BaseException | None) -> bool:
            while not stopped.is_set():
                try:
                    waiting.put(item, timeout=0.1)
                except queue.Full:
                    continue
                return True
            return False

        def decode() -> None:
            decoding = self._decoding()
            frames = decoding.frames(start)
            try:
                for index, frame in frames:
                    if not offer(self._picture(index, frame)) or index + 1 == stop:
                        break
                offer(None)
            except BaseException as error:  # handed to the reading thread, which raises it
                offer(error)
            finally:
                frames.close()  # type: ignore[attr-defined]
                decoding.close()

        thread = threading.Thread(target=decode, name="videdit-decode", daemon=True)
        thread.start()
        try:
            while (item := waiting.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()
            thread.join()
