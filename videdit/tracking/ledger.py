"""What is made of the objects of one part of a shot, and what is being made: kept beside the masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from videdit.masks import MaskTrack
from videdit.shots import Shot
from videdit.tracking.keys import digest
from videdit.tracking.pieces import Piece

Keys = Mapping[Piece, str]
"""Piece -> hash of all that determines it."""


@dataclass(slots=True)
class Job:
    """Pieces that are made together, and how far that is.

    pieces: all that it began with, with their keys
    live:   those that are still wanted; a correction meanwhile takes some out
    at:     number of the pass
    done:   frames of it that are stored
    """

    pieces: dict[Piece, str]
    live: list[Piece] = field(default_factory=list)
    at: int = 0
    done: int = 0

    @property
    def begun(self) -> bool:
        return self.at > 0 or self.done > 0


class PartLedger:
    """The books of one part of a shot, in the mask track.

    Jobs lie on a stack: the last one is worked on first. A correction while others are tracked is a new job on top, so
    that what it does not touch goes on where it was, with the tracker's memory as it was.
    """

    def __init__(self, track: MaskTrack, part: Shot) -> None:
        self._track = track
        self._part = part
        self._name = f"jobs/{part.start}-{part.stop}"

    # -- what is made ----------------------------------------------------------------------------------------------

    def made(self, object_id: int) -> dict[Piece, str]:
        """Return the finished pieces of an object with the keys they were made under."""
        rows = self._track.kv_get(self._made_name(object_id)) or []
        return {Piece(object_id, start, stop, kind): key for start, stop, kind, key in rows}

    def is_fresh(self, object_id: int, wanted: Keys) -> bool:
        """Return whether exactly the wanted pieces of the object are made."""
        # Without a prompt and without an earlier run there may be imported masks, which are nobody's to replace.
        unfinished = any(piece.object_id == object_id for job in self._load() for piece in job.pieces)
        return self.made(object_id) == dict(wanted) and not unfinished

    def finish(self, job: Job) -> None:
        """Enter the job's live pieces as made, and take it off the stack."""
        for object_id in sorted({piece.object_id for piece in job.live}):
            mine = {piece: job.pieces[piece] for piece in job.live if piece.object_id == object_id}
            self._set_made(object_id, self.made(object_id) | mine)
        self._save(self._load()[:-1])
        self._track.blob_delete(self._blob(job))

    # -- what is to be made ----------------------------------------------------------------------------------------

    def plan(self, object_ids: Iterable[int], wanted: Keys) -> list[Job]:
        """Return the stack of jobs that makes all `wanted` pieces of these objects; nothing is written."""
        asked = set(object_ids)
        jobs = []
        for job in self._load():
            job.live = [
                piece for piece, key in job.pieces.items() if piece.object_id in asked and wanted.get(piece) == key
            ]
            if job.live and job.begun:
                jobs.append(job)
        in_work = {piece for job in jobs for piece in job.live}
        fresh = {piece for one in asked for piece, key in self.made(one).items() if wanted.get(piece) == key}
        rest = {piece: wanted[piece] for piece in sorted(wanted) if piece not in in_work and piece not in fresh}
        return [*jobs, Job(rest, list(rest))] if rest else jobs

    def take_up(self, object_ids: Iterable[int], wanted: Keys, jobs: Sequence[Job]) -> None:
        """Make the books agree with a plan: drop masks that are not wanted any more, and put the jobs on the stack."""
        kept = {piece for job in jobs if job.begun for piece in job.live}
        stacked = [piece for job in self._load() for piece in job.pieces]
        for object_id in object_ids:
            made = self.made(object_id)
            fresh = {piece: key for piece, key in made.items() if wanted.get(piece) == key}
            for piece in {*made, *(one for one in stacked if one.object_id == object_id)} - set(fresh) - kept:
                self._track.delete(object_id, piece.start, piece.stop)
            self._set_made(object_id, fresh)
        going_on = {self._blob(job) for job in jobs if job.begun}
        for job in self._load():
            if self._blob(job) not in going_on:
                self._track.blob_delete(self._blob(job))
        self._save(jobs)

    # -- how far it is ---------------------------------------------------------------------------------------------

    def advance(self, job: Job, state: bytes | None) -> None:
        """Keep how far the topmost job is, and the walk's state; None drops it."""
        jobs = self._load()
        jobs[-1].at, jobs[-1].done = job.at, job.done
        self._save(jobs)
        if state is None:
            self._track.blob_delete(self._blob(job))
        else:
            self._track.blob_set(self._blob(job), state)

    def state(self, job: Job) -> bytes | None:
        """Return the state of a job's walk."""
        return self._track.blob_get(self._blob(job))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _made_name(self, object_id: int) -> str:
        return made_fact(object_id, self._part)

    def _set_made(self, object_id: int, pieces: Keys) -> None:
        rows = [[piece.start, piece.stop, piece.kind, key] for piece, key in sorted(pieces.items())]
        self._track.kv_set(self._made_name(object_id), rows or None)

    def _blob(self, job: Job) -> str:
        return f"{self._name}/{digest(_rows(job))}"

    def _load(self) -> list[Job]:
        rows: list[dict[str, Any]] = self._track.kv_get(self._name) or []
        return [
            Job(
                {Piece(number, start, stop, kind): key for number, start, stop, kind, key in row["pieces"]},
                at=row["at"],
                done=row["done"],
            )
            for row in rows
        ]

    def _save(self, jobs: Sequence[Job]) -> None:
        rows = [
            {
                "pieces": _rows(job),
                "at": job.at,
                "done": job.done,
            }
            for job in jobs
        ]
        self._track.kv_set(self._name, rows or None)


def made_fact(object_id: int, part: Shot) -> str:
    """Return the name of the track's fact that holds what is made of an object in a part of a shot."""
    return f"made/{object_id}/{part.start}-{part.stop}"


def _rows(job: Job) -> list[list[Any]]:
    return [[one.object_id, one.start, one.stop, one.kind, key] for one, key in job.pieces.items()]
