"""What one step looks for in one film, and the frames that wait until it is known to which shot they belong."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from videdit.detections.looking import Looking, width_px
from videdit.detections.sightings import Sighting, Tracklet
from videdit.detections.steps import DetectionStep, FollowOptions
from videdit.detector import Detector
from videdit.frames import Frame
from videdit.masks import MaskTrack
from videdit.shots import Shot
from videdit.tracking.keys import digest

_WAITING_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True)
class Search:
    """A step with its detector.

    facts: what determines what is found in a part of the film, its range apart
    size:  height and width of the film
    """

    step: DetectionStep
    following: FollowOptions
    detector: Detector
    facts: tuple[Any, ...]
    size: tuple[int, int]

    @property
    def width_px(self) -> int:
        """The width to which frames are reduced."""
        return width_px(self.size, self.following)

    def begin(self, start: int) -> Looking:
        """Begin to look through frames that follow one another from `start` on."""
        return Looking(self.detector, self.step.find, self.following, self.size, start)

    def kept(self, track: MaskTrack, part: Shot) -> list[Tracklet] | None:
        """Return what was found in a part that was looked through already; None if it was not."""
        kept = track.kv_get(self._name(part))
        if kept is None or kept["key"] != self.key(part):
            return None
        return [_read(one) for one in kept["tracklets"]]

    def keep(self, track: MaskTrack, part: Shot, found: Sequence[Tracklet]) -> list[Tracklet]:
        """Keep what was found in a part, and return it as it is kept."""
        told = [_told(one) for one in found]
        track.kv_set(self._name(part), {"key": self.key(part), "tracklets": told})
        return [_read(one) for one in told]

    def take(self, track: MaskTrack, part: Shot, other: MaskTrack) -> None:
        """Take over what was found in a part from another track, whatever it was looked through with."""
        track.kv_set(self._name(part), other.kv_get(self._name(part)))

    def key(self, part: Shot) -> str:
        """Return a hash of all that determines what is found in a part."""
        return digest(*self.facts, [part.start, part.stop])

    def _name(self, part: Shot) -> str:
        return f"detections/{self.step.stem}/{part.start}-{part.stop}"


class Waiting:
    """Frames in order, each looked at as soon as it is known whether a shot ends with it.

    What waits is bounded in bytes. When that is not enough, the shots that were not seen to their end are left to a
    second pass.

    within: only these frames are looked at
    """

    def __init__(self, search: Search, track: MaskTrack, within: Shot) -> None:
        self._search = search
        self._track = track
        self._within = within
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._start: int | None = None
        self._looking: Looking | None = None
        self._given_up = False

    def take(self, news: tuple[Frame | None, int, Set[int]]) -> None:
        """Look at the frames that are known well enough now.

        news: the next frame, or None; the last frame of which it is known whether a shot begins there; where shots
              begin, up to there: the end of the film counts as one
        """
        frame, known, starts = news
        if frame is not None and frame.index in self._within and not self._given_up:
            self._frames.append(frame)
            self._bytes += frame.rgb.nbytes
        while self._frames and self._frames[0].index < known:
            self._look(self._frames.popleft(), starts)
        if self._bytes > _WAITING_BYTES:
            self._given_up = True
            self._frames.clear()
            self._looking = None

    def _look(self, frame: Frame, starts: Set[int]) -> None:
        self._bytes -= frame.rgb.nbytes
        if self._looking is None:
            self._start = frame.index
            self._looking = self._search.begin(frame.index)
        last = frame.index + 1 in starts or frame.index + 1 == self._within.stop
        self._looking.take(frame, last=last)
        if last:
            assert self._start is not None
            self._search.keep(self._track, Shot(self._start, frame.index + 1), self._looking.finish())
            self._looking = None


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
