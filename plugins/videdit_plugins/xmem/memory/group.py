"""The memory of a group: objects that were seen on the same remembered frames.

Each group has keys of its own, so that an object that joins late is never read with keys of frames it was not on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from videdit_plugins.xmem.memory.condensing import condense, forget_unused
from videdit_plugins.xmem.memory.elements import Elements, joined
from videdit_plugins.xmem.memory.reading import Readout, read


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered.

    max_working, min_working: whole frames before and after condensing, the first of all counted
    prototypes, max_long:     elements made of the frames that go, and elements of that kind at most
    long_term:                False drops old frames in place of condensing them
    max_permanent:            frames that are never let go
    top_k:                    elements that a place looks at
    matrix_bytes:             size of the largest matrix of similarities
    """

    max_working: int = 10
    min_working: int = 5
    prototypes: int = 128
    max_long: int = 10_000
    long_term: bool = True
    max_permanent: int = 24
    top_k: int = 30
    matrix_bytes: int = 1 << 28


@dataclass(slots=True)
class Group:
    """Memory of `objects`: elements in the order permanent frames, prototypes, working frames.

    objects:    ids, in the order of the values
    permanent:  numbers of the frames that stay for good, in the order of their elements
    long:       number of prototypes
    per_frame:  elements of one frame
    """

    objects: list[int]
    permanent: list[int]
    long: int
    per_frame: int
    elements: Elements

    @classmethod
    def begin(cls, objects: Sequence[int], index: int, elements: Elements) -> Group:
        """Begin with the frame on which the objects join; it stays for good."""
        return cls(list(objects), [index], 0, len(elements), elements)

    @property
    def working_frames(self) -> int:
        return (len(self.elements) - self._working_start) // self.per_frame

    @property
    def _long_start(self) -> int:
        return len(self.permanent) * self.per_frame

    @property
    def _working_start(self) -> int:
        return self._long_start + self.long

    def read(self, query: Tensor, selection: Tensor, limits: Limits) -> Readout:
        """Answer for each place of a frame, and count what was used."""
        answer = read(self.elements, query, selection, top_k=limits.top_k, matrix_bytes=limits.matrix_bytes)
        self.elements.usage.add_(answer.usage)
        self.elements.life.add_(1)
        return answer

    def remember(self, frame: Elements, limits: Limits) -> None:
        """Append a frame to working memory; condense the oldest frames if it is full."""
        self.elements = joined([self.elements, frame])
        # The frame on which the group began counts as one of `max_working`, as in the paper.
        if self.working_frames >= limits.max_working - 1:
            self._make_room(limits)

    def keep(self, index: int, frame: Elements, limits: Limits) -> bool:
        """Remember frame `index` for good, in place of what is known of it; False if there is no room."""
        if index in self.permanent:
            at = self.permanent.index(index) * self.per_frame
            self.elements = joined([self._part(0, at), frame, self._part(at + self.per_frame, None)])
            return True
        if len(self.permanent) >= limits.max_permanent:
            return False
        self.elements = joined([self._part(0, self._long_start), frame, self._part(self._long_start, None)])
        self.permanent.append(index)
        return True

    def split(self, objects: Sequence[int]) -> Group:
        """Return a group of some of the objects, with all that is known of them."""
        columns = [self.objects.index(one) for one in objects]
        known = self.elements.of_objects(columns)
        return Group(list(objects), list(self.permanent), self.long, self.per_frame, known)

    def _make_room(self, limits: Limits) -> None:
        going = limits.max_working - limits.min_working
        start, stop = self._working_start, self._working_start + going * self.per_frame
        fixed, rest = self._part(0, self._long_start), self._part(stop, None)
        if not limits.long_term:
            self.elements = joined([fixed, rest])
            return
        made = condense(self._part(start, stop), limits.prototypes, limits.matrix_bytes)
        kept = forget_unused(self._part(self._long_start, start), limits.max_long - limits.prototypes)
        self.elements = joined([fixed, kept, made, rest])
        self.long = len(kept) + len(made)

    def _part(self, start: int, stop: int | None) -> Elements:
        return self.elements.part(start, len(self.elements) if stop is None else stop)
