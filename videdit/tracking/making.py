"""Make the pieces of one job: walk by walk, in chunks that a killed run resumes at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from videdit.errors import Interrupted
from videdit.frames import FrameSequence, Mask
from videdit.masks import MaskEntry, MaskTrack, PackedMask, PackedProbability
from videdit.progress import Progress, Report
from videdit.tracker import Tracker
from videdit.tracking.blending import blend
from videdit.tracking.ledger import Job, PartLedger
from videdit.tracking.passes import Direction, Pass, plan_passes
from videdit.tracking.walk import Judge, Step, Walk

CHUNK_FRAMES = 250


@dataclass(frozen=True, slots=True)
class Made:
    """One frame of the stage's work.

    direction: the way the tracker walks; a frame between two confirmed ones comes twice, the second time blended
    entries:   what was made on it, by object id
    done, total: frames walked, of all that are to be walked
    """

    index: int
    direction: Direction
    entries: Mapping[int, MaskEntry]
    done: int
    total: int


@dataclass(slots=True)
class Count:
    """Frames walked, of all; told after each."""

    report: Report
    total: int
    done: int
    note: str = ""

    def tell(self) -> None:
        """Say how far the work is; what the report raises stops it."""
        self.report(Progress("track", self.done, self.total, note=self.note))


class Settled:
    """What a walk looks up in the mask track: confirmed masks, and those of rivals."""

    def __init__(self, track: MaskTrack, confirmed: Mapping[int, Sequence[int]]) -> None:
        """confirmed: object id -> its confirmed frames in this part"""
        self._track = track
        self._confirmed = confirmed

    def confirmed(self, object_id: int) -> Sequence[int]:
        """Return the object's confirmed frames in the shot."""
        return self._confirmed.get(object_id, ())

    def mask(self, object_id: int, index: int) -> Mask:
        """Return the mask of a confirmed frame."""
        entry = self._track.get(object_id, index)
        assert entry is not None, "confirmed masks are stored before a walk begins"
        return entry.mask.mask()

    def others(self, index: int, without: Iterable[int]) -> Mapping[int, MaskEntry]:
        """Return the settled masks of all objects but these on a frame."""
        left_out = set(without)
        return {one: entry for one, entry in self._track.at(index).items() if one not in left_out}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes jobs of one part of a shot.

    make_tracker: gives a new tracker for each walk
    make_judge:   gives what looks at the masks of each walk, or None
    """

    frames: FrameSequence
    track: MaskTrack
    ledger: PartLedger
    settled: Settled
    make_tracker: Callable[[], Tracker]
    make_judge: Callable[[Direction], Judge | None]

    def make(self, job: Job, count: Count) -> Iterator[Made]:
        """Yield each frame when it is made; close between two frames, and what was made is kept.

        Raises what the engines and the report raise. An interruption keeps every frame, any other error all but those
        of the unfinished chunk.
        """
        passes = plan_passes(job.pieces, job.live)
        for number in range(job.at, len(passes)):
            yield from self._walk(job, passes[number], count)
            job.at, job.done = number + 1, 0
        with self.track.transaction():
            self.ledger.finish(job)

    def _walk(self, job: Job, plan: Pass, count: Count) -> Iterator[Made]:
        walk = Walk(self.make_tracker(), self.frames, plan, self.settled, self.make_judge(plan.direction))
        chunk: list[MaskEntry] = []
        for step in walk.steps(skip=job.done, state=self.ledger.state(job) if job.done else None):
            entries = self._entries(step, plan)
            chunk.extend(entries.values())
            job.done += 1
            count.done += 1
            if job.done % CHUNK_FRAMES == 0 and job.done < len(plan.frames):
                self._keep(chunk, job, walk)
                chunk = []
            try:
                count.tell()
                yield Made(step.index, plan.direction, entries, count.done, count.total)
            except (Interrupted, GeneratorExit):
                # The tracker stands between two frames, so nothing of the unfinished chunk need be lost.
                self._keep(chunk, job, walk)
                raise
        with self.track.transaction():
            self.track.put(chunk)
            self.ledger.advance(Job(job.pieces, job.live, job.at + 1, 0), None)

    def _keep(self, chunk: Sequence[MaskEntry], job: Job, walk: Walk) -> None:
        """Store a chunk's masks and where to go on in one transaction: after a crash both are there, or neither."""
        with self.track.transaction():
            self.track.put(chunk)
            self.ledger.advance(job, walk.snapshot())

    def _entries(self, step: Step, plan: Pass) -> dict[int, MaskEntry]:
        entries = {}
        for object_id, one in sorted(step.made.items()):
            packed = PackedMask.pack(one.tracked.mask)
            entry = MaskEntry(
                object_id,
                step.index,
                packed,
                one.tracked.score,
                one.origin,
                dict(one.evidence),
                PackedProbability.pack(one.tracked.probability),
            )
            piece = plan.made(object_id, step.index)
            if plan.direction == "backward" and piece is not None and piece.kind == "between":
                forward = self.track.get(object_id, step.index)
                if forward is not None:
                    entry = blend(forward, entry, piece)
            entries[object_id] = entry
        return entries


def walked_frames(job: Job) -> int:
    """Return how many frames a job walks in all, those it has walked included."""
    return sum(len(plan.frames) for plan in plan_passes(job.pieces, job.live))


def frames_done(job: Job) -> int:
    """Return how many frames of a job are walked."""
    passes = plan_passes(job.pieces, job.live)
    return sum(len(plan.frames) for plan in passes[: job.at]) + job.done
