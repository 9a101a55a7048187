"""Run the tracking stage over the shots of a film, into its mask track."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from videdit.errors import OptionError
from videdit.frames import FrameSequence
from videdit.masks import MaskEntry, MaskTrack, Origin, PackedMask
from videdit.plugins import AUTO, Plugins
from videdit.progress import Report, silent
from videdit.prompts import MaskPrompt, Phrase, Prompt
from videdit.runtime import Runtime
from videdit.shots import Shot, shot_inside
from videdit.tracker import Tracker
from videdit.tracking.judging import QualityGate
from videdit.tracking.keys import digest, piece_key, weights_of
from videdit.tracking.ledger import Job, PartLedger
from videdit.tracking.making import Count, Made, Maker, Settled, frames_done, walked_frames
from videdit.tracking.passes import Direction
from videdit.tracking.phrases import boxed
from videdit.tracking.pieces import Piece, pieces_of
from videdit.tracking.prompting import Selected, select
from videdit.tracking.refining import STRONG_RANK, Refine, RefineOptions, Refiner, check_refine_options
from videdit.tracking.reidentify.finding import Finder
from videdit.tracking.reidentify.options import check_reidentify_options
from videdit.tracking.reidentify.seeking import Appearance, Seeker, homes_of, search_name
from videdit.tracking.walk import Judge


@dataclass(frozen=True, slots=True)
class Engines:
    """Which engines make the masks, with their options.

    static: none do; see `tracking.drawn`
    refine: whether doubtful masks are put to the segmenter; "auto" does where it is a strong one
    reidentify: options of looking for objects again, see `ReidentifyOptions`
    """

    segmenter: str = AUTO
    tracker: str = AUTO
    segmenter_options: Mapping[str, Any] = field(default_factory=dict)
    tracker_options: Mapping[str, Any] = field(default_factory=dict)
    static: bool = False
    refine: Refine = "auto"
    refine_options: Mapping[str, Any] = field(default_factory=dict)
    reidentify: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pointed:
    """One object with all its prompts.

    prompts: frame index -> prompts there, in the order they were given
    """

    object_id: int
    name: str
    prompts: Mapping[int, Sequence[Prompt]]


class TrackingStage:
    """Makes the masks of objects in shots, and keeps them in a MaskTrack.

    The frames that a person pointed on are confirmed; they cut each object's shot into pieces. A piece whose prompts
    and engines did not change is left alone, byte for byte; the others are tracked anew, two ways where they lie
    between two confirmed frames. A killed run goes on at its last finished chunk.
    """

    def __init__(
        self,
        *,
        source: str,
        frames_of: Callable[[Shot], FrameSequence],
        track: MaskTrack,
        plugins: Plugins,
        runtime: Runtime,
        engines: Engines | None = None,
    ) -> None:
        """
        source:    fingerprint of the film, part of every key
        frames_of: shot -> its frames
        """
        self._source = source
        self._frames_of = frames_of
        self._track = track
        self._plugins = plugins
        self._runtime = plugins.runtime(runtime)
        self._engines = engines or Engines()
        self._segmenter_made: Any = None
        self._described: dict[str, Any] | None = None

    # -- single frames ---------------------------------------------------------------------------------------------

    def select(self, pointed: Pointed, index: int, shot: Shot) -> Selected:
        """Return the mask that an object's prompts select on one of its prompted frames."""
        frames = self._frames_of(shot)
        prompts = [
            boxed(prompt, frames[index], self._plugins, self._runtime) if isinstance(prompt, Phrase) else prompt
            for prompt in pointed.prompts[index]
        ]
        return select(self.segmenter, frames, index, prompts, pointed.name)

    def segmenter(self) -> Any:
        """Return the segmenter, made when it is first asked for."""
        if self._segmenter_made is None:
            engines = self._engines
            self._segmenter_made = self._plugins.create(
                "segmenter", engines.segmenter, engines.segmenter_options, self._runtime
            )
        return self._segmenter_made

    # -- whole shots -----------------------------------------------------------------------------------------------

    def run(
        self,
        objects: Sequence[Pointed],
        shots: Iterable[Shot],
        *,
        span: Shot | None = None,
        report: Report = silent,
    ) -> None:
        """Bring the masks of `objects` up to date in every one of `shots`, kept inside `span` where it is given."""
        for _ in self.steps(objects, shots, span=span, report=report):
            pass

    def steps(
        self,
        objects: Sequence[Pointed],
        shots: Iterable[Shot],
        *,
        span: Shot | None = None,
        report: Report = silent,
    ) -> Generator[Made, None, None]:
        """Do what `run` does, and yield each frame when it is made.

        Closing the iterator stops the work between two frames; what was made is kept, and the next run goes on there.
        """
        parts = [(shot, part) for shot in shots if (part := shot_inside(shot, span)) is not None]
        stale = [(shot, part) for shot, part in parts if not self._is_fresh(objects, part)]
        ids = [one.object_id for one in objects]
        planned = [PartLedger(self._track, part).plan(ids, self._wanted(objects, part)) for _, part in stale]
        jobs = [job for some in planned for job in some]
        count = Count(report, sum(map(walked_frames, jobs)), sum(map(frames_done, jobs)))
        for (shot, part), some in zip(stale, planned, strict=True):
            count.note = f"shot {shot.start}-{shot.stop - 1}"
            count.tell()
            yield from self._make(objects, shot, part, some, count)
        yield from self._reidentified(objects, parts, count)

    def is_fresh(self, objects: Sequence[Pointed], shots: Iterable[Shot], span: Shot | None = None) -> bool:
        """Return whether `run` would have nothing to do."""
        parts = [(shot, part) for shot in shots if (part := shot_inside(shot, span)) is not None]
        if not all(self._is_fresh(objects, part) for _, part in parts):
            return False
        return not self._seeker().searches(objects, parts, self._sought_pieces(objects, parts))

    def appearances(self, pointed: Pointed, shots: Iterable[Shot], *, span: Shot | None = None) -> list[Appearance]:
        """Return the shots that show an object: those where somebody pointed at it, and those it is recognised in.

        The shots with prompts are tracked before, if they are not; the others are looked at here and there, and
        nothing is stored of them.
        """
        parts = [(shot, part) for shot in shots if (part := shot_inside(shot, span)) is not None]
        homes = homes_of(pointed, parts)
        for shot, part in parts:
            if part in homes and not self._is_fresh([pointed], part):
                jobs = PartLedger(self._track, part).plan([pointed.object_id], self._wanted([pointed], part))
                for _ in self._make([pointed], shot, part, jobs, Count(silent, 0, 0)):
                    pass
        return self._seeker().appearances(pointed, parts)

    def _reidentified(
        self, objects: Sequence[Pointed], parts: Sequence[tuple[Shot, Shot]], count: Count
    ) -> Iterator[Made]:
        """Look for objects where nobody pointed at them, and where they were lost."""
        seeker = self._seeker()
        seeker.withdraw(objects, parts)
        yield from seeker.run(seeker.searches(objects, parts, self._sought_pieces(objects, parts)), parts, count)

    def _sought_pieces(self, objects: Sequence[Pointed], parts: Sequence[tuple[Shot, Shot]]) -> dict[str, Any]:
        return {
            search_name(one.object_id, part): sorted(self._wanted([one], part).values())
            for one in objects
            for _, part in parts
        }

    def _seeker(self) -> Seeker:
        options = check_reidentify_options(self._engines.reidentify)
        finder = Finder(
            track=self._track,
            frames_of=self._frames_of,
            segmenter=self.segmenter,
            make_tracker=self.make_tracker,
            make_judge=self._judge,
            options=options,
        )
        return Seeker(self._track, finder, self._source, self.describe(), options)

    def _is_fresh(self, objects: Sequence[Pointed], part: Shot) -> bool:
        ledger = PartLedger(self._track, part)
        return all(ledger.is_fresh(one.object_id, self._wanted([one], part)) for one in objects)

    def _wanted(self, objects: Sequence[Pointed], part: Shot) -> dict[Piece, str]:
        """Return every piece of the objects in this part, with its key."""
        return {
            piece: piece_key(self._source, piece, one.prompts, self.describe())
            for one in objects
            for piece in pieces_of(one.object_id, one.prompts, part)
        }

    def key(self, one: Pointed, part: Shot) -> str:
        """Return a hash of all that determines an object's masks in a part of a shot, other objects apart."""
        return digest([[piece.start, piece.stop, key] for piece, key in sorted(self._wanted([one], part).items())])

    def describe(self) -> dict[str, Any]:
        """Return what makes the masks: engines with versions, options and weights; part of every key."""
        if self._described is None:
            described: dict[str, Any] = {"quality": self._runtime.quality, "learned": self._runtime.learned}
            engines = self._engines
            for role, name, options in (
                ("segmenter", engines.segmenter, engines.segmenter_options),
                ("tracker", engines.tracker, engines.tracker_options),
            ):
                offer, why = self._plugins.choose(role, self._runtime, name)  # type: ignore[arg-type]
                checked = self._plugins.check_options(offer, options)
                source = self._plugins.source(offer.role, offer.name)
                weights = weights_of(offer, checked, self._runtime)
                described[role] = [offer.name, source, checked.model_dump(mode="json"), weights]
                if name == AUTO:
                    self._runtime.note(f"{role}: {offer.name} ({why})")
            if self._refines():
                described["refine"] = self._refine_options().model_dump(mode="json")
            self._described = described
        return self._described

    def _refines(self) -> bool:
        """Return whether doubtful masks are put to the segmenter."""
        if self._engines.refine != "auto":
            return self._engines.refine == "on"
        offer, _ = self._plugins.choose("segmenter", self._runtime, self._engines.segmenter)
        return offer.rank >= STRONG_RANK

    def _refine_options(self) -> RefineOptions:
        return check_refine_options(self._engines.refine_options)

    def _make(
        self, objects: Sequence[Pointed], shot: Shot, part: Shot, jobs: Sequence[Job], count: Count
    ) -> Iterator[Made]:
        ledger = PartLedger(self._track, part)
        # Selected before anything is dropped: a prompt that selects nothing must not cost the masks that are there.
        confirmed = [entry for job in jobs if not job.begun for entry in self._confirmed(objects, shot, job)]
        # So is a tracker that cannot be made: it must leave nothing behind.
        ready = [self.make_tracker()]
        with self._track.transaction():
            ledger.take_up([one.object_id for one in objects], self._wanted(objects, part), jobs)
            self._track.put(confirmed)
        prompted = {one.object_id: sorted(index for index in one.prompts if index in part) for one in objects}
        frames = self._frames_of(shot)
        maker = Maker(
            frames,
            self._track,
            ledger,
            Settled(self._track, prompted),
            lambda: ready.pop() if ready else self.make_tracker(),
            partial(self._judge, frames),
        )
        for job in reversed(jobs):
            yield from maker.make(job, count)

    def _confirmed(self, objects: Sequence[Pointed], shot: Shot, job: Job) -> Iterator[MaskEntry]:
        by_id = {one.object_id: one for one in objects}
        for piece in job.live:
            if piece.kind == "confirmed":
                one = by_id[piece.object_id]
                chosen = self.select(one, piece.start, shot)
                origin: Origin = "corrected" if corrects(one.prompts[piece.start]) else "prompt"
                yield MaskEntry(one.object_id, piece.start, PackedMask.pack(chosen.mask), chosen.score, origin)

    def make_tracker(self) -> Tracker:
        """Return a new tracker."""
        engines = self._engines
        made: Tracker = self._plugins.create("tracker", engines.tracker, engines.tracker_options, self._runtime)
        return made

    def _judge(self, frames: FrameSequence, direction: Direction) -> Judge:
        options = self._refine_options()
        refiner = Refiner(self.segmenter(), frames, options) if self._refines() else None
        return QualityGate(frames, 1 if direction == "forward" else -1, options, refiner)


def corrects(prompts: Sequence[Prompt]) -> bool:
    """Return whether the prompts of a frame put a mask right that was there: a mask, and what is wrong with it."""
    first = prompts[0]
    return len(prompts) > 1 and isinstance(first, MaskPrompt) and first.positive


def check_inside(objects: Sequence[Pointed], span: Shot | None) -> None:
    """Raise OptionError if an object has no prompt inside the range to work on."""
    for one in objects:
        if span is not None and not any(index in span for index in one.prompts):
            raise OptionError(
                f"no prompt of object {one.name!r} lies in the range {span.start}..{span.stop - 1}",
                next_step="point at it inside the range, or leave --range out",
            )
