"""How long a batch will take: what was measured already, or a sample of it done for real."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from videdit.batch.film import BatchFilm
from videdit.batch.jobs import Job, JobTask, Kind, Outcome
from videdit.batch.opening import results_of
from videdit.batch.planning import inside_of
from videdit.batch.worker import JobWorker
from videdit.detections.shapes import mask_of
from videdit.detections.steps import FollowOptions
from videdit.errors import VideditError
from videdit.masks import MaskEntry
from videdit.plugins import Plugins
from videdit.progress import Report, silent
from videdit.shots import Shot

SAMPLE_FRAMES = 12


@dataclass(frozen=True, slots=True)
class FilmEstimate:
    """What is left to do of one film.

    unseen_shots: not looked through yet, and counted as if something were found in each
    seconds: of work, in one worker; None if it could not be found out, and `why` says why
    """

    film: str
    jobs: int
    frames: int
    done_jobs: int
    edited_shots: int
    passed_shots: int
    unseen_shots: int
    seconds: float | None
    why: str = ""


def estimate(films: Sequence[BatchFilm], plugins: Plugins, device: str, report: Report = silent) -> list[FilmEstimate]:
    """Return what is left of each film, and how long it takes one worker.

    The rate of each kind of job is that of the jobs that are done, or of a dozen frames that are done now, in a
    temporary folder, after as many to warm up. Shots that a detector has not looked through yet count as if it were to
    find something in each.
    """
    return [_film(film, plugins, device, report) for film in films]


def _film(film: BatchFilm, plugins: Plugins, device: str, report: Report) -> FilmEstimate:
    looked = results_of(film, film.looks)
    for job in film.looks:
        if (job.film, job.id) in looked:
            film.take_look(job)
    unseen = [job for job in film.looks if (job.film, job.id) not in looked]
    film.plan(report, unseen=unseen)
    jobs = [*film.looks, *film.jobs]
    done = {name: outcome for (_, name), outcome in results_of(film, jobs).items()}
    todo = [job for job in jobs if job.id not in done]
    seconds: float | None = 0.0
    why = ""
    try:
        for kind in sorted({job.kind for job in todo}):
            some = [job for job in todo if job.kind == kind]
            known = _known_rate([(job, done[job.id]) for job in jobs if job.id in done], kind)
            rate = known or _sampled_rate(film, some, plugins, device)
            seconds = None if seconds is None else seconds + rate * sum(len(job.frames) for job in some)
    except VideditError as error:
        seconds, why = None, str(error)
    making = [job for job in film.jobs if job.makes_pictures]
    return FilmEstimate(
        film=film.name,
        jobs=len(todo),
        frames=sum(len(job.frames) for job in todo if job.makes_pictures),
        done_jobs=len(done),
        edited_shots=len({job.number for job in making if job.kind != "pass"}),
        passed_shots=len({job.number for job in making if job.kind == "pass"}),
        unseen_shots=len(unseen),
        seconds=seconds,
        why=why,
    )


def _known_rate(done: Sequence[tuple[Job, Outcome]], kind: Kind) -> float:
    some = [(job, outcome) for job, outcome in done if job.kind == kind]
    frames = sum(len(job.frames) for job, _ in some)
    return sum(outcome.total_seconds for _, outcome in some) / frames if frames else 0.0


def _sampled_rate(film: BatchFilm, jobs: Sequence[Job], plugins: Plugins, device: str) -> float:
    """Return seconds a frame of the middle one of `jobs`, by its length; of masks and pictures together."""
    job = sorted(jobs, key=lambda one: len(one.frames))[len(jobs) // 2]
    sample = _sample(film, job)
    with tempfile.TemporaryDirectory(prefix="videdit-sample-") as name:
        worker = JobWorker(plugins, device)
        taken = 0.0
        try:
            for turn in ("warm", "timed"):
                task = film.task_of(replace(sample, key=f"{turn}-{job.key}"))
                if film.unseen(job) is not None and sample.kind == "render":
                    task = _with_a_mask(task, film.project.track.size)
                outcome = worker(replace(task, film=replace(task.film, folder=Path(name))))
                if outcome.error is not None:
                    raise outcome.error
                taken = outcome.total_seconds
        finally:
            worker.close()
    return taken / len(sample.frames)


def _with_a_mask(task: JobTask, size: tuple[int, int]) -> JobTask:
    """Put a mask on every frame, where nobody knows yet what is there: a third of the picture wide and high."""
    height, width = size
    mask = mask_of(
        (width / 3, height / 3, width * 2 / 3, height * 2 / 3), size, FollowOptions.model_validate({"size": 1})
    )
    given = tuple(MaskEntry(1, index, mask, 1.0, "detected") for index in task.job.seen)
    ids = tuple((1,) for _ in task.film.steps)
    return replace(task, given=given, film=replace(task.film, object_ids=ids, known_ids=(1,)))


def _sample(film: BatchFilm, job: Job) -> Job:
    """Return a job of a few frames, around a prompt where the job has one."""
    pointed = inside_of(film.project.pointed(), job.seen)
    first = min((index for one in pointed for index in one.prompts), default=job.frames.start)
    start = max(job.seen.start, min(first, job.seen.stop - SAMPLE_FRAMES))
    frames = Shot(start, min(job.seen.stop, start + SAMPLE_FRAMES))
    # The masks of a rendering job are not made yet; without them its effect would have nothing to do.
    kind: Kind = "edit" if job.kind == "render" and job.needs else job.kind
    return replace(job, kind=kind, frames=frames, seen=frames, needs=())
