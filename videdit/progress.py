"""Progress of long work, and how to stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is.

    stage: what is being done: "shots", "track", "render", "join"
    done, total: in `unit`s; total is 0 while it is not known
    note:  one sentence worth showing, for example what is being worked on
    """

    stage: str
    done: int
    total: int
    unit: str = "frames"
    note: str = ""


Report: TypeAlias = Callable[[Progress], None]
"""Takes each step of progress, at least once a frame. Whatever it raises, Interrupted say, stops the work there."""


def silent(progress: Progress) -> None:
    """Report to nobody."""
