"""Run the tracking stage over the shots of a film, into its mask track."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from videdit.errors import Interrupted, OptionError
from videdit.frames import FrameSequence, Mask
from videdit.masks import MaskEntry, MaskTrack, Origin, PackedMask
from videdit.plugins import AUTO, Plugins
from videdit.progress import Progress, Report, silent
from videdit.prompts import Prompt
from videdit.runtime import Runtime
from videdit.shots import Shot, shot_inside
from videdit.tracker import Tracker
from videdit.tracking.keys import digest, object_key
from videdit.tracking.passes import Pass, plan_passes
from videdit.tracking.prompting import Selected, select
from videdit.tracking.walk import CHUNK_FRAMES, Step, walk

_NO_PROMPT = "no prompt"


@dataclass(frozen=True, slots=True)
class Engines:
    """Which engines make the masks, with their options."""

    segmenter: str = AUTO
    tracker: str = AUTO
    segmenter_options: Mapping[str, Any] = field(default_factory=dict)
    tracker_options: Mapping[str, Any] = field(default_factory=dict)


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

    An object whose prompts and engines did not change in a shot is left alone there; what is tracked anew replaces
    that object's masks of that shot and no others. A killed run goes on at its last finished chunk.
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
        self._segmenter: Any = None
        self._described: dict[str, Any] | None = None

    # -- single frames ---------------------------------------------------------------------------------------------

    def select(self, pointed: Pointed, index: int, shot: Shot) -> Selected:
        """Return the mask that an object's prompts select on one of its prompted frames."""
        if self._segmenter is None:
            engines = self._engines
            self._segmenter = self._plugins.create(
                "segmenter", engines.segmenter, engines.segmenter_options, self._runtime
            )
        return select(self._segmenter, self._frames_of(shot), index, pointed.prompts[index], pointed.name)

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
        work = [(shot, shot_inside(shot, span)) for shot in shots]
        jobs = [(shot, part, self._stale(objects, part)) for shot, part in work if part is not None]
        jobs = [(shot, part, stale) for shot, part, stale in jobs if stale]
        total = sum(len(part) for _, part, _ in jobs)
        done = 0
        for shot, part, stale in jobs:
            before = done

            def tell(frames_done: int, before: int = before, shot: Shot = shot) -> None:
                report(Progress("track", before + frames_done, total, note=f"shot {shot.start}-{shot.stop - 1}"))

            tell(0)
            self._track_shot(stale, shot, part, tell)
            done += len(part)

    def is_fresh(self, objects: Sequence[Pointed], shots: Iterable[Shot], span: Shot | None = None) -> bool:
        """Return whether `run` would have nothing to do."""
        return not any(self._stale(objects, part) for shot in shots if (part := shot_inside(shot, span)) is not None)

    def _stale(self, objects: Sequence[Pointed], part: Shot) -> list[Pointed]:
        stale = []
        for one in objects:
            recorded, key = self._track.kv_get(_done(one, part)), self._key(one, part)
            # Without a prompt and without an earlier run there may be imported masks, which are nobody's to replace.
            if recorded != key and not (recorded is None and key == _NO_PROMPT):
                stale.append(one)
        return stale

    def _key(self, one: Pointed, part: Shot) -> str:
        inside = {index: prompts for index, prompts in one.prompts.items() if index in part}
        if not inside:
            return _NO_PROMPT
        return object_key(self._source, (part.start, part.stop), inside, self._describe())

    def _describe(self) -> dict[str, Any]:
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
                described[role] = [offer.name, source, checked.model_dump(mode="json")]
                if name == AUTO:
                    self._runtime.note(f"{role}: {offer.name} ({why})")
            self._described = described
        return self._described

    def _track_shot(self, stale: Sequence[Pointed], shot: Shot, part: Shot, tell: Callable[[int], None]) -> None:
        frames = self._frames_of(shot)
        keyframes: dict[int, dict[int, Mask]] = {}
        scores: dict[tuple[int, int], float] = {}
        for one in stale:
            for index in sorted(index for index in one.prompts if index in part):
                chosen = self.select(one, index, shot)
                keyframes.setdefault(one.object_id, {})[index] = chosen.mask
                scores[one.object_id, index] = chosen.score
        passes = plan_passes(keyframes, part)
        joint = digest([self._key(one, part) for one in stale], [one.object_id for one in stale])
        state_name = f"track/{part.start}-{part.stop}"
        state = self._track.kv_get(state_name)
        if state is None or state["key"] != joint:
            state = {"key": joint, "pass": 0, "done": 0}
            with self._track.transaction():
                for one in stale:
                    self._track.delete(one.object_id, part.start, part.stop)
                    self._track.kv_set(_done(one, part), None)
                self._track.blob_delete(state_name)
                self._track.kv_set(state_name, state)
        seen = sum(len(plan.frames) for plan in passes[: state["pass"]]) + state["done"]
        share = len(part) / max(1, sum(len(plan.frames) for plan in passes))
        for number, plan in enumerate(passes):
            if number < state["pass"]:
                continue
            skip = state["done"] if number == state["pass"] else 0
            snapshot = self._track.blob_get(state_name) if skip else None
            tracker: Tracker = self._plugins.create(
                "tracker", self._engines.tracker, self._engines.tracker_options, self._runtime
            )
            chunk: list[MaskEntry] = []
            finished = skip
            for step in walk(tracker, frames, plan, keyframes, skip=skip, state=snapshot):
                chunk.extend(_entries(step, plan, keyframes, scores))
                finished += 1
                seen += 1
                going_on = {"key": joint, "pass": number, "done": finished}
                if finished % CHUNK_FRAMES == 0 and finished < len(plan.frames):
                    self._keep(chunk, state_name, going_on, tracker)
                    chunk = []
                try:
                    tell(int(seen * share))
                except Interrupted:
                    # The tracker stands between two frames, so nothing of the unfinished chunk need be lost.
                    self._keep(chunk, state_name, going_on, tracker)
                    raise
            self._keep(chunk, state_name, {"key": joint, "pass": number + 1, "done": 0}, None)
        with self._track.transaction():
            for one in stale:
                self._track.kv_set(_done(one, part), self._key(one, part))
            self._track.kv_set(state_name, None)
            self._track.blob_delete(state_name)

    def _keep(
        self, chunk: Sequence[MaskEntry], state_name: str, state: Mapping[str, Any], tracker: Tracker | None
    ) -> None:
        """Store a chunk's masks and where to go on in one transaction: after a crash both are there, or neither."""
        with self._track.transaction():
            self._track.put(chunk)
            if tracker is None:
                self._track.blob_delete(state_name)
            else:
                self._track.blob_set(state_name, tracker.snapshot())
            self._track.kv_set(state_name, state)


def _entries(
    step: Step, plan: Pass, keyframes: Mapping[int, Mapping[int, Mask]], scores: Mapping[tuple[int, int], float]
) -> list[MaskEntry]:
    entries = []
    for object_id, tracked in sorted(step.tracked.items()):
        given = step.index in keyframes[object_id]
        if plan.direction == "backward" and step.index >= min(keyframes[object_id]):
            continue  # the forward walk has this frame
        origin: Origin = "prompt" if given else "absent" if tracked.absent else "tracked"
        score = scores[object_id, step.index] if given else tracked.score
        entries.append(
            MaskEntry(object_id, step.index, PackedMask.pack(tracked.mask), score, origin, dict(tracked.evidence))
        )
    return entries


def _done(one: Pointed, part: Shot) -> str:
    return f"done/{one.object_id}/{part.start}-{part.stop}"


def check_inside(objects: Sequence[Pointed], span: Shot | None) -> None:
    """Raise OptionError if an object has no prompt inside the range to work on."""
    for one in objects:
        if span is not None and not any(index in span for index in one.prompts):
            raise OptionError(
                f"no prompt of object {one.name!r} lies in the range {span.start}..{span.stop - 1}",
                next_step="point at it inside the range, or leave --range out",
            )
