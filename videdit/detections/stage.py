"""Look for things in every shot of a film, follow them, and lay their masks into the track."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from videdit.ahead import in_thread
from videdit.detections.doubts import frames_in_words
from videdit.detections.outlining import OutlineEngines, outlines
from videdit.detections.people import Person, people_of
from videdit.detections.search import Search, Waiting
from videdit.detections.shapes import mask_of, whole_frame
from videdit.detections.sidecar import read_boxes
from videdit.detections.sightings import Sighting, Tracklet
from videdit.detections.steps import DetectionStep
from videdit.detector import Detector
from videdit.errors import DoubtfulResult
from videdit.masks import MaskEntry, MaskTrack, Origin, PackedMask
from videdit.media import VideoReader
from videdit.plugins import AUTO, Plugins
from videdit.progress import Progress, Report, silent
from videdit.runtime import Runtime
from videdit.shot_lists import WIDEST_PX, ShotFinder
from videdit.shots import Shot, shot_inside
from videdit.tracking.keys import digest, weights_of

# Raised when the same detections make other tracklets.
STAGE_VERSION = 1
_BATCH = 512


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one step.

    people:    numbered from 1
    key:       what determined them, as a hash
    """

    step: DetectionStep
    people: tuple[Person, ...]
    key: str

    def doubtful(self, numbers: Callable[[int], bool]) -> list[tuple[int, Sighting]]:
        """Return number and sighting of everything doubtful about those that `numbers` accepts."""
        return [
            (one.number, sighting)
            for one in self.people
            if numbers(one.number)
            for sighting in one.sightings
            if sighting.doubt
        ]


class DetectionStage:
    """Finds what a step names, shot by shot; a shot that was looked through with the same settings is not again."""

    def __init__(
        self,
        *,
        reader: VideoReader,
        source: str,
        track: MaskTrack,
        plugins: Plugins,
        runtime: Runtime,
        engines: OutlineEngines | None = None,
    ) -> None:
        """
        source:  fingerprint of the film
        engines: what makes exact shapes; without it nothing of the kind can be laid
        """
        self._engines = engines
        self._reader = reader
        self._source = source
        self._track = track
        self._plugins = plugins
        self._runtime = plugins.runtime(runtime)
        self._searches: list[Search] = []

    def find(
        self, step: DetectionStep, shots: Sequence[Shot], *, span: Shot | None = None, report: Report = silent
    ) -> Found:
        """Return everyone that the step finds inside `span`."""
        following = step.following()
        if step.boxes is not None:
            video = self._reader.video
            people = read_boxes(
                step.boxes, shots, size=video.size, frames=self._reader.frame_count, hold=following.hold
            )
            return Found(step, tuple(people), digest("boxes", step.boxes_digest(), following.model_dump(mode="json")))
        search = self.search(step)
        parts = [part for shot in shots if (part := shot_inside(shot, span)) is not None]
        if len(parts) > 1 and (why_not := search.detector.looks_unavailable()):
            self._runtime.note(why_not)
        people = people_of(self.look(step, parts, report=report), search.detector.looks_alike)
        return Found(step, tuple(people), digest(*search.facts, [[part.start, part.stop] for part in parts]))

    def look(self, step: DetectionStep, parts: Sequence[Shot], *, report: Report = silent) -> list[Tracklet]:
        """Look through parts of shots, as far as they were not looked through; keep and return what is found."""
        search = self.search(step)
        total = sum(len(part) for part in parts)
        done = 0
        tracklets: list[Tracklet] = []
        for part in parts:
            kept = search.kept(self._track, part)
            if kept is None:
                looking = search.begin(part.start)
                for picture in self._reader.pictures(part.start, part.stop):
                    looking.take(picture.to_small_frame(search.width_px), last=picture.index + 1 == part.stop)
                    seen = done + picture.index - part.start + 1
                    report(Progress("look", seen, total, note=f"for {step.find}"))
                kept = search.keep(self._track, part, looking.finish())
            tracklets += kept
            done += len(part)
        return tracklets

    def find_shots(
        self, step: DetectionStep, finder: ShotFinder, *, span: Shot | None = None, report: Report = silent
    ) -> list[Shot]:
        """Return the shots that `finder` finds, and look through them in the same pass over the film.

        What the step finds is kept, so that `find` need not look at most of it again.
        """
        search = self.search(step)
        within = span if span is not None else Shot(0, self._reader.frame_count)
        waiting = Waiting(search, self._track, within)
        total = self._reader.frame_count
        with in_thread(waiting.take, ahead=4) as look:
            for picture in self._reader.pictures():
                frame = picture.to_small_frame(search.width_px)
                finder.watch(frame if search.width_px >= WIDEST_PX else picture.to_small_frame(WIDEST_PX))
                known, starts = finder.known()
                look((frame, known, starts))
                report(Progress("look", picture.index + 1, total, note=f"for shots and {step.find}"))
            shots = finder.finish()
            look((None, total, {total, *(shot.start for shot in shots)}))
        return shots

    def chosen(self, step: DetectionStep) -> DetectionStep:
        """Return the step with the detector that it stands for, and with all of that one's options."""
        offer, _ = self._plugins.choose_detector(step.find, self._runtime, step.detector)
        options = self._plugins.check_options(offer, step.options)
        return replace(step, detector=offer.name, options=options.model_dump(mode="json"))

    def search(self, step: DetectionStep) -> Search:
        """Return the step with its detector, which is made but once."""
        known = next((one for one in self._searches if one.step == step), None)
        if known is not None:
            return known
        offer, why = self._plugins.choose_detector(step.find, self._runtime, step.detector)
        if step.detector == AUTO:
            self._runtime.note(f"detector: {offer.name} ({why})")
        checked = self._plugins.check_options(offer, step.options)
        following = step.following()
        detector: Detector = self._plugins.create("detector", offer.name, checked, self._runtime)
        facts = (
            STAGE_VERSION,
            self._source,
            step.find,
            offer.name,
            self._plugins.source("detector", offer.name),
            checked.model_dump(mode="json"),
            weights_of(offer, checked, self._runtime),
            {**following.model_dump(mode="json"), "size": 0, "shape": "", "on_lost": ""},
            detector.looks_unavailable() == "",
        )
        self._searches.append(Search(step, following, detector, facts, self._reader.video.size))
        return self._searches[-1]

    # -- masks -----------------------------------------------------------------------------------------------------

    def lay(self, found: Found, ids: dict[int, int], shots: Sequence[Shot], *, report: Report = silent) -> None:
        """Lay everyone's masks into the track, unless they lie there already.

        ids: number -> object id
        Raises DoubtfulResult where the step says to stop at doubtful frames.
        """
        options = found.step.following()
        doubtful = found.doubtful(found.step.wants)
        lost = sorted({one.index for _, one in doubtful if one.doubt == "lost"})
        if options.on_lost == "stop" and lost:
            raise DoubtfulResult(
                f"{found.step.stem} lost from sight on {len(lost)} frames: {frames_in_words(lost)}",
                next_step="look at them and put their boxes right (--boxes-out, --boxes), or choose --on-lost hold",
            )
        exact = self._engines if options.shape == "exact" else None
        facts: list[Any] = [found.key, options.model_dump(mode="json"), sorted(ids.items())]
        if exact is not None:
            facts += [exact.described(), [[shot.start, shot.stop] for shot in shots]]
        key = digest(*facts)
        name = f"laid/{found.step.stem}"
        kept = self._track.kv_get(name)
        if kept is not None and kept["key"] == key:
            return
        shapes = self._drawn(found) if exact is None else self._outlined(exact, found, shots, report)
        everything = whole_frame(self._track.size) if options.on_lost == "frame" else None
        entries = (
            _entry(one, ids[person.number], everything if everything is not None and one.doubt == "lost" else mask)
            for person, one, mask in shapes
        )
        with self._track.transaction():
            for object_id in kept["ids"] if kept is not None else ():
                self._track.delete(object_id)
            while batch := list(itertools.islice(entries, _BATCH)):
                self._track.put(batch)
            self._track.kv_set(name, {"key": key, "ids": sorted(ids.values())})

    def _drawn(self, found: Found) -> Iterator[tuple[Person, Sighting, PackedMask]]:
        options, size = found.step.following(), self._track.size
        for person in found.people:
            for one in person.sightings:
                yield person, one, mask_of(one.box, size, options)

    def _outlined(
        self, engines: OutlineEngines, found: Found, shots: Sequence[Shot], report: Report
    ) -> Iterator[tuple[Person, Sighting, PackedMask]]:
        total = self._reader.frame_count
        for shot in shots:
            for person, one, mask in outlines(engines, found.people, shot, found.step.following()):
                report(Progress("outline", one.index + 1, total, note=f"of {found.step.find}"))
                yield person, one, PackedMask.pack(mask)


_ORIGINS: dict[str, Origin] = {"detected": "detected", "filled": "filled", "manual": "corrected"}


def _entry(one: Sighting, object_id: int, mask: PackedMask) -> MaskEntry:
    # What is in doubt stands below one half, where `videdit objects review` looks for it.
    sure = 0.5 + 0.5 * min(1.0, max(0.0, one.score)) if not one.doubt else 0.49 * min(1.0, max(0.0, one.score))
    evidence: dict[str, Any] = {"score": round(one.score, 4)}
    if one.doubt:
        evidence["doubt"] = one.doubt
    return MaskEntry(object_id, one.index, mask, sure, _ORIGINS[one.source], evidence)
