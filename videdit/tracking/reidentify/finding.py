"""Find objects again in the spans of a film where nobody pointed at them, and keep what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from videdit.frames import FrameSequence, Mask
from videdit.masks import MaskEntry, MaskTrack, PackedMask, PackedProbability
from videdit.segmenter import Segmenter
from videdit.shots import Shot
from videdit.tracker import Tracker
from videdit.tracking.passes import Direction, Pass
from videdit.tracking.pieces import Piece
from videdit.tracking.reidentify.describing import Describer, looked_at
from videdit.tracking.reidentify.gallery import Gallery
from videdit.tracking.reidentify.looking import Looker, Sighting
from videdit.tracking.reidentify.options import ReidentifyOptions
from videdit.tracking.walk import Judge, Walk

GOOD_SCORE = 0.6
"""A tracked mask of less is not what an object's looks are learned from."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of looking for one object in one span.

    sighting: the find, or what came nearest to one; None if nothing resembled it
    taken:    whether it is a find
    entries:  a mask, or absence, for each frame of the span
    """

    sighting: Sighting | None
    taken: bool
    entries: Sequence[MaskEntry]


class Finder:
    """Finds objects again, with the engines of the tracking stage."""

    def __init__(
        self,
        *,
        track: MaskTrack,
        frames_of: Callable[[Shot], FrameSequence],
        segmenter: Callable[[], Segmenter],
        make_tracker: Callable[[], Tracker],
        make_judge: Callable[[FrameSequence, Direction], Judge | None],
        options: ReidentifyOptions,
    ) -> None:
        self._track = track
        self._frames_of = frames_of
        self._segmenter = segmenter
        self._make_tracker = make_tracker
        self._make_judge = make_judge
        self._options = options
        self._galleries: dict[int, Gallery | None] = {}
        self._checking: Tracker | None = None

    def gallery(self, object_id: int, shots: Iterable[Shot]) -> Gallery | None:
        """Return an object's looks in `shots`, where it was pointed at; None if it is nowhere to be seen there.

        Drawn and corrected masks come first; of tracked ones those that the tracker was sure of, spread over time.
        """
        if object_id not in self._galleries:
            views = []
            for shot in shots:
                chosen = self._confirmed(object_id, shot)
                views += looked_at(self._frames_of(shot), sorted(chosen), chosen, self._engines())
            self._galleries[object_id] = Gallery.of(views[: 4 * self._options.gallery_frames]) if views else None
        return self._galleries[object_id]

    def _confirmed(self, object_id: int, shot: Shot) -> dict[int, Mask]:
        drawn: list[int] = []
        sure: list[int] = []
        for entry in self._track.entries(object_id, shot.start, shot.stop):
            if entry.mask.empty:
                continue
            if entry.origin in ("prompt", "corrected", "imported"):
                drawn.append(entry.index)
            elif entry.origin in ("tracked", "refined") and entry.score >= GOOD_SCORE:
                sure.append(entry.index)
        wanted = _spread(drawn, self._options.gallery_frames)
        wanted += _spread(sure, self._options.gallery_frames - len(wanted))
        found = ((index, self._track.get(object_id, index)) for index in wanted)
        return {index: entry.mask.mask() for index, entry in found if entry is not None}

    def _engines(self) -> dict[str, Describer]:
        return {"segmenter": self._segmenter(), "tracker": self._checker()}

    def _checker(self) -> Tracker:
        # One for all finds: a tracker of a large network takes a second to make.
        if self._checking is None:
            self._checking = self._make_tracker()
        return self._checking

    def sight(self, object_id: int, gallery: Gallery, shot: Shot, span: Shot) -> tuple[Sighting | None, bool]:
        """Look for an object in `span` of a shot; see `Looker.look`. Nothing is stored."""
        looker = Looker(
            self._frames_of(shot),
            gallery,
            segmenter=self._segmenter(),
            tracker=self._checker(),
            describers=self._engines(),
            others=lambda index: self._known(index, object_id),
            options=self._options,
        )
        return looker.look(span)

    def find(self, object_id: int, gallery: Gallery, shot: Shot, span: Shot) -> Found:
        """Look for an object in `span` of a shot, and track it through the span if it is there. Nothing is stored."""
        sighting, taken = self.sight(object_id, gallery, shot, span)
        if sighting is None or not taken:
            return Found(sighting, False, list(_absence(object_id, span, self._track.size, sighting)))
        entries = {sighting.index: _first(object_id, sighting)}
        for one in self._walked(object_id, shot, span, sighting):
            entries[one.index] = one
        for one in _absence(object_id, span, self._track.size, None):
            entries.setdefault(one.index, one)
        return Found(sighting, True, [entries[index] for index in span])

    def _walked(self, object_id: int, shot: Shot, span: Shot, sighting: Sighting) -> Iterator[MaskEntry]:
        at = sighting.index
        ways: list[tuple[Direction, range, Piece]] = []
        if at + 1 < span.stop:
            ways.append(("forward", range(at, span.stop), Piece(object_id, at + 1, span.stop, "after")))
        if at > sighting.earliest:
            ways.append(
                ("backward", range(at, sighting.earliest - 1, -1), Piece(object_id, sighting.earliest, at, "before"))
            )
        frames = self._frames_of(shot)
        for direction, visited, piece in ways:
            plan = Pass(direction, visited, {at: frozenset({object_id})}, {object_id: [piece]})
            walk = Walk(
                self._make_tracker(),
                frames,
                plan,
                _Sighted(self._track, object_id, sighting),
                self._make_judge(frames, direction),
            )
            for step in walk.steps():
                if object_id not in step.made:
                    continue
                one = step.made[object_id]
                there = one.origin != "absent"
                evidence = {**one.evidence, "likeness": round(sighting.likeness, 4), "found_at": at}
                yield MaskEntry(
                    object_id,
                    step.index,
                    PackedMask.pack(one.tracked.mask),
                    one.tracked.score * sighting.likeness if there else one.tracked.score,
                    "reidentified" if there else "absent",
                    evidence,
                    PackedProbability.pack(one.tracked.probability),
                )

    def _known(self, index: int, object_id: int) -> Mask:
        others = [one for one in self._track.at(index) if one != object_id]
        return self._track.union(index, others)


class _Sighted:
    """What a walk from a find looks up: the find, and the masks of other objects."""

    def __init__(self, track: MaskTrack, object_id: int, sighting: Sighting) -> None:
        self._track = track
        self._object_id = object_id
        self._sighting = sighting

    def confirmed(self, object_id: int) -> Sequence[int]:
        """Return the frame of the find."""
        return [self._sighting.index] if object_id == self._object_id else []

    def mask(self, object_id: int, index: int) -> Mask:
        """Return the mask of the find."""
        return self._sighting.mask

    def others(self, index: int, without: Iterable[int]) -> Mapping[int, MaskEntry]:
        """Return the masks of all objects but these, and but the one that is being found."""
        left_out = {*without, self._object_id}
        return {one: entry for one, entry in self._track.at(index).items() if one not in left_out}


def _first(object_id: int, sighting: Sighting) -> MaskEntry:
    named = {name: round(value, 4) for name, value in sighting.figures.items()}
    evidence = {**named, "likeness": round(sighting.likeness, 4), "found_at": sighting.index}
    packed = PackedMask.pack(sighting.mask)
    return MaskEntry(object_id, sighting.index, packed, sighting.likeness, "reidentified", evidence)


def _absence(object_id: int, span: Shot, size: tuple[int, int], nearest: Sighting | None) -> Iterator[MaskEntry]:
    """Yield absence for each frame of a span; what came nearest to a find stands with its frame, for review."""
    empty = PackedMask.pack(np.zeros(size, np.bool_))
    for index in span:
        chance = nearest.likeness if nearest is not None and index == nearest.index else 0.0
        evidence = {"likeness": round(chance, 4)} if chance else {}
        yield MaskEntry(object_id, index, empty, 1 - chance, "absent", evidence)


def _spread(indices: Sequence[int], at_most: int) -> list[int]:
    if at_most <= 0 or not indices:
        return []
    if len(indices) <= at_most:
        return list(indices)
    chosen = np.linspace(0, len(indices) - 1, at_most).round().astype(int)
    return [indices[int(one)] for one in chosen]
