"""Give jobs to an executor, longest first, until all are done or one failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from videdit.batch.jobs import Job, Outcome, Place
from videdit.batch.journal import Journal
from videdit.errors import DiskFull, VideditError
from videdit.executor import Ended, Executor
from videdit.progress import Progress, Report, silent

MOST_TRIES = 3
"""How many workers may die over a job before it counts as failed."""
_LOOK_UP_SECONDS = 0.2


@dataclass(slots=True)
class WorkedOff:
    """What came of the jobs, by their place: (film, id).

    passed: job that failed -> the job that let its frames through in its place
    """

    outcomes: dict[Place, Outcome] = field(default_factory=dict)
    failed: dict[Place, VideditError] = field(default_factory=dict)
    passed: dict[Place, Job] = field(default_factory=dict)
    traces: dict[Place, str] = field(default_factory=dict)


class Schedule:
    """The jobs that are not done yet, in the order in which they are to be begun.

    Films come in their order, so that a worker need not change films at every job. Within a film the longest come
    first: what is begun last is then short, and no worker sits idle for long at the end. What waits for another job
    comes when that one is done.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        films: dict[str, int] = {}
        numbered = [(films.setdefault(job.film, len(films)), job) for job in jobs]
        self._waiting = [job for _, job in sorted(numbered, key=lambda pair: (pair[0], _rank(pair[1])))]
        self._undone = {(job.film, job.key) for job in self._waiting}

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> Job | None:
        """Take the next job that can be begun; None if all that is left waits for others."""
        for job in self._waiting:
            if not any((job.film, key) in self._undone for key in job.needs):
                self._waiting.remove(job)
                return job
        return None

    def done(self, job: Job) -> None:
        """Let those begin that wait for this one."""
        self._undone.discard((job.film, job.key))

    def put_first(self, job: Job) -> None:
        """Put a job first in line."""
        self._undone.add((job.film, job.key))
        self._waiting.insert(0, job)

    def drop_after(self, job: Job) -> list[Job]:
        """Take out those that wait for a job that failed, and return them."""
        gone: list[Job] = []
        lost = {job.key}
        while more := [one for one in self._waiting if one.film == job.film and lost & {*one.needs}]:
            gone += more
            lost = {one.key for one in more}
            self._waiting = [one for one in self._waiting if one not in more]
        return gone


def _rank(job: Job) -> tuple[int, int]:
    return -len(job.frames if job.makes_pictures else job.seen), job.frames.start


class Scheduler:
    """Works jobs off.

    task_of:    job -> what the executor's workers are given
    passing:    job that failed -> the job that lets its frames through; None lets nothing through
    done:       is told of each job that is done
    keep_going: go on with other jobs when one has failed; without it the first failure is raised
    """

    def __init__(
        self,
        executor: Executor,
        journal: Journal,
        task_of: Callable[[Job], Any],
        *,
        passing: Callable[[Job], Job] | None = None,
        done: Callable[[Job], None] = lambda job: None,
        keep_going: bool = False,
        note: Callable[[str], None] = lambda sentence: None,
        report: Report = silent,
    ) -> None:
        self._executor = executor
        self._journal = journal
        self._task_of = task_of
        self._passing = passing
        self._done = done
        self._keep_going = keep_going
        self._note = note
        self._report = report
        self._at_work: dict[str, Job] = {}
        self._tries: dict[Place, int] = {}
        self._progress = Progress("batch", 0, 0)
        self.worked = WorkedOff()

    def still_here(self, step: Progress) -> None:
        """Report once more how far the batch is; a worker in this process calls it on every frame it does."""
        self._report(self._progress)

    def work_off(
        self, jobs: Iterable[Job], *, stage: str = "batch", done_frames: int = 0, total_frames: int = 0
    ) -> WorkedOff:
        """Do the jobs; raise the first failure unless it is to keep going.

        stage: for the progress
        done_frames, total_frames: for the progress, what earlier runs have done included
        """
        self._schedule = Schedule(jobs)
        frames, note = done_frames, ""
        self._progress = Progress(stage, frames, total_frames)
        while self._schedule or self._at_work:
            self._submit()
            for ended in self._executor.wait(_LOOK_UP_SECONDS):
                job = self._at_work.pop(ended.task_id)
                if ended.result is None:
                    self._lost(job, ended)
                elif ended.result.error is not None:
                    self.fail(job, ended.result.error, ended.result)
                else:
                    self._succeed(job, ended.result)
                    frames += 0 if job.kind == "track" else len(job.frames)
                    note = f"{job.film}, {job.title}"
            self._progress = Progress(stage, frames, total_frames, note=note)
            self._report(self._progress)
        return self.worked

    def _submit(self) -> None:
        while self._executor.free:
            job = self._schedule.next()
            if job is None:
                return
            task_id = f"{job.film}/{job.id}"
            self._journal.note(job, "at work", tries=self._tries.get(_place(job), 0))
            self._at_work[task_id] = job
            self._executor.submit(task_id, self._task_of(job))

    def _succeed(self, job: Job, outcome: Outcome) -> None:
        self._journal.note(
            job, "done", tries=self._tries.get(_place(job), 0), seconds=outcome.total_seconds, process=outcome.process
        )
        self.worked.outcomes[_place(job)] = outcome
        self._schedule.done(job)
        for sentence in outcome.notes:
            self._note(sentence)
        self._done(job)

    def _lost(self, job: Job, ended: Ended) -> None:
        tries = self._tries[_place(job)] = self._tries.get(_place(job), 0) + 1
        if tries < MOST_TRIES:
            self._note(f"{job.film}, {job.title}: {ended.reason}; the job is given out again")
            self._schedule.put_first(job)
            return
        error = VideditError(
            f"{tries} workers died over it, and the last because {ended.reason}",
            next_step="use fewer workers, --quality draft or a shorter --chunk, then `videdit batch retry`",
        )
        self.fail(job, error)

    def fail(self, job: Job, error: VideditError, outcome: Outcome | None = None) -> None:
        """Put a failure on record, with what cannot be done because of it; raise it unless it is to keep going.

        DiskFull is raised in any case.
        """
        outcome = outcome or Outcome()
        placed = at_place(job, error)
        if isinstance(error, DiskFull):
            # No fault of the job's: every other one would meet with the same, and this one will do when there is room.
            self._journal.note(job, "waiting")
            raise placed
        self.worked.traces[_place(job)] = outcome.trace
        for one in (job, *self._schedule.drop_after(job)):
            self._journal.note(
                one, "failed", tries=self._tries.get(_place(one), 0), error=str(placed), trace=outcome.trace,
                process=outcome.process,
            )  # fmt: skip
            instead = self.remember(one, placed)
            if instead is not None:
                self._schedule.put_first(instead)

    def remember(self, job: Job, error: VideditError) -> Job | None:
        """Count a job as failed; return the job that lets its frames through, if they are to be."""
        self.worked.failed[_place(job)] = error
        if self._passing is None and not self._keep_going:
            raise error
        self._note(f"failed: {error}")
        if self._passing is None or job.kind not in ("edit", "render"):
            return None
        instead = self._passing(job)
        self._journal.plan([instead])
        self.worked.passed[_place(job)] = instead
        return instead


def _place(job: Job) -> Place:
    return job.film, job.id


def at_place(job: Job, error: VideditError) -> VideditError:
    """Return the error with film and shot in front of where it happened."""
    place = f"{job.film}, {job.title}"
    where = f"{place}: {error.where}" if error.where else place
    return type(error)(error.what, where=where, next_step=error.next_step)
