"""Which shots hold an object: where it was pointed at, was found by a detector, or is recognised."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from videdit.batch.planning import inside_of
from videdit.objects import Object
from videdit.project import Project
from videdit.shots import Shot
from videdit.tracking.keys import digest
from videdit.tracking.stage import Pointed


class Containing:
    """Answers for one film.

    seeks: objects are looked for where nobody pointed at them
    """

    def __init__(self, project: Project, *, seeks: bool) -> None:
        self._project = project
        self._static = project.description.engines.static
        self._seeks = seeks

    def shots(self, names: Sequence[str], shots: Sequence[Shot], unseen: Collection[int] = ()) -> set[int] | None:
        """Return the numbers of the shots that hold an object of these names; None if no name is given.

        names:  of objects; of a detection too, "face", which means all that it found
        unseen: numbers of shots that nobody has looked through yet; they may hold anything

        Raises OptionError for a name that there is not.
        """
        if not names:
            return None
        ids = {one.object_id for name in names for one in self._named(name, unseen)}
        numbers = {number for number, shot in enumerate(shots, 1) if self._is_there(ids, shot)}
        for one in self._project.pointed():
            if one.prompts and one.object_id in ids:
                numbers |= self._holding(one, shots)
        return numbers | {*unseen}

    def _named(self, name: str, unseen: Collection[int]) -> list[Object]:
        detections = self._project.description.detections
        for step in detections:
            if name == step.stem:
                return [one for one in self._project.objects if step.number(one.name) is not None]
        if unseen and any(step.number(name) for step in detections):
            return []
        return [self._project.objects.require(name)]

    def _holding(self, one: Pointed, shots: Sequence[Shot]) -> set[int]:
        """Return the numbers of the shots in which an object was pointed at, or is recognised; looked for but once."""
        if not self._seeks:
            everywhere = self._static
            return {number for number, shot in enumerate(shots, 1) if everywhere or inside_of([one], shot)}
        track, stage = self._project.track, self._project.stage()
        fact = f"batch/holding/{one.object_id}"
        engines = self._project.description.engines
        key = digest([[shot.start, stage.key(one, shot)] for shot in shots], dict(engines.reidentify))
        known = track.kv_get(fact)
        if known is None or known[0] != key:
            found = stage.appearances(one, shots)
            numbers = [number for number, shot in enumerate(shots, 1) if any(shot == where.shot for where in found)]
            known = [key, numbers]
            track.kv_set(fact, known)
        return set(known[1])

    def _is_there(self, ids: Collection[int], frames: Shot) -> bool:
        track = self._project.track
        found = (entry for one in ids for entry in track.entries(one, frames.start, frames.stop))
        return any(not entry.mask.empty for entry in found)
