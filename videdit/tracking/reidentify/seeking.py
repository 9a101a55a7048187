"""Plan where objects are looked for again, and keep what was found: by shot, and by stretch where they were lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from videdit.masks import MaskEntry, MaskTrack, PackedMask
from videdit.prompts import Prompt
from videdit.shots import Shot
from videdit.tracking.keys import digest, prompt_facts
from videdit.tracking.making import Count, Made
from videdit.tracking.reidentify.finding import Finder, Found
from videdit.tracking.reidentify.looking import Sighting
from videdit.tracking.reidentify.options import ReidentifyOptions

# Raised when the same looks lead to other finds.
VERSION = 1
MOST_ROUNDS = 3
"""A find may be lost again in the same shot; it is looked for so many times."""

Parts = Sequence[tuple[Shot, Shot]]
"""Shots, and the part of each that is worked on."""


class Sought(Protocol):
    """An object with its prompts by frame."""

    @property
    def object_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def prompts(self) -> Mapping[int, Sequence[Prompt]]: ...


@dataclass(frozen=True, slots=True)
class Search:
    """One object to be looked for in one part of a shot.

    home: whether somebody pointed at it there; then only stretches where it was lost are searched
    key:  hash of all that determines whether the search has to be made again
    """

    one: Sought
    shot: Shot
    part: Shot
    home: bool
    key: str

    @property
    def name(self) -> str:
        return search_name(self.one.object_id, self.part)


@dataclass(frozen=True, slots=True)
class Appearance:
    """A shot that shows an object, and where it was seen there first.

    likeness: the chance that it is the object, in [0, 1]; 1 where somebody pointed at it
    """

    shot: Shot
    index: int
    likeness: float


class Seeker:
    """Keeps the books of searches in the mask track."""

    def __init__(self, track: MaskTrack, finder: Finder, source: str, engines: Any, options: ReidentifyOptions) -> None:
        """source: fingerprint of the film. engines: what makes the masks, for keys"""
        self._track = track
        self._finder = finder
        self._facts = [VERSION, source, engines, options.model_dump(mode="json")]
        self._options = options

    def searches(self, objects: Iterable[Sought], parts: Parts, pieces: Mapping[str, Any]) -> list[Search]:
        """Return the searches that are still to be made.

        pieces: name of a search -> what the masks of its part depend on, where somebody pointed

        A correction of a shot does not send the object to be looked for again in the others: what counts is the first
        frame of each shot on which somebody pointed at it.
        """
        return [
            search
            for one in objects
            for search in self._wanted(one, parts, pieces)
            if self._track.kv_get(search.name) != search.key and not self._is_anothers(search)
        ]

    def _wanted(self, one: Sought, parts: Parts, pieces: Mapping[str, Any]) -> Iterator[Search]:
        homes = homes_of(one, parts)
        if not homes or not self._options.enabled:
            return
        looks = []
        for part in homes:
            first = min(index for index in one.prompts if index in part)
            looks.append([part.start, part.stop, first, [prompt_facts(prompt) for prompt in one.prompts[first]]])
        for shot, part in parts:
            home = part in homes
            about = pieces.get(search_name(one.object_id, part)) if home else None
            yield Search(one, shot, part, home, digest(self._facts, looks, [part.start, part.stop], about))

    def _is_anothers(self, search: Search) -> bool:
        """Masks where nobody pointed and nothing was looked for were imported; they are nobody's to replace."""
        if search.home or self._track.kv_get(search.name) is not None:
            return False
        return next(self._track.entries(search.one.object_id, search.part.start, search.part.stop), None) is not None

    def withdraw(self, objects: Iterable[Sought], parts: Parts) -> None:
        """Drop what was found before, where objects are not to be looked for any more."""
        with self._track.transaction():
            for one in objects:
                homes = homes_of(one, parts)
                for _, part in parts:
                    name = search_name(one.object_id, part)
                    if self._track.kv_get(name) is None or (self._options.enabled and homes):
                        continue
                    self._track.kv_set(name, None)
                    if part in homes:
                        found = self._track.entries(one.object_id, part.start, part.stop)
                        self._track.put(_absent(entry) for entry in list(found) if entry.origin == "reidentified")
                    else:
                        self._track.delete(one.object_id, part.start, part.stop)

    def run(self, searches: Iterable[Search], parts: Parts, count: Count) -> Iterator[Made]:
        """Make searches; yield the frames of each when it is done. Each is stored whole, or not at all."""
        for search in searches:
            count.note = f"looking for {search.one.name} in shot {search.shot.start}-{search.shot.stop - 1}"
            count.tell()
            gallery = self._finder.gallery(search.one.object_id, homes_of(search.one, parts))
            entries: dict[int, MaskEntry] = {}
            if gallery is not None:
                for round_number in range(MOST_ROUNDS):
                    spans = self._spans(search, entries, round_number)
                    found = [self._finder.find(search.one.object_id, gallery, search.shot, span) for span in spans]
                    for one in found:
                        entries |= self._to_keep(search, one)
                    if not any(one.taken for one in found):
                        break
            with self._track.transaction():
                self._track.put(entries.values())
                self._track.kv_set(search.name, search.key)
            for index, entry in sorted(entries.items()):
                yield Made(index, "forward", {search.one.object_id: entry}, count.done, count.total)

    def _to_keep(self, search: Search, found: Found) -> dict[int, MaskEntry]:
        """Return the entries to store. Where a tracker had lost the object already, only what came near is new."""
        if found.taken or not search.home:
            return {entry.index: entry for entry in found.entries}
        nearest = found.sighting
        before = None if nearest is None else self._track.get(search.one.object_id, nearest.index)
        if nearest is None or before is None:
            return {}
        evidence = {**before.evidence, "likeness": round(nearest.likeness, 4)}
        return {nearest.index: replace(before, score=min(before.score, 1 - nearest.likeness), evidence=evidence)}

    def _spans(self, search: Search, entries: Mapping[int, MaskEntry], round_number: int) -> list[Shot]:
        """Return where to look: the whole part, or the stretches where the object is lost, behind what was found."""
        if not search.home and round_number == 0:
            return [search.part]
        stored = self._track.entries(search.one.object_id, search.part.start, search.part.stop) if search.home else ()
        now = {entry.index: entry for entry in stored} | dict(entries)
        lost = list(lost_stretches(now, self._options.lost_frames))
        if round_number:
            seen = [index for index, entry in entries.items() if not entry.mask.empty]
            lost = [one for one in lost if any(index == one.start - 1 for index in seen)]
        return lost

    def appearances(self, one: Sought, parts: Parts) -> list[Appearance]:
        """Return the shots that show an object; nothing is tracked or stored. Its own shots have to be tracked."""
        homes = homes_of(one, parts)
        gallery = self._finder.gallery(one.object_id, homes)
        found = []
        for shot, part in parts:
            if part in homes:
                found.append(Appearance(shot, min(index for index in one.prompts if index in part), 1.0))
            elif gallery is not None:
                sighting, taken = self._finder.sight(one.object_id, gallery, shot, part)
                if taken and sighting is not None:
                    found.append(_appearance(shot, sighting))
        return found


def homes_of(one: Sought, parts: Parts) -> list[Shot]:
    """Return the parts in which somebody pointed at the object."""
    return [part for _, part in parts if any(index in part for index in one.prompts)]


def lost_stretches(entries: Mapping[int, MaskEntry], at_least: int) -> Iterator[Shot]:
    """Yield the runs of `at_least` frames or more on which an object is absent."""
    start: int | None = None
    before: int | None = None
    for index in sorted(entries):
        lost = entries[index].origin == "absent"
        if start is not None and before is not None and (not lost or index != before + 1):
            if before + 1 - start >= at_least:
                yield Shot(start, before + 1)
            start = None
        if lost and start is None:
            start = index
        before = index
    if start is not None and before is not None and before + 1 - start >= at_least:
        yield Shot(start, before + 1)


def _appearance(shot: Shot, sighting: Sighting) -> Appearance:
    return Appearance(shot, sighting.index, sighting.likeness)


def _absent(entry: MaskEntry) -> MaskEntry:
    empty = PackedMask.pack(np.zeros(entry.mask.size, np.bool_))
    return replace(entry, mask=empty, origin="absent", evidence={}, probability=None)


def search_name(object_id: int, part: Shot) -> str:
    """Return the name that a search is kept under."""
    return f"sought/{object_id}/{part.start}-{part.stop}"
