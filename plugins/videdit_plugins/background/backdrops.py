"""What can stand behind the objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

import videdit
from videdit.errors import CannotOpen
from videdit.frames import Mask, Rgb, to_uint8
from videdit.ops import blur_within, length_px
from videdit_plugins.background.fitting import fitted
from videdit_plugins.background.options import BackgroundOptions

if TYPE_CHECKING:
    from videdit.media import VideoReader

# Some containers round times to milliseconds; without this, frames of one rate would show twice or not at all.
_CLOCK_SLACK_SECONDS = Fraction(1, 500)


class Backdrop(ABC):
    """Pixels to show behind the objects of a frame."""

    @abstractmethod
    def behind(self, window: videdit.Window, clear: Mask) -> Rgb:
        """Return (h, w, 3) pixels of the window's size and dtype.

        clear: (h, w) bool, where certainly nothing of the objects is seen
        """

    def close(self) -> None:
        """Let go of files."""
        return


def backdrop_of(options: BackgroundOptions) -> Backdrop:
    """Return what the options name. Raises CannotOpen if the file is absent or no picture."""
    kind, _, rest = options.behind.partition(":")
    if kind == "image":
        return Picture(Path(rest), options)
    if kind == "video":
        return Film(Path(rest), options)
    if kind == "blur":
        return Blurred(rest)
    return Flat("#000000" if kind == "transparent" else kind)


class Flat(Backdrop):
    """One colour, as #rrggbb."""

    def __init__(self, colour: str) -> None:
        self._colour = np.array([[[int(colour[at : at + 2], 16) for at in (1, 3, 5)]]], np.uint8)

    def behind(self, window: videdit.Window, clear: Mask) -> Rgb:
        return np.broadcast_to(_in_depth(self._colour, window.rgb.dtype), window.rgb.shape)


class Blurred(Backdrop):
    """The film itself, out of focus; the objects' own colours do not spread into it."""

    def __init__(self, length: str) -> None:
        self._length = length

    def behind(self, window: videdit.Window, clear: Mask) -> Rgb:
        return blur_within(window.rgb, clear, length_px(self._length, window.shot.size[0]))


class Picture(Backdrop):
    """A picture file."""

    def __init__(self, path: Path, options: BackgroundOptions) -> None:
        _check_is_file(path)
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if picture is None or picture.dtype not in (np.uint8, np.uint16):
            raise CannotOpen(
                "the background is no picture that can be read", where=str(path), next_step="name a PNG or JPEG"
            )
        self._picture: Rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        self._fit = options.fit
        self._fitted: Rgb | None = None

    def behind(self, window: videdit.Window, clear: Mask) -> Rgb:
        size = window.shot.size
        if self._fitted is None or self._fitted.shape[:2] != size or self._fitted.dtype != window.rgb.dtype:
            self._fitted = fitted(_in_depth(self._picture, window.rgb.dtype), size, self._fit)
        return self._fitted[window.region.slices]


class Film(Backdrop):
    """A film that runs at its own rate beside the one that is edited."""

    def __init__(self, path: Path, options: BackgroundOptions) -> None:
        _check_is_file(path)
        self._path = path
        self._options = options
        self._opened: _Opened | None = None
        self._latest: tuple[int, Rgb] | None = None

    def behind(self, window: videdit.Window, clear: Mask) -> Rgb:
        if self._opened is None:
            self._opened = _Opened.of(self._path)
        options, size = self._options, window.shot.size
        seconds = window.time_seconds + Fraction(options.offset_seconds)
        index = self._opened.index_at(seconds, loop=options.loop)
        if self._latest is None or self._latest[0] != index or self._latest[1].shape[:2] != size:
            self._latest = index, fitted(self._opened.frames[index].rgb, size, options.fit)
        return _in_depth(self._latest[1][window.region.slices], window.rgb.dtype)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.reader.close()
        self._opened = self._latest = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """starts: when each frame begins, in units of `unit_seconds` from the first; duration: in the same units."""

    reader: VideoReader
    frames: videdit.FrameSequence
    starts: list[int]
    unit_seconds: Fraction
    duration: Fraction

    @classmethod
    def of(cls, path: Path) -> _Opened:
        from videdit.media import open_video

        reader = open_video(path)
        video = reader.video
        first = video.timestamps[0]
        starts = [pts - first for pts in video.timestamps]
        frames = reader.shot_frames(videdit.Shot(0, len(starts)))
        return cls(reader, frames, starts, video.time_base, video.duration_seconds / video.time_base)

    def index_at(self, seconds: Fraction, *, loop: bool) -> int:
        moment = (seconds + _CLOCK_SLACK_SECONDS) / self.unit_seconds
        return max(0, bisect_right(self.starts, moment % self.duration if loop else moment) - 1)


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        raise CannotOpen("the background file is not there", where=str(path), next_step="check the path")


def _in_depth(picture: Rgb, dtype: Any) -> Rgb:
    """Convert between 8 bits and 16 bits at full scale."""
    if picture.dtype == dtype:
        return picture
    return picture.astype(np.uint16) * 257 if dtype == np.uint16 else to_uint8(picture)
