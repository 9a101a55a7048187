"""From the shots of a film to its jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from videdit.batch.jobs import Job, Kind
from videdit.batch.selection import Piece
from videdit.shots import Shot
from videdit.tracking.keys import digest
from videdit.tracking.stage import Pointed

# Raised when jobs themselves make something else of the same film.
JOB_VERSION = 1

NOT_CHOSEN = "not chosen"
NOTHING_THERE = "no object was pointed at there"


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the jobs of one film.

    common:        hash of all that determines the pixels of every job
    plain:         the same for pictures that pass through
    object_key:    object, range -> hash of what determines its masks there
    given_key:     range -> hash of the masks there that are made already, by a detector say; "" if there are none
    chunk_frames:  a longer shot is tracked by one job and rendered by several of at most that many frames
    overlap_frames: how far effects look beyond such a job's own frames, on either side
    needs_objects: no effect does anything where there is no object
    static:        prompts hold on every frame of the film, whichever they were drawn on
    """

    film: str
    common: str
    plain: str
    object_key: Callable[[Pointed, Shot], str]
    given_key: Callable[[Shot], str]
    chunk_frames: int
    overlap_frames: int
    needs_objects: bool
    static: bool = False

    def jobs(self, pieces: Sequence[Piece], pointed: Sequence[Pointed]) -> list[Job]:
        """Return the jobs in the film's order; the frames of all but the tracking ones are the film, each once."""
        jobs: list[Job] = []
        for piece in pieces:
            inside = list(pointed) if self.static else inside_of(pointed, piece.frames)
            if not piece.chosen or (self.needs_objects and not inside and not self.given_key(piece.frames)):
                why = NOTHING_THERE if piece.chosen else NOT_CHOSEN
                jobs += [self.passing(piece.number, frames, why) for frames in self._chunks(piece.frames)]
            elif len(piece.frames) <= self.chunk_frames:
                masks = self._masks(inside, piece.frames)
                jobs.append(self._job(piece, "edit" if inside else "render", piece.frames, piece.frames, masks))
            else:
                jobs += self._long(piece, inside)
        return jobs

    def passing(self, number: int, frames: Shot, why: str) -> Job:
        """Return the job that lets frames through as they are."""
        key = digest(JOB_VERSION, "pass", self.plain, [frames.start, frames.stop])
        return Job(key, self.film, number, "pass", frames, frames, why=why)

    def _long(self, piece: Piece, inside: Sequence[Pointed]) -> list[Job]:
        whole, masks = piece.frames, self._masks(inside, piece.frames)
        jobs = []
        masks_of = ""
        if inside:
            jobs.append(self._job(piece, "track", whole, whole, masks))
            masks_of = jobs[0].key
        for frames in self._chunks(whole):
            seen = Shot(
                max(whole.start, frames.start - self.overlap_frames),
                min(whole.stop, frames.stop + self.overlap_frames),
            )
            jobs.append(replace(self._job(piece, "render", frames, seen, masks), masks_of=masks_of))
        return jobs

    def _job(self, piece: Piece, kind: Kind, frames: Shot, seen: Shot, masks: list[list[object]]) -> Job:
        # Masks do not depend on the effects, so that other effects find them made.
        common = "" if kind == "track" else self.common
        whole = [piece.frames.start, piece.frames.stop]
        ranges = [whole, [frames.start, frames.stop], [seen.start, seen.stop]]
        key = digest(JOB_VERSION, kind, common, ranges, masks, self.given_key(seen))
        return Job(key, self.film, piece.number, kind, frames, seen)

    def _masks(self, inside: Sequence[Pointed], frames: Shot) -> list[list[object]]:
        return [[one.object_id, self.object_key(one, frames)] for one in inside]

    def _chunks(self, frames: Shot) -> list[Shot]:
        """Cut into the fewest runs that are short enough, all of about one length."""
        count = -(-len(frames) // self.chunk_frames)
        borders = [frames.start + len(frames) * number // count for number in range(count + 1)]
        return [Shot(start, stop) for start, stop in pairwise(borders)]


def inside_of(pointed: Sequence[Pointed], frames: Shot) -> list[Pointed]:
    """Return the objects that have prompts in a range, with those prompts alone."""
    some = [
        replace(one, prompts={index: given for index, given in one.prompts.items() if index in frames})
        for one in pointed
    ]
    return [one for one in some if one.prompts]
