"""How far a batch is, read while it is at work or when it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videdit.batch.journal import JOURNAL_NAME, Journal, Row
from videdit.batch.request import read_request
from videdit.batch.results import finished_file
from videdit.project.lock import FolderLock


@dataclass(frozen=True, slots=True)
class Status:
    """One film of a batch, and its jobs.

    running:  somebody is at work in the work folder
    finished: the finished film, as far as it is made of these jobs; None if there is none yet
    """

    film: str
    rows: Sequence[Row]
    running: bool
    finished: Path | None

    @property
    def states(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        return dict(Counter(row.state for row in self.rows))

    @property
    def failed(self) -> list[Row]:
        return [row for row in self.rows if row.state == "failed"]

    @property
    def seconds(self) -> float:
        """What the jobs that are done took together."""
        return sum(row.seconds for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        names = ("id", "number", "kind", "start", "stop", "state", "tries", "seconds", "error", "process")
        jobs = [{name: getattr(row, name) for name in names} for row in self.rows]
        return {
            "film": self.film,
            "running": self.running,
            "finished": None if self.finished is None else str(self.finished),
            "states": self.states,
            "seconds": round(self.seconds, 3),
            "jobs": jobs,
        }


def status_of(work: Path) -> list[Status]:
    """Return how far each film is. Raises ProjectError if the folder is no work folder of a batch."""
    read_request(work)
    with Journal(work / JOURNAL_NAME) as journal:
        rows = journal.rows()
    running = FolderLock.is_held(work)
    if not running:
        # Whoever was at work was killed before it could say so.
        rows = [replace(row, state="waiting") if row.state == "at work" else row for row in rows]
    found = []
    for film in dict.fromkeys(row.film for row in rows):
        mine = [row for row in rows if row.film == film]
        over = all(row.state in ("done", "failed") for row in mine)
        found.append(Status(film, mine, running, finished_file(work / film) if over else None))
    return found
