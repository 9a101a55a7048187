"""From the shots of a film to its jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
MOST_HOMES = 3
"""An object is looked for by how it looks in the nearest shots in which somebody pointed at it, so many at most."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the jobs of one film.

    common:        hash of all that determines the pixels of every job
    plain:         the same for pictures that pass through
    object_key:    object, range -> hash of what determines its masks there
    given_key:     range -> hash of the masks there that are made already, by a detector say; "" if there are none
    given:         range -> whether such masks are of an object that an effect is for, or may be
    chosen_ids:    the objects that an effect is for; others are left alone
    chunk_frames:  a longer shot is tracked by one job and rendered by several of at most that many frames
    overlap_frames: how far effects look beyond such a job's own frames, on either side
    needs_objects: no effect does anything where there is no object
    static:        prompts hold on every frame of the film, whichever they were drawn on
    seeks:         objects are looked for where nobody pointed at them
    """

    film: str
    common: str
    plain: str
    object_key: Callable[[Pointed, Shot], str]
    given_key: Callable[[Shot], str]
    given: Callable[[Shot], bool]
    chosen_ids: Collection[int]
    chunk_frames: int
    overlap_frames: int
    needs_objects: bool
    static: bool = False
    seeks: bool = False

    def jobs(self, pieces: Sequence[Piece], pointed: Sequence[Pointed]) -> list[Job]:
        """Return the jobs in the film's order; the frames of all but the tracking ones are the film, each once.

        Where an object is looked for, its job waits for the masks of the shots in which somebody pointed at it. Those
        never wait: a shot that has both gets a job for the masks of what was pointed at, and another for the rest.
        """
        plans = [self._plan(piece, pointed) for piece in pieces]
        homes = {one.object_id: [plan.piece.frames for plan in plans if plan.has(one)] for one in pointed}
        needed = {home for plan in plans for one in plan.sought for home in _nearest(homes[one.object_id], plan)}
        before = {plan.piece.frames: self._first(plan, plan.piece.frames in needed) for plan in plans}
        makers = {frames: jobs[-1] for frames, jobs in before.items() if jobs and jobs[-1].kind in ("track", "edit")}
        jobs: list[Job] = []
        for plan in plans:
            some = before[plan.piece.frames]
            if not plan.why and not plan.sought and len(plan.piece.frames) > self.chunk_frames:
                some = [*some, *self._renders(plan.piece, self._masks(plan), some[-1:])]
            elif plan.sought:
                places = [plan.piece.frames] if plan.inside else []
                places += [home for one in plan.sought for home in _nearest(homes[one.object_id], plan)]
                some = [*some, *self._seeking(plan, [makers[place] for place in dict.fromkeys(places)])]
            jobs += some
        return jobs

    def _plan(self, piece: Piece, pointed: Sequence[Pointed]) -> _Plan:
        inside = list(pointed) if self.static else inside_of(pointed, piece.frames)
        here = {one.object_id for one in inside}
        sought = [one for one in pointed if self.seeks and piece.chosen and one.object_id not in here]
        chosen = any(one.object_id in self.chosen_ids for one in (*inside, *sought))
        empty = self.needs_objects and not chosen and not self.given(piece.frames)
        why = "" if piece.chosen and not empty else NOTHING_THERE if piece.chosen else NOT_CHOSEN
        return _Plan(piece, inside, [] if why else sought, why)

    def _first(self, plan: _Plan, needed: bool) -> list[Job]:
        """Return the jobs of a piece that wait for no other piece; what makes its masks comes last."""
        piece, frames = plan.piece, plan.piece.frames
        masks = self._masks(plan)
        track = [self._job(piece, "track", frames, frames, masks)] if plan.inside else []
        if plan.why:
            passes = [self.passing(piece.number, chunk, plan.why) for chunk in self._chunks(frames)]
            return [*passes, *(track if needed else [])]
        if plan.sought or len(frames) > self.chunk_frames:
            return track
        return [self._job(piece, "edit" if plan.inside else "render", frames, frames, masks)]

    def _seeking(self, plan: _Plan, makers: Sequence[Job]) -> list[Job]:
        piece, frames = plan.piece, plan.piece.frames
        masks = [*self._masks(plan), *([one.object_id, "sought"] for one in plan.sought)]
        masks += [[job.seen.start, job.seen.stop, job.key] for job in makers]
        needs = tuple(job.key for job in makers)
        if len(frames) <= self.chunk_frames:
            return [replace(self._job(piece, "edit", frames, frames, masks), needs=needs)]
        track = replace(self._job(piece, "track", frames, frames, masks), needs=needs)
        return [track, *self._renders(piece, masks, [track])]

    def passing(self, number: int, frames: Shot, why: str) -> Job:
        """Return the job that lets frames through as they are."""
        key = digest(JOB_VERSION, "pass", self.plain, [frames.start, frames.stop])
        return Job(key, self.film, number, "pass", frames, frames, why=why)

    def _renders(self, piece: Piece, masks: list[list[object]], makers: Sequence[Job]) -> list[Job]:
        whole = piece.frames
        needs = tuple(job.key for job in makers)
        jobs = []
        for frames in self._chunks(whole):
            seen = Shot(
                max(whole.start, frames.start - self.overlap_frames),
                min(whole.stop, frames.stop + self.overlap_frames),
            )
            jobs.append(replace(self._job(piece, "render", frames, seen, masks), needs=needs))
        return jobs

    def _job(self, piece: Piece, kind: Kind, frames: Shot, seen: Shot, masks: list[list[object]]) -> Job:
        # Masks do not depend on the effects, so that other effects find them made.
        common = "" if kind == "track" else self.common
        whole = [piece.frames.start, piece.frames.stop]
        ranges = [whole, [frames.start, frames.stop], [seen.start, seen.stop]]
        key = digest(JOB_VERSION, kind, common, ranges, masks, self.given_key(seen))
        return Job(key, self.film, piece.number, kind, frames, seen)

    def _masks(self, plan: _Plan) -> list[list[object]]:
        return [[one.object_id, self.object_key(one, plan.piece.frames)] for one in plan.inside]

    def _chunks(self, frames: Shot) -> list[Shot]:
        """Cut into the fewest runs that are short enough, all of about one length."""
        count = -(-len(frames) // self.chunk_frames)
        borders = [frames.start + len(frames) * number // count for number in range(count + 1)]
        return [Shot(start, stop) for start, stop in pairwise(borders)]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with a piece.

    inside: objects that were pointed at there, with those prompts alone
    sought: objects that are looked for there
    why:    why it passes through; "" if it does not
    """

    piece: Piece
    inside: Sequence[Pointed]
    sought: Sequence[Pointed]
    why: str

    def has(self, one: Pointed) -> bool:
        return any(one.object_id == other.object_id for other in self.inside)


def _nearest(homes: Sequence[Shot], plan: _Plan) -> list[Shot]:
    """Return the homes that lie nearest to a piece, in the film's order."""
    at = plan.piece.frames.start
    return sorted(sorted(homes, key=lambda home: (abs(home.start - at), home.start))[:MOST_HOMES])


def inside_of(pointed: Sequence[Pointed], frames: Shot) -> list[Pointed]:
    """Return the objects that have prompts in a range, with those prompts alone."""
    some = [
        replace(one, prompts={index: given for index, given in one.prompts.items() if index in frames})
        for one in pointed
    ]
    return [one for one in some if one.prompts]
