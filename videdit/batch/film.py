"""One film of a batch: a project of its own, its plan, its masks brought together, its segments joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videdit.batch.containing import Containing
from videdit.batch.described import described_film
from videdit.batch.jobs import FilmTask, Job, JobTask, Outcome
from videdit.batch.looking import Looking
from videdit.batch.planning import Planner, inside_of
from videdit.batch.request import BatchRequest
from videdit.batch.results import FINISHED_NAME, MASKS_NAME, SEGMENT_NAME, folder_of, read_finished, write_synced
from videdit.batch.selection import pieces_of, together
from videdit.detections.steps import DetectionStep
from videdit.errors import OptionError
from videdit.masks import MaskEntry, MaskTrack
from videdit.media import EncodeSettings, Verified, join, plan_encoding
from videdit.pipeline.film_layers import FilmLayers, merge_reports
from videdit.plugins import Plugins
from videdit.progress import Progress, Report, silent
from videdit.project import open_project
from videdit.project.folder import DESCRIPTION_NAME
from videdit.project.project import SHOTS_NAME
from videdit.project.saving import what_determines
from videdit.project.shot_timing import timing_of
from videdit.runtime import Runtime
from videdit.shot_lists import write_shots
from videdit.shots import Shot, shot_inside
from videdit.tracking.keys import digest, prompt_facts
from videdit.tracking.ledger import made_fact
from videdit.tracking.reidentify.options import check_reidentify_options
from videdit.tracking.stage import Pointed

# What x264 makes depends on the number of its threads; machines of one cluster differ in theirs.
ENCODER_THREADS = 4
NOT_SEEN = "not looked through"


@dataclass(frozen=True, slots=True)
class Finished:
    """A film that is done; `reports` are each effect's figures, in the order of the steps."""

    verified: Verified
    reports: list[dict[str, Any]]


class BatchFilm:
    """One film at work; its folder inside the work folder is a project that every other command opens as well."""

    def __init__(
        self,
        source: Path,
        folder: Path,
        out: Path,
        request: BatchRequest,
        plugins: Plugins,
        runtime: Runtime,
    ) -> None:
        self.name = folder.name
        self.folder = folder
        self.out = out
        self._request = request
        film, described = described_film(source, request)
        # A range in the pipeline narrows the choice of frames; to the jobs it is a border like any other.
        self._span, described = described.span, replace(described, span=None)
        self.project = open_project(film, folder, plugins=plugins, runtime=runtime)
        try:
            self.project.use(described)
            self._take_shots(source)
        except BaseException:
            self.close()
            raise
        self.looks: list[Job] = []
        self.jobs: list[Job] = []
        self._looking: Looking | None = None
        self._unseen: tuple[Job, ...] = ()

    def _take_shots(self, source: Path) -> None:
        listed = self._request.shot_list
        theirs = source / SHOTS_NAME
        if listed is not None:
            self.project.take_shots(listed)
        elif (source / DESCRIPTION_NAME).is_file() and theirs.is_file():
            self.project.take_shots(theirs)

    def close(self) -> None:
        """Close film and project."""
        self.project.close()

    # -- the plan --------------------------------------------------------------------------------------------------

    def look(self, report: Report = silent) -> list[Job]:
        """Find the shots, if nobody did, and return the jobs that look through them for what detections name."""
        shots = self.project.shots(self._request.shot_detector, report=report)
        if self.project.description.detections:
            self._looking = Looking(self.project, self.folder)
            self.looks = self._looking.jobs(self.name, shots)
        self._prepare()
        return self.looks

    @property
    def detectors(self) -> tuple[DetectionStep, ...]:
        """What is looked for, each with the detector that was chosen."""
        return () if self._looking is None else self._looking.steps

    def looked(self, job: Job) -> bool:
        """Return whether it is known already what a job would find, its own files apart."""
        return self._looking is not None and self._looking.is_done(job)

    def take_look(self, job: Job) -> None:
        """Take over what a job found that looked through a shot."""
        if self._looking is not None:
            self._looking.take(job)

    def unseen(self, job: Job) -> Job | None:
        """Return the job that was to look through the shot that a job lies in, and did not."""
        return next((one for one in self._unseen if one.number == job.number), None)

    def plan(self, report: Report = silent, *, unseen: Sequence[Job] = ()) -> list[Job]:
        """Return the jobs in the film's order.

        unseen: jobs that were to look through a shot and did not; whatever is in these shots, they are not done with
        """
        project, request = self.project, self._request
        shots = project.shots(request.shot_detector, report=report)
        self._unseen = tuple(unseen)
        numbers = {job.number for job in unseen}
        if self._looking is not None and not (unseen and len(unseen) == len(self.looks)):
            seen = (shot for number, shot in enumerate(shots, 1) if number not in numbers)
            self._looking.settle(seen, report)
            self._prepare()
        chosen = request.selection.frames(shots, project.reader)
        if self._span is not None:
            inside = (shot_inside(one, Shot(*self._span)) for one in chosen)
            chosen = [one for one in inside if one is not None]
        pointed = [one for one in project.pointed() if one.prompts]
        self._given_ids = sorted(self._seen_ids - {one.object_id for one in pointed})
        if self._needs_objects and not pointed and not project.description.detections:
            raise OptionError(
                "nothing was pointed at",
                where=self.name,
                next_step="put [[prompts]] or [[detections]] into the pipeline file",
            )
        containing = Containing(project, seeks=self._seeks)
        holding = containing.shots(request.selection.containing, shots, numbers)
        planner = self._planner()
        pointed = [one for one in pointed if one.object_id in self._seen_ids]
        self.jobs = planner.jobs(pieces_of(shots, chosen, holding), pointed)
        self._passing = planner.passing
        return self.jobs

    def _prepare(self) -> None:
        """Work out what the jobs have in common, and refuse what cannot be written before anything is done."""
        project, described = self.project, self.project.description
        ids = tuple(tuple(project.ids_of(step)) for step in described.effects)
        known, runtime = project.objects.ids, project.runtime()
        layers = FilmLayers(project.reader, described.effects, ids, known, project.track, project.plugins, runtime)
        self._chosen_ids = frozenset(one for some in ids for one in some)
        self._seen_ids = self._chosen_ids.union(*layers.other_ids)
        self._needs_objects = all(effect.where != "everywhere" for effect in layers.effects)
        settings = EncodeSettings.model_validate({**described.encode, **self._request.encode})
        if not settings.threads:
            settings = settings.model_copy(update={"threads": ENCODER_THREADS})
        for sentence in plan_encoding(project.reader.video, settings, out=self.out, alpha=layers.transparent).notes:
            runtime.note(sentence)
        kind = [self.out.suffix.lower(), layers.transparent]
        self._common = digest(what_determines(project, settings, layers, ids), kind)
        self._plain = digest(described.fingerprint, settings.model_dump(mode="json"), kind)
        assert described.source is not None
        self.task = FilmTask(
            folder=self.folder.resolve(),
            source=described.source.resolve(),
            fingerprint=described.fingerprint,
            engines=described.engines,
            quality=described.quality,
            learned=described.learned,
            steps=described.effects,
            object_ids=ids,
            known_ids=known,
            settings=settings,
            out=self.out.resolve(),
            alpha=layers.transparent,
        )

    def describe(self) -> dict[str, Any]:
        """Return what makes the masks: role -> name, plug-in with version, options, weights."""
        return self.project.stage().describe()

    def _planner(self) -> Planner:
        return Planner(
            film=self.name,
            common=self._common,
            plain=self._plain,
            object_key=_drawn_key if self.task.engines.static else self._object_key,
            given_key=self._given_key,
            given=self._given,
            chosen_ids=self._chosen_ids,
            chunk_frames=self._request.chunk_frames,
            overlap_frames=self._request.overlap_frames,
            needs_objects=self._needs_objects,
            static=self.task.engines.static,
            seeks=self._seeks,
        )

    @property
    def _seeks(self) -> bool:
        engines = self.project.description.engines
        return not engines.static and check_reidentify_options(engines.reidentify).enabled

    def _object_key(self, one: Pointed, frames: Shot) -> str:
        return digest(self.project.stage().key(one, frames), dict(self.task.engines.reidentify))

    def _given_key(self, frames: Shot) -> str:
        """Return a hash of the masks in a range that no prompt of this batch makes; "" if there is nothing on them."""
        if self._not_seen(frames):
            return NOT_SEEN
        keys = [[one, self.project.track.digest(one, frames.start, frames.stop)] for one in self._given_in(frames)]
        return digest(keys) if keys else ""

    def _given(self, frames: Shot) -> bool:
        return self._not_seen(frames) or not self._chosen_ids.isdisjoint(self._given_in(frames))

    def _not_seen(self, frames: Shot) -> bool:
        return any(frames.start in job.frames for job in self._unseen)

    def _given_in(self, frames: Shot) -> list[int]:
        """Return the objects on a range whose masks no prompt of this batch makes."""
        entries = self.project.track.entries
        return [
            one
            for one in self._given_ids
            if any(not entry.mask.empty for entry in entries(one, frames.start, frames.stop))
        ]

    def _pointed_in(self, pointed: Sequence[Pointed], frames: Shot) -> list[Pointed]:
        return list(pointed) if self.task.engines.static else inside_of(pointed, frames)

    def task_of(self, job: Job) -> JobTask:
        """Return a job with what it takes to do it, anywhere."""
        if job.kind == "look":
            return JobTask(job, self.task, steps=self.detectors)
        if job.kind == "pass" or (job.kind == "render" and job.needs):
            return JobTask(job, self.task)
        track = self.project.track
        given = tuple(entry for one in self._given_ids for entry in track.entries(one, job.seen.start, job.seen.stop))
        if job.kind == "render":
            return JobTask(job, self.task, given=given)
        pointed = [one for one in self.project.pointed() if one.prompts]
        seen = {one.key: one.seen for one in self.jobs}
        homes = tuple(seen[key] for key in job.needs)
        if homes:
            places = [job.seen, *homes]
            prompts = [
                {index: some for index, some in one.prompts.items() if any(index in place for place in places)}
                for one in pointed
            ]
            inside = [replace(one, prompts=some) for one, some in zip(pointed, prompts, strict=True) if some]
        else:
            inside = self._pointed_in(pointed, job.seen)
        return JobTask(job, self.task, tuple(inside), homes, given)

    def passing(self, job: Job, why: str) -> Job:
        """Return the job that lets the frames of another one through as they are."""
        return self._passing(job.number, job.frames, why)

    # -- the end ---------------------------------------------------------------------------------------------------

    def collect(self, job: Job) -> None:
        """Bring the masks of a finished job into the film's track; nothing is done where they are there already."""
        if job.kind in ("look", "render"):
            return
        track = self.project.track
        fact = f"batch/{job.seen.start}-{job.seen.stop}"
        if track.kv_get(fact) == job.id:
            return
        with track.transaction():
            for one in self.project.objects:
                if one.object_id not in self._given_ids:
                    track.delete(one.object_id, job.seen.start, job.seen.stop)
            if job.kind != "pass":
                self._copy_masks(job, track)
            track.kv_set(fact, job.id)

    def _copy_masks(self, job: Job, track: MaskTrack) -> None:
        made = MaskTrack.open(folder_of(self.folder, job) / MASKS_NAME, size=track.size, create=False)
        with made:
            for object_id in sorted(set(made.object_ids()) - set(self._given_ids)):
                entries: list[MaskEntry] = []
                for entry in made.entries(object_id, job.seen.start, job.seen.stop):
                    entries.append(entry)
                    if len(entries) == 250:
                        track.put(entries)
                        entries = []
                track.put(entries)
                # With its key on record, other commands know these masks for fresh.
                fact = made_fact(object_id, job.seen)
                track.kv_set(fact, made.kv_get(fact))

    def finish(self, jobs: Sequence[Job], outcomes: Mapping[str, Outcome], report: Report) -> Finished:
        """Join the segments to the finished film, with everything else of the source; masks are brought together.

        jobs: those whose frames make the film, and those that made its masks
        """
        for job in jobs:
            self.collect(job)
        making = sorted((job for job in jobs if job.makes_pictures), key=lambda job: job.frames.start)
        state, known = self._state(making), read_finished(self.folder)
        if self.out.exists() and "verified" in known and {**known, **state} == known:
            told = {name: value for name, value in known["verified"].items() if name != "sentence"}
            verified = Verified(**{**told, "path": self.out, "notes": tuple(told["notes"])})
            return Finished(verified, self._reports(making, outcomes))
        segments = [folder_of(self.folder, job) / SEGMENT_NAME for job in making]
        report(Progress("join", 0, 1, unit="file"))
        # First, so that a file which is there after a crash is known to be no stranger's.
        write_synced(self.folder / FINISHED_NAME, state)
        verified = join(segments, self.project.reader, self.out, alpha=self.task.alpha)
        report(Progress("join", 1, 1, unit="file"))
        write_synced(self.folder / FINISHED_NAME, {**state, "verified": verified.as_dict()})
        return Finished(verified, self._reports(making, outcomes))

    def write_edited(self, jobs: Sequence[Job]) -> list[Path]:
        """Write the ranges that were edited as OTIO, and as EDL where timecode can name them; return where."""
        making = [job for job in jobs if job.kind in ("edit", "render")]
        numbers = dict.fromkeys(job.number for job in making)
        edited = [one for number in numbers for one in together(job.frames for job in making if job.number == number)]
        written = []
        for form in ("otio", "edl") if edited else ():
            path = self.folder / f"edited.{form}"
            # A rate that varies, or that timecode does not count, has no EDL.
            with suppress(OptionError):
                write_shots(path, edited, timing_of(self.project.reader), source=str(self.task.source))
                written.append(path)
        return written

    def _state(self, making: Sequence[Job]) -> dict[str, Any]:
        return {"output": str(self.out.resolve()), "jobs": digest([job.key for job in making])}

    def is_ours(self) -> bool:
        """Return whether the file at the output's place was made by this batch, in an earlier run."""
        return bool(read_finished(self.folder).get("output") == str(self.out.resolve()))

    def _reports(self, making: Sequence[Job], outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
        figures: list[dict[str, Any]] = [{} for _ in self.task.steps]
        for job in making:
            reports = outcomes[job.id].reports if job.id in outcomes else ()
            for number, one in enumerate(reports):
                figures[number] = merge_reports(figures[number], one)
        return figures


def _drawn_key(one: Pointed, frames: Shot) -> str:
    prompts = [[index, [prompt_facts(prompt) for prompt in some]] for index, some in sorted(one.prompts.items())]
    return digest("drawn", frames.start, frames.stop, prompts)
