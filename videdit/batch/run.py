"""Run a batch: plan, work off what is not done, finish the films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videdit.batch.film import BatchFilm, Finished
from videdit.batch.jobs import Job, Outcome, Place
from videdit.batch.journal import JOURNAL_NAME, Journal
from videdit.batch.opening import Opened, names_of, opened, results_of
from videdit.batch.report import write_report
from videdit.batch.request import BatchRequest
from videdit.batch.scheduling import Scheduler, WorkedOff
from videdit.batch.worker import WorkerMaker
from videdit.devices import peak_memory_bytes
from videdit.errors import VideditError
from videdit.executor import Executor
from videdit.plugins import Plugins
from videdit.progress import Report, silent
from videdit.project.runtimes import runtime_for
from videdit.runtime import Runtime


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What came of one film.

    finished: None if a part of it could not be made
    failed:   what could not be done
    passed:   shots that failed and were let through as they are
    report:   the page that tells about it; None if the film cannot be worked on at all
    """

    name: str
    out: Path
    finished: Finished | None
    failed: tuple[VideditError, ...]
    passed: tuple[Job, ...]
    report: Path | None
    jobs: int
    reused: int

    def as_dict(self) -> dict[str, Any]:
        verified = self.finished.verified.as_dict() if self.finished is not None else None
        return {
            "film": self.name,
            "output": str(self.out),
            "verified": verified,
            "effects": self.finished.reports if self.finished is not None else [],
            "failed": [str(error) for error in self.failed],
            "passed_through": [job.title for job in self.passed],
            "report": None if self.report is None else str(self.report),
            "jobs": self.jobs,
            "reused_jobs": self.reused,
            "peak_bytes": peak_memory_bytes(),
        }


def run_batch(
    work: Path,
    request: BatchRequest,
    plugins: Plugins,
    *,
    retry: bool = False,
    note: Callable[[str], None] = lambda sentence: None,
    report: Report = silent,
) -> list[FilmResult]:
    """Do what is asked for; what an earlier run has done is not done again.

    work:  keeps everything; the same folder goes on where a run was stopped, however that was
    retry: jobs that failed are tried again; without it they count as failed

    Returns what came of each film. Raises the first failure, unless the request says to keep going or to let it pass.
    """
    runtime = runtime_for(plugins, device=request.device, note=note)
    report = plugins.followed(report)
    with opened(work, request, plugins, runtime, report) as there, Journal(work / JOURNAL_NAME) as journal:
        request.write(work)
        return _Run(there, journal, request, plugins, runtime, note, report).go(retry=retry)


class _Run:
    """One run: what detections name is looked for in all films; then it is known which jobs there are."""

    def __init__(
        self,
        there: Opened,
        journal: Journal,
        request: BatchRequest,
        plugins: Plugins,
        runtime: Runtime,
        note: Callable[[str], None],
        report: Report,
    ) -> None:
        self._names = names_of(request.films)
        self._films = {film.name: film for film in there.films}
        self._journal = journal
        self._plugins = plugins
        self._note = note
        self._report = report
        self._results = {name: _broken(name, out, error) for name, (out, error) in there.broken.items()}
        self._keep_going = request.keep_going
        self._reused: dict[Place, Outcome] = {}
        self._workers = 0
        self._executor: Executor = plugins.create("executor", request.executor, dict(request.executor_options), runtime)
        self._scheduler = Scheduler(
            self._executor,
            journal,
            lambda job: self._films[job.film].task_of(job),
            passing=self._passing if request.pass_failed else None,
            done=self._job_done,
            keep_going=request.keep_going,
            note=note,
            report=report,
        )

    def go(self, *, retry: bool) -> list[FilmResult]:
        looks = [job for film in self._films.values() for job in film.looks]
        self._journal.plan(looks, films=self._films)
        if retry:
            self._journal.forgive()
        try:
            self._work_off(looks, "look")
            for film in list(self._films.values()):
                self._plan(film)
            jobs = [job for film in self._films.values() for job in film.jobs]
            self._journal.plan([*looks, *jobs], films=self._films)
            self._work_off(jobs, "batch")
        finally:
            self._executor.close()
        for film in self._films.values():
            if film.name not in self._results:
                self._end(film)
        return [self._results[name] for name in self._names]

    def _plan(self, film: BatchFilm) -> None:
        failed = self._scheduler.worked.failed
        try:
            film.plan(self._report, unseen=[job for job in film.looks if (film.name, job.id) in failed])
        except VideditError as error:
            if not self._keep_going:
                raise
            self._results[film.name] = _broken(film.name, film.out, error)
            del self._films[film.name]

    def _work_off(self, jobs: Sequence[Job], stage: str) -> None:
        """Do the jobs that are not done yet."""
        done: dict[Place, Outcome] = {}
        for film in self._films.values():
            done |= results_of(film, (job for job in jobs if job.film == film.name))
        self._reused |= done
        self._scheduler.worked.outcomes.update(done)
        for job in jobs:
            if (outcome := done.get((job.film, job.id))) is not None:
                self._journal.note(job, "done", seconds=outcome.total_seconds, process=outcome.process)
                if job.kind == "look":
                    self._films[job.film].take_look(job)
        todo = self._todo([job for job in jobs if (job.film, job.id) not in done])
        if todo and not self._workers:
            self._workers = self._executor.start(WorkerMaker(self._plugins, report=self._scheduler.still_here))
        if todo:
            self._note(f"{len(todo)} jobs for {self._workers} {'worker' if self._workers == 1 else 'workers'}")
        frames = [(len(job.frames), (job.film, job.id) in done) for job in jobs if job.kind != "track"]
        self._scheduler.work_off(
            todo,
            stage=stage,
            done_frames=sum(count for count, was in frames if was),
            total_frames=sum(count for count, _ in frames),
        )

    def _todo(self, jobs: Sequence[Job]) -> list[Job]:
        """Return what can be done; what failed in an earlier run counts as failed, and so does what waits for it."""
        errors = {job.key: error for job in jobs if (error := self._known_failure(job)) is not None}
        while more := {
            job.key: errors[key] for job in jobs for key in job.needs if key in errors and job.key not in errors
        }:
            errors |= more
        todo = [job for job in jobs if job.key not in errors]
        for job in jobs:
            if (error := errors.get(job.key)) is not None:
                self._journal.fail(job, str(error))
                instead = self._scheduler.remember(job, error)
                todo += [] if instead is None else [instead]
        return todo

    def _known_failure(self, job: Job) -> VideditError | None:
        look = self._films[job.film].unseen(job)
        if look is not None and job.kind not in ("pass", "look"):
            return self._scheduler.worked.failed[job.film, look.id]
        row = self._journal.row(job)
        if row is None or row.state != "failed":
            return None
        told = f"it failed in an earlier run: {row.error}"
        return VideditError(told, next_step="`videdit batch retry` tries again")

    def _passing(self, job: Job) -> Job:
        return self._films[job.film].passing(job, "it failed")

    def _job_done(self, job: Job) -> None:
        film = self._films[job.film]
        if job.kind == "look":
            film.take_look(job)
        elif all(self._is_over(one) for one in film.jobs):
            self._end(film)

    def _is_over(self, job: Job) -> bool:
        worked, place = self._scheduler.worked, (job.film, job.id)
        instead = worked.passed.get(place)
        if instead is not None:
            return (instead.film, instead.id) in worked.outcomes
        return place in worked.outcomes or place in worked.failed

    def _end(self, film: BatchFilm) -> None:
        worked = self._scheduler.worked
        jobs = [worked.passed.get((job.film, job.id), job) for job in film.jobs]
        outcomes = {
            job.id: worked.outcomes[job.film, job.id]
            for job in [*film.looks, *jobs]
            if (job.film, job.id) in worked.outcomes
        }
        whole = all(job.id in outcomes for job in jobs if job.makes_pictures)
        done = [job for job in jobs if job.id in outcomes]
        finished = None
        if whole:
            finished = film.finish(done, outcomes, self._report)
        else:
            for job in done:
                film.collect(job)
        film.write_edited(done)
        page = write_report(film, [*film.looks, *jobs], worked, outcomes, finished)
        self._results[film.name] = FilmResult(
            name=film.name,
            out=film.out,
            finished=finished,
            failed=_failures(film, worked),
            passed=tuple(job for place, job in worked.passed.items() if place[0] == film.name),
            report=page,
            jobs=len(film.looks) + len(film.jobs),
            reused=sum(place[0] == film.name for place in self._reused),
        )


def _broken(name: str, out: Path, error: VideditError) -> FilmResult:
    return FilmResult(name, out, None, (error,), (), None, 0, 0)


def _failures(film: BatchFilm, worked: WorkedOff) -> tuple[VideditError, ...]:
    found = {str(error): error for place, error in worked.failed.items() if place[0] == film.name}
    return tuple(found.values())


def absolute(request: BatchRequest) -> BatchRequest:
    """Return the request with paths that hold from any folder."""

    def whole(path: Path | None) -> Path | None:
        return None if path is None else path.resolve()

    selection = replace(request.selection, lists=tuple(path.resolve() for path in request.selection.lists))
    return replace(
        request,
        films=tuple(path.resolve() for path in request.films),
        pipeline=whole(request.pipeline),
        output=whole(request.output),
        shot_list=whole(request.shot_list),
        selection=selection,
    )
