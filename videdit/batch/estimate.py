"""How long a batch will take: what was measured already, or a sample of it done for real."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from videdit.batch.film import BatchFilm
from videdit.batch.jobs import Job, Kind
from videdit.batch.planning import inside_of
from videdit.batch.run import Planned
from videdit.batch.worker import JobWorker
from videdit.errors import VideditError
from videdit.plugins import Plugins
from videdit.shots import Shot

SAMPLE_FRAMES = 12


@dataclass(frozen=True, slots=True)
class FilmEstimate:
    """What is left to do of one film.

    seconds: of work, in one worker; None if it could not be found out, and `why` says why
    """

    film: str
    jobs: int
    frames: int
    done_jobs: int
    edited_shots: int
    passed_shots: int
    seconds: float | None
    why: str = ""


def estimate(plan: Planned, plugins: Plugins, device: str) -> list[FilmEstimate]:
    """Return what is left of each film, and how long it takes one worker.

    The rate of each kind of job is that of the jobs that are done, or of a dozen frames that are done now, in a
    temporary folder, after as many to warm up.
    """
    return [_film(film, plan, plugins, device) for film in plan.films]


def _film(film: BatchFilm, plan: Planned, plugins: Plugins, device: str) -> FilmEstimate:
    todo = [job for job in film.jobs if (job.film, job.id) not in plan.done]
    seconds: float | None = 0.0
    why = ""
    try:
        for kind in sorted({job.kind for job in todo}):
            some = [job for job in todo if job.kind == kind]
            rate = _known_rate(film, plan, kind) or _sampled_rate(film, some, plugins, device)
            seconds = None if seconds is None else seconds + rate * sum(len(job.frames) for job in some)
    except VideditError as error:
        seconds, why = None, str(error)
    making = [job for job in film.jobs if job.kind != "track"]
    return FilmEstimate(
        film=film.name,
        jobs=len(todo),
        frames=sum(len(job.frames) for job in todo if job.kind != "track"),
        done_jobs=len(film.jobs) - len(todo),
        edited_shots=len({job.number for job in making if job.kind != "pass"}),
        passed_shots=len({job.number for job in making if job.kind == "pass"}),
        seconds=seconds,
        why=why,
    )


def _known_rate(film: BatchFilm, plan: Planned, kind: Kind) -> float:
    done = [(job, plan.done[job.film, job.id]) for job in film.jobs if (job.film, job.id) in plan.done]
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
                outcome = worker(replace(task, film=replace(task.film, folder=Path(name))))
                if outcome.error is not None:
                    raise outcome.error
                taken = outcome.total_seconds
        finally:
            worker.close()
    return taken / len(sample.frames)


def _sample(film: BatchFilm, job: Job) -> Job:
    """Return a job of a few frames, around a prompt where the job has one."""
    pointed = inside_of(film.project.pointed(), job.seen)
    first = min((index for one in pointed for index in one.prompts), default=job.frames.start)
    start = max(job.seen.start, min(first, job.seen.stop - SAMPLE_FRAMES))
    frames = Shot(start, min(job.seen.stop, start + SAMPLE_FRAMES))
    # The masks of a rendering job are not made yet; without them its effect would have nothing to do.
    kind: Kind = "edit" if job.kind == "render" and job.needs else job.kind
    return replace(job, kind=kind, frames=frames, seen=frames, needs=())
