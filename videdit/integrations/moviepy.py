"""videdit's edits as MoviePy 2 effects, and MoviePy clips as films for videdit.

    from moviepy import VideoFileClip
    from videdit.integrations.moviepy import BlurFaces, RemoveObject

    clip = VideoFileClip("film.mp4").with_effects([RemoveObject(videdit.Click(320, 240)), BlurFaces()])

Sound, masks and times of the clip stay. Pixels go over as they are: what is outside of an edit is not changed by one
bit. Work begins when the first frame is asked for, and is done once.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from moviepy import Effect, VideoClip
from numpy.typing import NDArray

import videdit
from videdit.errors import OptionError
from videdit.media import EncodeSettings, VideoReader, open_video
from videdit.media.from_arrays import write_lossless
from videdit.pipeline.steps import EffectStep
from videdit.plugins import Plugins
from videdit.project import Project, open_project
from videdit.shots import Shot

Describe = Callable[[Project], object]
"""Says what is to be done: points, finds, adds effects."""

# A time that stands for a frame may fall short of it by rounding.
_ROUNDING = 1e-3


def film_of(clip: Any, path: str | Path) -> Path:
    """Write a clip's pictures to a lossless film (Matroska, FFV1) that videdit reads; sound stays with the clip.

    Raises OptionError if the clip does not say how long it is, or how many frames a second has.
    """
    rate = _rate(clip)
    if clip.duration is None:
        raise OptionError("the clip has no duration", next_step="give it one with clip.with_duration(SECONDS)")
    count = max(1, round(float(clip.duration) * float(rate)))
    frames = (_rgb(clip.get_frame(float(index / rate))) for index in range(count))
    write_lossless(Path(path), frames, frames_per_second=rate)
    return Path(path)


def open_clip(clip: Any, folder: str | Path, *, plugins: Plugins | None = None, device: str = "auto") -> Project:
    """Open a MoviePy clip as a project in `folder`, where its pictures are kept as well."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    film = place / "clip.mkv"
    if not film.exists():
        film_of(clip, film)
    return open_project(film, place, plugins=plugins, device=device)


def clip_of(film: str | Path) -> Any:
    """Return any film that videdit reads as a MoviePy clip without sound, frame by frame what videdit sees.

    A film with an alpha channel gives a clip with a mask.
    """
    shown = _Film(Path(film))
    clip = VideoClip(frame_function=shown.frame, duration=shown.duration_seconds)
    clip.fps = shown.frames_per_second
    if shown.has_alpha:
        clip.mask = _mask_of(shown, clip.size)
    return clip


class Edit(Effect):  # type: ignore[misc]  # MoviePy has no types
    """Any edit on a clip.

    describe: called with the project of the clip, for example `lambda project: project.click(9, 9).remove()`
    plugins, device: as for `videdit.open`
    """

    def __init__(self, describe: Describe, *, plugins: Plugins | None = None, device: str = "auto") -> None:
        self._describe = describe
        self._plugins = plugins
        self._device = device

    def apply(self, clip: Any) -> Any:
        """Return the clip with the edit; sound, mask and times are the clip's."""
        _rate(clip)  # what is missing is said now, not when a frame is asked for
        if clip.duration is None:
            raise OptionError("the clip has no duration", next_step="give it one with clip.with_duration(SECONDS)")
        edited = _Edited(clip, self._describe, self._plugins, self._device)
        # Set by hand: MoviePy's own setter would ask for a frame at once.
        result = clip.copy()
        result.frame_function = edited.frame
        if self._makes_mask():
            result.mask = _mask_of(edited, clip.size)
        return result

    def _makes_mask(self) -> bool:
        return False


class RemoveObject(Edit):
    """Take out what the prompts point at; what is behind it is filled in.

    prompts: videdit.Click, Box, Stroke, MaskPrompt; times and frames count from the clip's beginning
    options: those of `videdit remove`
    """

    def __init__(self, *prompts: videdit.Prompt, plugins: Any = None, device: str = "auto", **options: Any) -> None:
        _need(prompts)
        super().__init__(_pointed(prompts, "remove", options), plugins=plugins, device=device)


class BlurFaces(Edit):
    """Cover every face.

    only, without: numbers of people, as `videdit faces --people` shows them
    follow:        keys of videdit.detections.steps.FollowOptions
    options:       those of `videdit blur`: style, cells, noise, colour
    """

    def __init__(
        self,
        *,
        only: Sequence[int] = (),
        without: Sequence[int] = (),
        follow: dict[str, Any] | None = None,
        detector: str = "auto",
        plugins: Any = None,
        device: str = "auto",
        **options: Any,
    ) -> None:
        step = videdit.DetectionStep(detector=detector, follow=follow or {}, only=tuple(only), without=tuple(without))

        def describe(project: Project) -> None:
            project.replace_detections([step]).replace_effects([EffectStep("blur", options, (step.stem,))])

        super().__init__(describe, plugins=plugins, device=device)


class ReplaceBackground(Edit):
    """Put something else behind what the prompts point at.

    behind:  "#rrggbb", "image:PATH", "video:PATH", "blur:LENGTH", or "transparent", which gives the clip a mask
    options: further ones of `videdit background`
    """

    def __init__(
        self,
        *prompts: videdit.Prompt,
        behind: str = "blur:2%",
        plugins: Any = None,
        device: str = "auto",
        **options: Any,
    ) -> None:
        _need(prompts)
        self._transparent = behind == "transparent"
        options = {"behind": behind, **options}
        super().__init__(_pointed(prompts, "background", options), plugins=plugins, device=device)

    def _makes_mask(self) -> bool:
        return self._transparent


def _need(prompts: Sequence[videdit.Prompt]) -> None:
    if not prompts:
        raise OptionError("nothing was pointed at", next_step="pass a videdit.Click, Box, Stroke or MaskPrompt")


def _pointed(prompts: Sequence[videdit.Prompt], effect: str, options: dict[str, Any]) -> Describe:
    def describe(project: Project) -> None:
        project.point(*prompts).effect(effect, **options)

    return describe


class _Film:
    """Frames of a film by time."""

    def __init__(self, path: Path) -> None:
        self._reader: VideoReader = open_video(path)
        video = self._reader.video
        self._frames = self._reader.shot_frames(Shot(0, self._reader.frame_count))
        self._times = np.array(video.timestamps, np.float64) * float(video.time_base)
        self._times -= self._times[0]
        self.duration_seconds = float(video.duration_seconds)
        self.frames_per_second = float(video.average_rate)
        self.has_alpha = video.has_alpha

    def _index(self, seconds: float) -> int:
        rounding = _ROUNDING / self.frames_per_second
        return max(0, int(np.searchsorted(self._times, seconds + rounding, side="right")) - 1)

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """Return the (H, W, 3) uint8 frame that is shown at a time."""
        return self._frames[self._index(seconds)].rgb8

    def matte(self, seconds: float) -> NDArray[np.float32]:
        """Return the (H, W) float32 opacity of the frame that is shown at a time."""
        index = self._index(seconds)
        (picture,) = self._reader.pictures(index, index + 1)
        return picture.matte()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


class _Edited:
    """A clip with an edit, made when the first frame is asked for."""

    def __init__(self, clip: Any, describe: Describe, plugins: Plugins | None, device: str) -> None:
        self._clip = clip.copy()
        self._describe = describe
        self._plugins = plugins
        self._device = device
        self._lock = threading.Lock()
        self._film: _Film | None = None

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        return self._made().frame(seconds)

    def matte(self, seconds: float) -> NDArray[np.float32]:
        return self._made().matte(seconds)

    @property
    def duration_seconds(self) -> float:
        return float(self._clip.duration)

    def _made(self) -> _Film:
        with self._lock:
            if self._film is None:
                folder = Path(tempfile.mkdtemp(prefix="videdit-"))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                with open_clip(self._clip, folder / "project", plugins=self._plugins, device=self._device) as project:
                    self._describe(project)
                    made = project.save(folder / "edited.mkv", settings=EncodeSettings(codec="ffv1")).path
                self._film = _Film(made)
                weakref.finalize(self, self._film.close)
            return self._film


def _mask_of(film: _Film | _Edited, size: Any) -> Any:
    mask = VideoClip(is_mask=True, duration=film.duration_seconds)
    mask.frame_function, mask.size = film.matte, size
    return mask


def _rate(clip: Any) -> Fraction:
    rate = getattr(clip, "fps", None)
    if not rate:
        raise OptionError("the clip has no frame rate", next_step="give it one with clip.with_fps(25)")
    near = Fraction(rate).limit_denominator(1001)
    return near if abs(near - Fraction(rate)) < Fraction(1, 10**6) else Fraction(rate).limit_denominator(100000)


def _rgb(frame: NDArray[Any]) -> NDArray[np.uint8]:
    whole = np.asarray(np.clip(np.rint(frame), 0, 255), np.uint8) if frame.dtype != np.uint8 else frame
    return np.ascontiguousarray(whole[..., :3])
