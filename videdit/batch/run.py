"""Run a batch: plan, work off what is not done, finish the films."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from videdit.batch.film import BatchFilm, Finished
from videdit.batch.jobs import Job, Outcome
from videdit.batch.journal import JOURNAL_NAME, Journal
from videdit.batch.report import write_report
from videdit.batch.request import BatchRequest
from videdit.batch.results import folder_of, read_result
from videdit.batch.scheduling import Scheduler, WorkedOff
from videdit.batch.worker import WorkerMaker
from videdit.devices import peak_memory_bytes
from videdit.errors import OptionError, VideditError
from videdit.plugins import Plugins
from videdit.progress import Report, silent
from videdit.project.lock import FolderLock
from videdit.project.runtimes import runtime_for
from videdit.runtime import Runtime

FINISHED_FOLDER = "finished"


@dataclass(frozen=True, slots=True)
class FilmResult:
    """What came of one film.

    finished: None if a part of it could not be made
    failed:   what could not be done
    passed:   shots that failed and were let through as they are
    report:   the page that tells about it
    """

    name: str
    out: Path
    finished: Finished | None
    failed: tuple[VideditError, ...]
    passed: tuple[Job, ...]
    report: Path
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
            "report": str(self.report),
            "jobs": self.jobs,
            "reused_jobs": self.reused,
            "peak_bytes": peak_memory_bytes(),
        }


@dataclass(frozen=True, slots=True)
class Planned:
    """Films with their plans, and the results that are there already, by (film, id)."""

    films: Sequence[BatchFilm]
    done: dict[tuple[str, str], Outcome] = field(default_factory=dict)

    @property
    def jobs(self) -> list[Job]:
        return [job for film in self.films for job in film.jobs]

    def film(self, name: str) -> BatchFilm:
        return next(film for film in self.films if film.name == name)


@contextmanager
def planned(
    work: Path, request: BatchRequest, plugins: Plugins, runtime: Runtime, report: Report = silent
) -> Iterator[Planned]:
    """Open the films, each in its folder inside `work`, and plan their jobs. Nobody else may be at work there."""
    request.check()
    work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(FolderLock(work))
        films = []
        for source, name in zip(request.films, names_of(request.films), strict=True):
            out = _output(work, source, name, request)
            film = BatchFilm(source, work / name, out, request, plugins, runtime)
            stack.callback(film.close)
            _check_output(film, request)
            films.append(film)
        done: dict[tuple[str, str], Outcome] = {}
        for film in films:
            for job in film.plan(report):
                outcome = read_result(folder_of(film.folder, job), job.key)
                if outcome is not None:
                    done[film.name, job.id] = outcome
        yield Planned(films, done)


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
    with planned(work, request, plugins, runtime, report) as plan, Journal(work / JOURNAL_NAME) as journal:
        request.write(work)
        journal.plan(plan.jobs, films=[film.name for film in plan.films])
        if retry:
            journal.forgive()
        return _Run(plan, journal, request, plugins, runtime, note, report).go()


class _Run:
    """One run over a plan."""

    def __init__(
        self,
        plan: Planned,
        journal: Journal,
        request: BatchRequest,
        plugins: Plugins,
        runtime: Runtime,
        note: Callable[[str], None],
        report: Report,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._request = request
        self._plugins = plugins
        self._runtime = runtime
        self._note = note
        self._report = report
        self._results: dict[str, FilmResult] = {}

    def go(self) -> list[FilmResult]:
        plan, journal = self._plan, self._journal
        for job in plan.jobs:
            outcome = plan.done.get((job.film, job.id))
            if outcome is not None:
                journal.note(job, "done", seconds=outcome.total_seconds, process=outcome.process)
        self._undone = {film.name: sum(job.film == film.name for job in plan.jobs) for film in plan.films}
        for name, _ in plan.done:
            self._undone[name] -= 1
        executor = self._plugins.create(
            "executor", self._request.executor, dict(self._request.executor_options), self._runtime
        )
        self._scheduler = Scheduler(
            executor,
            journal,
            lambda job: plan.film(job.film).task_of(job),
            passing=self._passing if self._request.pass_failed else None,
            done=self._job_done,
            keep_going=self._request.keep_going,
            note=self._note,
            report=self._report,
        )
        self._scheduler.worked.outcomes.update(plan.done)
        todo = self._todo()
        try:
            if todo:
                workers = executor.start(WorkerMaker(self._plugins, report=self._scheduler.still_here))
                self._note(f"{len(todo)} jobs for {workers} {'worker' if workers == 1 else 'workers'}")
            making = [job for job in plan.jobs if job.kind != "track"]
            done = sum(len(job.frames) for job in making if (job.film, job.id) in plan.done)
            total = sum(len(job.frames) for job in making)
            self._scheduler.work_off(todo, done_frames=done, total_frames=total)
        finally:
            executor.close()
        for film in plan.films:
            if film.name not in self._results:
                self._end(film)
        return [self._results[film.name] for film in plan.films]

    def _todo(self) -> list[Job]:
        """Return what is to be done; what failed in an earlier run counts as failed again, at once."""
        todo, failed = [], []
        for job in self._plan.jobs:
            if (job.film, job.id) in self._plan.done:
                continue
            row = self._journal.row(job)
            if row is not None and row.state == "failed":
                failed.append((job, row.error))
            else:
                todo.append(job)
        for job, error in failed:
            known = VideditError(f"it failed in an earlier run: {error}", next_step="`videdit batch retry` tries again")
            instead = self._scheduler.remember(job, known)
            todo += [] if instead is None else [instead]
        return todo

    def _passing(self, job: Job) -> Job:
        self._undone[job.film] += 1
        return self._plan.film(job.film).passing(job, "it failed")

    def _job_done(self, job: Job) -> None:
        self._undone[job.film] -= 1
        failed = sum(place[0] == job.film for place in self._scheduler.worked.failed)
        if self._undone[job.film] == failed:
            self._end(self._plan.film(job.film))

    def _end(self, film: BatchFilm) -> None:
        worked = self._scheduler.worked
        jobs = [worked.passed.get((job.film, job.id), job) for job in film.jobs]
        outcomes = {job.id: worked.outcomes[job.film, job.id] for job in jobs if (job.film, job.id) in worked.outcomes}
        whole = all(job.id in outcomes for job in jobs if job.kind != "track")
        done = [job for job in jobs if job.id in outcomes]
        finished = None
        if whole:
            finished = film.finish(done, outcomes, self._report)
        else:
            for job in done:
                film.collect(job)
        film.write_edited(done)
        page = write_report(film, jobs, worked, outcomes, finished)
        self._results[film.name] = FilmResult(
            name=film.name,
            out=film.out,
            finished=finished,
            failed=_failures(film, worked),
            passed=tuple(job for place, job in worked.passed.items() if place[0] == film.name),
            report=page,
            jobs=len(film.jobs),
            reused=sum(place[0] == film.name for place in self._plan.done),
        )


def _failures(film: BatchFilm, worked: WorkedOff) -> tuple[VideditError, ...]:
    found = {str(error): error for place, error in worked.failed.items() if place[0] == film.name}
    return tuple(found.values())


def names_of(films: Sequence[Path]) -> list[str]:
    """Return a name for each film, its own where no other has the same."""
    names: list[str] = []
    for film in films:
        stem = film.resolve().stem
        name, number = stem, 1
        while name in names or name == FINISHED_FOLDER:
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return names


def _output(work: Path, source: Path, name: str, request: BatchRequest) -> Path:
    if request.output is not None and not request.output.is_dir():
        if not request.output.parent.is_dir():
            raise OptionError("the folder for the result does not exist", where=str(request.output.parent))
        return request.output
    folder = request.output if request.output is not None else work / FINISHED_FOLDER
    folder.mkdir(exist_ok=True)
    return folder / f"{name}{source.suffix if source.is_file() else '.mp4'}"


def _check_output(film: BatchFilm, request: BatchRequest) -> None:
    out, source = film.out, film.project.description.source
    if not out.exists():
        return
    if source is not None and source.exists() and out.samefile(source):
        raise OptionError("the result would overwrite its source", where=str(out), next_step="name another file")
    if not request.overwrite and not film.is_ours():
        raise OptionError("the file exists", where=str(out), next_step="pass --overwrite, or name another file")


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
