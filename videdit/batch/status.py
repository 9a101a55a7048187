"""How far a batch is, read while it is at work or when it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videdit.batch.journal import JOURNAL_NAME, Journal, Row
from videdit.batch.request import read_request


@dataclass(frozen=True, slots=True)
class Status:
    """One film of a batch, and its jobs."""

    film: str
    rows: Sequence[Row]

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
        return {"film": self.film, "states": self.states, "seconds": round(self.seconds, 3), "jobs": jobs}


def status_of(work: Path) -> list[Status]:
    """Return how far each film is. Raises ProjectError if the folder is no work folder of a batch."""
    read_request(work)
    with Journal(work / JOURNAL_NAME) as journal:
        rows = journal.rows()
    films = list(dict.fromkeys(row.film for row in rows))
    return [Status(film, [row for row in rows if row.film == film]) for film in films]
