"""A project: one film and all that is being done to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from videdit.detections.stage import Found
from videdit.detections.steps import DetectionStep
from videdit.errors import OptionError, ProjectError
from videdit.frames import FrameSequence, Mask
from videdit.masks import MaskTrack
from videdit.media import EncodeSettings, VideoReader, open_video
from videdit.objects import Objects
from videdit.pipeline.render import Rendered
from videdit.pipeline.steps import EffectStep, check_step
from videdit.plugins import AUTO, Plugins
from videdit.progress import Progress, Report, silent
from videdit.project.correcting import confirmation, take_negative_prompts, with_bases
from videdit.project.description import Description, read_description, write_description
from videdit.project.detecting import find_all
from videdit.project.fingerprint import fingerprint
from videdit.project.history import History
from videdit.project.lock import FolderLock
from videdit.project.reviewing import summarise, to_review
from videdit.project.runtimes import runtime_for
from videdit.project.saving import RENDERED_NAME, save_film
from videdit.project.shot_timing import timing_of
from videdit.project.streaming import TrackingRun
from videdit.prompts import DEFAULT_OBJECT, Box, Click, MaskPrompt, Moment, Prompt, Stroke
from videdit.runtime import Runtime
from videdit.shot_lists import detect_shots, read_shots, write_shots
from videdit.shots import Shot, check_shots, shot_at, shots_covering
from videdit.tracking.drawn import DrawnStage
from videdit.tracking.making import Made
from videdit.tracking.prompting import Selected, check_prompt
from videdit.tracking.stage import Pointed, TrackingStage

DESCRIPTION_NAME = "project.toml"
TRACKS_NAME = "tracks.sqlite"
SHOTS_NAME = "shots.json"
# Wide enough for what a shot detector looks at; reduced while it is still in planes, which is where the time goes.
_SMALL_PX = 256


@dataclass(frozen=True, slots=True)
class Preview:
    """A still with what the prompts select on it.

    rgb:    (H, W, 3) uint8
    masks:  object name -> (H, W) bool
    scores: object name -> estimate of the IoU, in [0, 1]
    """

    index: int
    rgb: NDArray[np.uint8]
    masks: Mapping[str, Mask]
    scores: Mapping[str, float]


def open_project(
    source: str | Path | None = None,
    project: str | Path | None = None,
    *,
    plugins: Plugins | None = None,
    runtime: Runtime | None = None,
    device: str = "auto",
) -> Project:
    """Open a film, or go on with a project.

    source:  a film, or None to take the project's own
    project: a folder that keeps the work; made if it is new. None keeps it in a temporary folder until `close`.
    plugins: None loads what is installed
    runtime: what engines are made with; None makes one for `device`
    Raises ProjectError if the folder belongs to another film.
    """
    if source is not None and project is None and (Path(source) / DESCRIPTION_NAME).is_file():
        source, project = None, source
    plugins = plugins if plugins is not None else Plugins()
    runtime = runtime if runtime is not None else runtime_for(plugins, device=device)
    temporary = project is None
    folder = Path(tempfile.mkdtemp(prefix="videdit-")) if project is None else Path(project)
    try:
        return Project(folder, source, plugins, runtime, temporary=temporary)
    except BaseException:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)
        raise


class Project:
    """One film, with prompts, objects, shots, masks and effects; a context manager.

    While it is open nobody else can open the same folder.

    Methods that decide something return the project, so that they can be chained:

        videdit.open("film.mp4").click(320, 240, at=12).remove().save("clean.mp4")
    """

    def __init__(
        self,
        folder: Path,
        source: str | Path | None,
        plugins: Plugins,
        runtime: Runtime,
        *,
        temporary: bool = False,
    ) -> None:
        self.folder = folder
        self._temporary = temporary
        self.plugins = plugins
        self._runtime = runtime
        self._stage: tuple[Any, TrackingStage] | None = None
        # Before anything is read there: another process may be changing it.
        self._lock = FolderLock(folder) if folder.is_dir() else None
        try:
            self._begin(None if source is None else Path(source))
        except BaseException:
            self._release()
            raise

    def _begin(self, source: Path | None) -> None:
        file = self.folder / DESCRIPTION_NAME
        if file.is_file():
            self._description = read_description(file)
        elif source is None:
            raise ProjectError("this is no project", where=str(self.folder), next_step="name a film to begin one")
        else:
            self._description = Description()
        self._adopt_source(source)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _adopt_source(self, source: Path | None) -> None:
        known = self._description
        path = source if source is not None else known.source
        if path is None:
            raise ProjectError("the project names no film", where=str(self.folder))
        # Opened first: a film that cannot be read must not leave a project behind.
        self.reader: VideoReader = self._open(path)
        print_now = fingerprint(path)
        if known.fingerprint and known.fingerprint != print_now:
            self.reader.close()
            raise ProjectError(
                f"the project is about another film than {path}, or the film has changed",
                where=str(self.folder),
                next_step="name another project folder",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = FolderLock(self.folder)
        self.decide(replace(known, source=path, fingerprint=print_now))

    def _open(self, path: Path) -> VideoReader:
        reader = self.plugins.open_video(str(path), {})
        return reader if reader is not None else open_video(path)

    # -- what was decided ------------------------------------------------------------------------------------------

    @property
    def description(self) -> Description:
        return self._description

    @property
    def objects(self) -> Objects:
        return self._description.objects

    @cached_property
    def track(self) -> MaskTrack:
        """All masks of the film."""
        return MaskTrack.open(self.folder / TRACKS_NAME, size=self.reader.video.size)

    @cached_property
    def _history(self) -> History:
        return History(self.track)

    def decide(self, description: Description) -> Self:
        self._description = description
        self._write()
        self._history.record((self.folder / DESCRIPTION_NAME).read_text(encoding="utf-8"))
        return self

    def _write(self) -> None:
        write_description(self._for_file(), self.folder / DESCRIPTION_NAME)

    def _for_file(self) -> Description:
        """Return the description with every mask that is only in memory saved as a PNG in the project."""
        prompts: list[Prompt] = []
        for prompt in self._description.prompts:
            if isinstance(prompt, MaskPrompt) and prompt.path is None:
                assert prompt.mask is not None
                prompt = replace(prompt, path=_save_mask(prompt.mask, self.folder / "prompts"), mask=None)
            prompts.append(prompt)
        self._description = replace(self._description, prompts=tuple(prompts))
        return self._description

    def undo(self) -> bool:
        """Take the last decision back; False if there is none."""
        return self._go_to(self._history.undo())

    def redo(self) -> bool:
        """Take the last undo back; False if there is none."""
        return self._go_to(self._history.redo())

    def _go_to(self, state: str | None) -> bool:
        if state is None:
            return False
        file = self.folder / DESCRIPTION_NAME
        file.write_text(state, encoding="utf-8")
        self._description = read_description(file)
        return True

    # -- pointing --------------------------------------------------------------------------------------------------

    def point(self, *prompts: Prompt) -> Self:
        """Add prompts. Raises OutsideFrame if one lies outside the picture or the film."""
        for prompt in prompts:
            check_prompt(prompt, self.reader.video.size, self.reader.frame_index(prompt.at))
        return self.decide(self._description.with_prompts(*prompts))

    def click(
        self, x: float, y: float, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT, positive: bool = True
    ) -> Self:
        """Point at a pixel of the object, or with `positive=False` at one beside it.

        at: frame number, or a time as text ("00:01:02.5") or as a float of seconds
        """
        return self.point(Click(x, y, positive, at=_moment(at), object=object))

    def box(
        self, x0: float, y0: float, x1: float, y1: float, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT
    ) -> Self:
        """Draw a box around the object."""
        return self.point(Box(x0, y0, x1, y1, at=_moment(at), object=object))

    def stroke(
        self,
        points: Sequence[tuple[float, float]],
        *,
        radius_px: float = 5.0,
        at: int | float | str = 0,
        object: str = DEFAULT_OBJECT,
        positive: bool = True,
    ) -> Self:
        """Draw a line over the object."""
        return self.point(Stroke(tuple(points), radius_px, positive, at=_moment(at), object=object))

    def mask(self, mask: str | Path | Mask, *, at: int | float | str = 0, object: str = DEFAULT_OBJECT) -> Self:
        """Give the object's mask: a PNG file, or (H, W) bool."""
        if isinstance(mask, str | Path):
            return self.point(MaskPrompt(path=Path(mask), at=_moment(at), object=object))
        return self.point(MaskPrompt(mask=mask, at=_moment(at), object=object))

    def static(self, on: bool = True) -> Self:
        """Take what is drawn of the objects for their masks on every frame of the range: nothing is tracked.

        For what stands still, such as watermarks and subtitles. Boxes, strokes and masks count, clicks do not.
        """
        return self.decide(replace(self._description, engines=replace(self._description.engines, static=on)))

    def correct(self, *prompts: Prompt) -> Self:
        """Put tracked masks right: clicks and strokes correct the mask that is there on their frame.

        A box or a mask says anew where the object is. The frame counts as confirmed from now on; tracking makes the
        object anew up to the confirmed frames beside it, and leaves all else as it is.
        Raises OptionError for an object that the project does not have.
        """
        return self.point(*with_bases(self, prompts))

    def confirm(self, object: str, *, at: int | float | str) -> Self:
        """Say that an object's mask on a frame is right as it is; what lies up to it is tracked again towards it."""
        return self.point(confirmation(self, object, self.reader.frame_index(_moment(at))))

    def replace_prompts(self, prompts: Sequence[Prompt]) -> Self:
        """Take `prompts` in place of all there are; objects keep their ids."""
        if tuple(prompts) == self._description.prompts:
            return self
        self._description = replace(self._description, prompts=())
        return self.point(*prompts)

    def import_objects(self, objects: Objects) -> Self:
        """Take a table of objects in place of the present one; for masks that come from elsewhere."""
        return self.decide(replace(self._description, objects=objects))

    def adopt_objects(self, objects: Objects) -> None:
        """Take a table of objects that follows from what was decided already; no decision of its own to undo."""
        if objects != self._description.objects:
            self._description = replace(self._description, objects=objects)
            self._write()

    def rename_object(self, name: str, new_name: str) -> Self:
        """Give an object another name; its id and masks stay."""
        old = self.objects.require(name)
        prompts = tuple(
            replace(prompt, object=new_name) if prompt.object == old.name else prompt
            for prompt in self._description.prompts
        )
        effects = tuple(
            replace(step, objects=tuple(new_name if one == old.name else one for one in step.objects))
            for step in self._description.effects
        )
        objects = self.objects.renamed(name, new_name)
        return self.decide(replace(self._description, objects=objects, prompts=prompts, effects=effects))

    def drop_object(self, name: str) -> Self:
        """Remove an object with its prompts and masks; its id is not given out again."""
        gone = self.objects.require(name)
        prompts = tuple(prompt for prompt in self._description.prompts if prompt.object != gone.name)
        self.decide(replace(self._description, objects=self.objects.without(name), prompts=prompts))
        with self.track.transaction():
            self.track.delete(gone.object_id)
        return self

    def limit(self, start: int | float | str, stop: int | float | str | None = None) -> Self:
        """Limit tracking and effects to [start, stop); the rest of the film passes through unchanged."""
        first = self.reader.frame_index(_moment(start))
        last = self.reader.frame_count if stop is None else self.reader.frame_index(_moment(stop))
        if first >= last:
            raise OptionError(f"the range {start}..{stop} is empty", next_step="name a start before the stop")
        return self.decide(replace(self._description, span=(first, last)))

    # -- effects ---------------------------------------------------------------------------------------------------

    def effect(
        self, name: str, *, objects: Sequence[str] = (), masks: Mapping[str, Any] | None = None, **options: Any
    ) -> Self:
        """Add an effect for some objects, or for all. `masks` says how their masks are grown and feathered."""
        step = EffectStep(name, options, tuple(objects), dict(masks or {}))
        self._check_step(step)
        return self.decide(replace(self._description, effects=(*self._description.effects, step)))

    def remove(self, **options: Any) -> Self:
        """Remove the objects; what was behind them is filled in."""
        return self.effect("remove", **options)

    def blur(self, **options: Any) -> Self:
        """Make the objects unrecognisable."""
        return self.effect("blur", **options)

    def background(self, **options: Any) -> Self:
        """Replace what is behind the objects."""
        return self.effect("background", **options)

    def replace_effects(self, steps: Sequence[EffectStep]) -> Self:
        """Take `steps` in place of all effects there are."""
        for step in steps:
            self._check_step(step)
        return self.decide(replace(self._description, effects=tuple(steps)))

    def _check_step(self, step: EffectStep) -> None:
        check_step(step, self.plugins)
        for one in step.objects:
            # What a detector is still to find has no object yet.
            if not any(one == looked.stem or looked.number(one) for looked in self._description.detections):
                self.objects.require(one)

    def use(self, description: Description) -> Self:
        """Take over everything that a pipeline file says; the film stays this one."""
        known = self._description
        self._description = replace(
            known,
            span=description.span,
            engines=description.engines,
            quality=description.quality,
            learned=description.learned,
            encode=description.encode,
            detections=description.detections,
        )
        self.replace_prompts(description.prompts)
        return self.replace_effects(description.effects)

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, words: str = "faces", **step: Any) -> Self:
        """Find things throughout the film, each an object of its own: "face 1", "face 2".

        words: "faces", or what a detector takes
        step:  further fields of `videdit.DetectionStep`: detector, options, follow, only, without, boxes
        """
        return self.replace_detections([*self._description.detections, DetectionStep(words, **step)])

    def replace_detections(self, steps: Sequence[DetectionStep]) -> Self:
        """Take `steps` in place of all that is looked for. OptionError for wrong options or a name used twice."""
        for step in steps:
            step.following()
        if len({step.stem for step in steps}) < len(steps):
            raise OptionError("two detections name their objects alike", next_step="give one of them another object")
        return self.decide(replace(self._description, detections=tuple(steps)))

    def found(self, *, report: Report = silent) -> list[Found]:
        """Look for all that is to be found, lay the masks into the track, and return who was found, step by step.

        What was looked through already, with the same settings, is not looked through again.
        """
        return find_all(self, report)

    # -- shots -----------------------------------------------------------------------------------------------------

    def shots(self, detector: str = AUTO, *, report: Report = silent) -> list[Shot]:
        """Return the shots; found once and kept in the project, where they may be edited."""
        file = self.folder / SHOTS_NAME
        if not file.is_file():
            self.set_shots(self._detect(detector, report))
        shots = read_shots(file, frame_count=self.reader.frame_count)
        check_shots(shots, self.reader.frame_count)
        return shots

    def set_shots(self, shots: Sequence[Shot]) -> Self:
        """Take these shots. Raises OptionError unless they cover the film without gap or overlap."""
        check_shots(shots, self.reader.frame_count)
        write_shots(self.folder / SHOTS_NAME, shots, timing_of(self.reader), source=str(self.description.source))
        return self

    def take_shots(self, path: Path) -> Self:
        """Take the shots of a file. The ranges of an EDL or OTIO file leave gaps: those become shots as well."""
        count = self.reader.frame_count
        ranges = read_shots(path, timing_of(self.reader), frame_count=count)
        return self.set_shots(shots_covering(ranges, count))

    def _detect(self, detector: str, report: Report) -> list[Shot]:
        engine = self.plugins.create("shot_detector", detector, None, self.runtime())
        total = self.reader.frame_count
        report = self.plugins.followed(report)

        def frames() -> Any:
            for picture in self.reader.pictures():
                report(Progress("shots", picture.index + 1, total))
                yield picture.to_small_frame(_SMALL_PX)

        return detect_shots(frames(), engine, frames_per_second=float(self.reader.video.average_rate))

    # -- tracking --------------------------------------------------------------------------------------------------

    def _tracking(self) -> TrackingStage:
        described = self._description
        if self._stage is None or self._stage[0] != (described.engines, described.quality, described.learned):
            stage = TrackingStage(
                source=described.fingerprint,
                frames_of=self._frames_of,
                track=self.track,
                plugins=self.plugins,
                runtime=self.runtime(),
                engines=described.engines,
            )
            self._stage = ((described.engines, described.quality, described.learned), stage)
        return self._stage[1]

    def _drawn(self) -> DrawnStage:
        return DrawnStage(source=self._description.fingerprint, size=self.reader.video.size, track=self.track)

    def _selected(self, one: Pointed, index: int, shot: Shot) -> Selected:
        if self._description.engines.static:
            return Selected(self._drawn().mask(one), 1.0)
        return self._tracking().select(one, index, shot)

    def _frames_of(self, shot: Shot) -> FrameSequence:
        return self.reader.shot_frames(shot)

    def pointed(self) -> list[Pointed]:
        """Return every object with its prompts by frame."""
        result = []
        for one in self.objects:
            by_frame: dict[int, list[Prompt]] = {}
            for prompt in self._description.prompts:
                if prompt.object == one.name:
                    by_frame.setdefault(self.reader.frame_index(prompt.at), []).append(prompt)
            result.append(Pointed(one.object_id, one.name, by_frame))
        return result

    def preview(self) -> list[Preview]:
        """Return a still of each prompted frame, with the masks that the prompts select there."""
        pointed = self.pointed()
        previews = []
        for index in sorted({index for one in pointed for index in one.prompts}):
            shot = self._shot_around(index)
            chosen = {one.name: self._selected(one, index, shot) for one in pointed if index in one.prompts}
            previews.append(
                Preview(
                    index,
                    self.reader.shot_frames(shot)[index].rgb8,
                    {name: selected.mask for name, selected in chosen.items()},
                    {name: selected.score for name, selected in chosen.items()},
                )
            )
        return previews

    def _shot_around(self, index: int) -> Shot:
        if (self.folder / SHOTS_NAME).is_file():
            return shot_at(self.shots(), index)
        # A preview does not wait for the shots of a whole film; a short neighbourhood serves the segmenter.
        return Shot(max(0, index - 10), min(self.reader.frame_count, index + 11))

    def track_objects(self, *, report: Report = silent) -> Self:
        """Bring every object's masks up to date; what did not change is left alone, byte for byte."""
        for _ in self.tracking_steps(report=report):
            pass
        return self

    def stream(self, *, report: Report = silent) -> TrackingRun:
        """Track as `track_objects` does, as a stream of frames that takes corrections and can be ended at any time."""
        return TrackingRun(self, report)

    def tracking_steps(self, *, report: Report = silent) -> Generator[Made, None, None]:
        """Yield each frame of the tracking stage's work when it is made; `stream` is the same for people."""
        self.found(report=report)
        take_negative_prompts(self)
        pointed = self.pointed()
        if pointed:
            shots = self.shots(report=report)
            report = self.plugins.followed(report)
            if self._description.engines.static:
                self._drawn().run(pointed, shots, span=self.span, report=report)
            else:
                yield from self._tracking().steps(pointed, shots, span=self.span, report=report)

    @property
    def span(self) -> Shot | None:
        """The range that tracking and effects are limited to; None is the whole film."""
        return None if self._description.span is None else Shot(*self._description.span)

    # -- results ---------------------------------------------------------------------------------------------------

    def save(
        self,
        out: str | Path,
        *,
        settings: EncodeSettings | None = None,
        report: Report = silent,
        overwrite: bool = True,
    ) -> Rendered:
        """Track what is not tracked yet, apply the effects, and write the finished film.

        The file appears under its name when it is complete and verified; if it cannot be, CannotEncode is raised, and
        what was rendered stays in the project for the next try.
        """
        return save_film(self, Path(out), settings=settings, report=report, overwrite=overwrite)

    def runtime(self) -> Runtime:
        """Return what engines and effects of this project are made with."""
        described = self._description
        return self.plugins.runtime(replace(self._runtime, quality=described.quality, learned=described.learned))

    def ids_of(self, step: EffectStep) -> list[int]:
        """Return the ids of the objects that an effect is for, as far as they are found yet.

        An effect for all leaves out those that a detection's `only` and `without` leave out; so does one for a
        detection by its name ("face"). One named with its number ("face 2") is meant in any case.
        """
        detections = self._description.detections
        chosen: dict[int, None] = {}
        for one in self.objects:
            numbers = [(looked.stem, looked, number) for looked in detections if (number := looked.number(one.name))]
            wanted = all(looked.wants(number) for _, looked, number in numbers)
            if not step.objects and wanted:
                chosen[one.object_id] = None
            if wanted and any(stem in step.objects for stem, _, _ in numbers):
                chosen[one.object_id] = None
        for name in step.objects:
            if not any(name == looked.stem for looked in detections):
                known = self.objects.find(name)
                if known is None and not any(looked.number(name) for looked in detections):
                    known = self.objects.require(name)
                if known is not None:
                    chosen[known.object_id] = None
        return list(chosen)

    def has_work(self) -> bool:
        """Return whether there are masks or rendered chunks that a later run can go on from."""
        return bool(self.track.object_ids()) or any((self.folder / RENDERED_NAME).glob("*.segment"))

    def summary(self) -> list[dict[str, Any]]:
        """Return for each object its id and name, and how many frames it is on, absent from, and in doubt on."""
        return summarise(self.track, self.objects)

    def review(self) -> list[dict[str, Any]]:
        """Return the frames whose masks are most in doubt, worst first."""
        return to_review(self.track, self.objects)

    # -- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the film and the database; a temporary project is deleted."""
        self.reader.close()
        if "track" in self.__dict__:
            self.track.close()
        self._release()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _moment(at: int | float | str) -> Moment:
    if isinstance(at, float):
        return Moment.parse(f"{at:.6f}s")
    return Moment.parse(str(at))


def _save_mask(mask: Mask, folder: Path) -> Path:
    import hashlib

    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(mask.tobytes()).hexdigest()[:16]}.png"
    if not cv2.imwrite(str(path), mask.astype(np.uint8) * 255):
        raise ProjectError("the mask cannot be written", where=str(path))
    return path
