"""Look for things in every shot of a film, follow them, and lay their masks into the track."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from videdit.detections.doubts import frames_in_words
from videdit.detections.follower import Follower, rescaled
from videdit.detections.people import Person, people_of
from videdit.detections.shapes import mask_of, whole_frame
from videdit.detections.sidecar import read_boxes
from videdit.detections.sightings import Sighting, Tracklet
from videdit.detections.steps import DetectionStep, FollowOptions
from videdit.detector import Detection, Detector
from videdit.errors import BrokenPlugin, DoubtfulResult, VideditError
from videdit.frames import Frame
from videdit.masks import MaskEntry, MaskTrack, Origin, PackedMask
from videdit.media import VideoReader
from videdit.plugins import AUTO, Plugins
from videdit.progress import Progress, Report, silent
from videdit.runtime import Runtime
from videdit.shots import Shot, shot_inside
from videdit.tracking.keys import digest

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
        self, *, reader: VideoReader, source: str, track: MaskTrack, plugins: Plugins, runtime: Runtime
    ) -> None:
        """
        source: fingerprint of the film
        """
        self._reader = reader
        self._source = source
        self._track = track
        self._plugins = plugins
        self._runtime = plugins.runtime(runtime)

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
        offer, why = self._plugins.choose_detector(step.find, self._runtime, step.detector)
        if step.detector == AUTO:
            self._runtime.note(f"detector: {offer.name} ({why})")
        checked = self._plugins.check_options(offer, step.options)
        facts: list[Any] = [
            STAGE_VERSION,
            self._source,
            step.find,
            offer.name,
            self._plugins.source("detector", offer.name),
            checked.model_dump(mode="json"),
            {**following.model_dump(mode="json"), "size": 0, "shape": "", "on_lost": ""},
        ]
        detector: Detector = self._plugins.create("detector", offer.name, checked, self._runtime)
        facts.append(detector.looks_unavailable() == "")
        parts = [part for shot in shots if (part := shot_inside(shot, span)) is not None]
        if len(parts) > 1 and (why_not := detector.looks_unavailable()):
            self._runtime.note(why_not)
        total = sum(len(part) for part in parts)
        done = 0
        tracklets: list[Tracklet] = []
        for part in parts:
            key = digest(*facts, [part.start, part.stop])
            name = f"detections/{step.stem}/{part.start}-{part.stop}"
            kept = self._track.kv_get(name)
            if kept is None or kept["key"] != key:
                before = done

                def tell(index: int, before: int = before, part: Shot = part) -> None:
                    report(Progress("look", before + index - part.start + 1, total, note=f"for {step.find}"))

                kept = {"key": key, "tracklets": [_told(one) for one in self._look(step, detector, part, tell)]}
                self._track.kv_set(name, kept)
            tracklets += [_read(one) for one in kept["tracklets"]]
            done += len(part)
        people = people_of(tracklets, detector.looks_alike)
        return Found(step, tuple(people), digest(*facts, [[part.start, part.stop] for part in parts]))

    def _look(
        self, step: DetectionStep, detector: Detector, part: Shot, tell: Callable[[int], None]
    ) -> Sequence[Tracklet]:
        options = step.following()
        height, width = self._reader.video.size
        longer = max(height, width)
        bound_px = width if longer <= options.look_px else max(1, round(width * options.look_px / longer))
        follower: Follower | None = None
        factor = (1.0, 1.0)
        for frame in self._small_frames(part, bound_px):
            small_height, small_width = frame.size
            if follower is None:
                follower = Follower(options, frame.size, part.start)
                factor = (width / small_width, height / small_height)
            found: list[Detection] | None = None
            if (frame.index - part.start) % options.every == 0 or frame.index + 1 == part.stop:
                found = _detected(detector, frame, step.find)
            taken = follower.step(frame.index, cv2.cvtColor(frame.rgb8, cv2.COLOR_RGB2GRAY), found)
            wanting = [(one, detection) for one, detection in taken if follower.wants_looks(one)]
            if wanting:
                looks = detector.looks(frame, [detection for _, detection in wanting])
                for (one, _), row in zip(wanting, looks if looks is not None else (), strict=looks is not None):
                    follower.remember(one, row.tolist())
            tell(frame.index)
        return [] if follower is None else [rescaled(one, factor) for one in follower.finish()]

    def _small_frames(self, part: Shot, bound_px: int) -> Iterator[Frame]:
        for picture in self._reader.pictures(part.start, part.stop):
            yield picture.to_small_frame(bound_px)

    # -- masks -----------------------------------------------------------------------------------------------------

    def lay(self, found: Found, ids: dict[int, int]) -> None:
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
        key = digest(found.key, options.model_dump(mode="json"), sorted(ids.items()))
        name = f"laid/{found.step.stem}"
        kept = self._track.kv_get(name)
        if kept is not None and kept["key"] == key:
            return
        with self._track.transaction():
            for object_id in kept["ids"] if kept is not None else ():
                self._track.delete(object_id)
            for one in found.people:
                self._lay_one(one, ids[one.number], options)
            self._track.kv_set(name, {"key": key, "ids": sorted(ids.values())})

    def _lay_one(self, person: Person, object_id: int, options: FollowOptions) -> None:
        size = self._track.size
        everything = whole_frame(size) if options.on_lost == "frame" else None
        batch: list[MaskEntry] = []
        for one in person.sightings:
            hidden = everything if everything is not None and one.doubt == "lost" else mask_of(one.box, size, options)
            batch.append(_entry(one, object_id, hidden, options))
            if len(batch) == _BATCH:
                self._track.put(batch)
                batch = []
        self._track.put(batch)


def _detected(detector: Detector, frame: Frame, phrase: str) -> list[Detection]:
    try:
        return detector.detect(frame, phrase)
    except (VideditError, MemoryError):
        raise
    except Exception as error:
        raise BrokenPlugin(
            f"the detector raised {type(error).__name__}: {error}", where=f"frame {frame.index}"
        ) from error


_ORIGINS: dict[str, Origin] = {"detected": "detected", "filled": "filled", "manual": "corrected"}


def _entry(one: Sighting, object_id: int, mask: PackedMask, options: FollowOptions) -> MaskEntry:
    # What is in doubt stands below one half, where `videdit objects review` looks for it.
    sure = 0.5 + 0.5 * min(1.0, max(0.0, one.score)) if not one.doubt else 0.49 * min(1.0, max(0.0, one.score))
    evidence: dict[str, Any] = {"score": round(one.score, 4)}
    if one.doubt:
        evidence["doubt"] = one.doubt
    return MaskEntry(object_id, one.index, mask, sure, _ORIGINS[one.source], evidence)


def _told(one: Tracklet) -> dict[str, Any]:
    rows = [
        [s.index, *(round(value, 2) for value in s.box), round(s.score, 4), s.source, s.doubt] for s in one.sightings
    ]
    return {"sightings": rows, "looks": [[round(value, 5) for value in row] for row in one.looks]}


def _read(kept: dict[str, Any]) -> Tracklet:
    sightings = tuple(
        Sighting(index, (x0, y0, x1, y1), score, source, doubt)
        for index, x0, y0, x1, y1, score, source, doubt in kept["sightings"]
    )
    return Tracklet(sightings, tuple(tuple(row) for row in kept["looks"]))
