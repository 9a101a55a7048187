"""A project: one film and all that is being done to it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from videdit.detections.stage import Found
from videdit.frames import FrameSequence
from videdit.media import EncodeSettings
from videdit.pipeline.render import Rendered
from videdit.pipeline.steps import EffectStep
from videdit.plugins import AUTO
from videdit.progress import Progress, Report, silent
from videdit.project.correcting import confirmation, in_place_of_earlier, take_negative_prompts, with_bases
from videdit.project.deciding import Decisions
from videdit.project.detecting import find_all
from videdit.project.preview import Preview
from videdit.project.reviewing import summarise, to_review
from videdit.project.saving import RENDERED_NAME, save_film
from videdit.project.shot_timing import timing_of
from videdit.project.streaming import TrackingRun
from videdit.prompts import Moment, Prompt
from videdit.runtime import Runtime
from videdit.shot_lists import WIDEST_PX, ShotFinder, read_shots, write_shots
from videdit.shots import Shot, check_shots, shot_at, shots_covering
from videdit.tracking.drawn import DrawnStage
from videdit.tracking.making import Made
from videdit.tracking.prompting import Selected
from videdit.tracking.stage import Pointed, TrackingStage

SHOTS_NAME = "shots.json"


class Project(Decisions):
    """One film, with prompts, objects, shots, masks and effects; a context manager.

    While it is open nobody else can open the same folder.

    Methods that decide something return the project, so that they can be chained:

        videdit.open("film.mp4").click(320, 240, at=12).remove().save("clean.mp4")
    """

    _stage: tuple[Any, TrackingStage] | None = None

    def correct(self, *prompts: Prompt, anew: bool = False) -> Self:
        """Put tracked masks right: clicks and strokes correct the mask that is there on their frame.

        A box or a mask says anew where the object is. The frame counts as confirmed from now on; tracking makes the
        object anew up to the confirmed frames beside it, and leaves all else as it is.

        anew: neither the mask that is there counts, nor what was pointed at there before

        Raises OptionError for an object that the project does not have.
        """
        if anew:
            return self.replace_prompts(in_place_of_earlier(self, prompts))
        return self.point(*with_bases(self, prompts))

    def confirm(self, object: str, *, at: int | float | str) -> Self:
        """Say that an object's mask on a frame is right as it is; what lies up to it is tracked again towards it."""
        return self.point(confirmation(self, object, self.reader.frame_index(Moment.of(at))))

    def found(self, *, report: Report = silent) -> list[Found]:
        """Look for all that is to be found, lay the masks into the track, and return who was found, step by step.

        What was looked through already, with the same settings, is not looked through again.
        """
        return find_all(self, report)

    def shots(self, detector: str = AUTO, *, report: Report = silent) -> list[Shot]:
        """Return the shots; found once and kept in the project, where they may be edited."""
        if not self.has_shots:
            self.set_shots(self._detect(detector, report))
        shots = read_shots(self.folder / SHOTS_NAME, frame_count=self.reader.frame_count)
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
        finder = self.shot_finder(detector)
        total = self.reader.frame_count
        report = self.plugins.followed(report)
        for picture in self.reader.pictures():
            finder.watch(picture.to_small_frame(WIDEST_PX))
            report(Progress("shots", picture.index + 1, total))
        return finder.finish()

    @property
    def has_shots(self) -> bool:
        """Whether the shots are known already."""
        return (self.folder / SHOTS_NAME).is_file()

    def shot_finder(self, detector: str = AUTO) -> ShotFinder:
        """Return a finder that `detector` works in; frames of the film are to be given to it."""
        engine = self.plugins.create("shot_detector", detector, None, self.runtime())
        return ShotFinder(engine, frames_per_second=float(self.reader.video.average_rate))

    def stage(self) -> TrackingStage:
        """Return the tracking stage with the engines that were decided on; the same one until they change."""
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
        return self.stage().select(one, index, shot)

    def _frames_of(self, shot: Shot) -> FrameSequence:
        return self.reader.walk_frames(shot)

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
        if self.has_shots:
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
                yield from self.stage().steps(pointed, shots, span=self.span, report=report)

    @property
    def span(self) -> Shot | None:
        """The range that tracking and effects are limited to; None is the whole film."""
        return None if self._description.span is None else Shot(*self._description.span)

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
