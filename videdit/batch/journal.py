"""What happened to each job, on disk before anything else goes on.

Whether a job is done is not asked here but of its files (`results`), so a crash between the two costs nothing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from videdit.batch.jobs import Job
from videdit.errors import DiskFull, ProjectError

JOURNAL_NAME = "journal.sqlite"
_TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    id TEXT NOT NULL, film TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', trace TEXT NOT NULL DEFAULT '',
    process TEXT NOT NULL DEFAULT '', changed REAL NOT NULL, planned INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (film, id)
) WITHOUT ROWID"""
_COLUMNS = "id, film, number, kind, start, stop, state, tries, seconds, error, trace, process"


@dataclass(frozen=True, slots=True)
class Row:
    """One job: `state` is "waiting", "at work", "done" or "failed"; `tries` counts workers that died over it."""

    id: str
    film: str
    number: int
    kind: str
    start: int
    stop: int
    state: str
    tries: int
    seconds: float
    error: str
    trace: str
    process: str

    @property
    def frames(self) -> int:
        return self.stop - self.start


class Journal:
    """The jobs of a work folder in one SQLite file; each change is on the disk when its method returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            # Other than for masks a commit waits for the disk: what is on record must have happened.
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(_TABLE)
        except sqlite3.Error as error:
            raise ProjectError(f"the journal of the batch cannot be used: {error}", where=str(path)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def plan(self, jobs: Iterable[Job], *, films: Iterable[str] = ()) -> None:
        """Put jobs on record; those that are known keep their history, but nobody is at work on one any more.

        films: jobs of these films that are not among `jobs` are no part of the plan any more
        """
        self._write("BEGIN IMMEDIATE", ())
        try:
            self._database.executemany("UPDATE jobs SET planned = 0 WHERE film = ?", ((film,) for film in films))
            for job in jobs:
                values = (job.id, job.film, job.number, job.kind, job.frames.start, job.frames.stop, time.time())
                self._database.execute(
                    "INSERT INTO jobs (id, film, number, kind, start, stop, state, changed)"
                    " VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?) ON CONFLICT (film, id) DO UPDATE SET planned = 1,"
                    " number = excluded.number, state = iif(state = 'at work', 'waiting', state)",
                    values,
                )
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def note(
        self,
        job: Job,
        state: str,
        *,
        tries: int = 0,
        seconds: float = 0.0,
        error: str = "",
        trace: str = "",
        process: str = "",
    ) -> None:
        """Put a job's state on record."""
        self._write(
            "UPDATE jobs SET state = ?, tries = ?, seconds = ?, error = ?, trace = ?, process = ?, changed = ?"
            " WHERE film = ? AND id = ?",
            (state, tries, seconds, error, trace, process, time.time(), job.film, job.id),
        )

    def fail(self, job: Job, error: str) -> None:
        """Put on record that a job cannot be done; what is on record of an earlier failure stays."""
        self._write(
            "UPDATE jobs SET state = 'failed', error = ?, changed = ? WHERE film = ? AND id = ? AND state != 'failed'",
            (error, time.time(), job.film, job.id),
        )

    def forgive(self) -> int:
        """Have the jobs that failed done once more; return how many there are."""
        cursor = self._write("UPDATE jobs SET state = 'waiting', tries = 0, error = '' WHERE state = 'failed'", ())
        return cursor.rowcount

    def rows(self, film: str | None = None) -> list[Row]:
        """Return the jobs of the present plan, by film and frame."""
        where = "" if film is None else " AND film = ?"
        with closing(
            self._write(
                f"SELECT {_COLUMNS} FROM jobs WHERE planned = 1{where} ORDER BY film, start, kind DESC",
                () if film is None else (film,),
            )
        ) as cursor:
            return [Row(*values) for values in cursor]

    def row(self, job: Job) -> Row | None:
        """Return what is on record of a job."""
        with closing(
            self._write(f"SELECT {_COLUMNS} FROM jobs WHERE film = ? AND id = ?", (job.film, job.id))
        ) as cursor:
            values = cursor.fetchone()
        return None if values is None else Row(*values)

    def _write(self, query: str, values: Sequence[object]) -> sqlite3.Cursor:
        try:
            return self._database.execute(query, values)
        except sqlite3.Error as error:
            where = str(self._path)
            other = ProjectError(f"the journal of the batch cannot be used: {error}", where=where)
            raise (DiskFull.of(error, where) or other) from error
