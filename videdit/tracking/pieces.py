"""Cut an object's frames at those that a person confirmed: what is tracked, and tracked again, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from videdit.shots import Shot

Kind: TypeAlias = Literal["confirmed", "before", "between", "after", "drawn"]


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """Frames [start, stop) of one object that depend on the same confirmed frames.

    confirmed: one frame, on which a person pointed at the object
    before:    what lies before the first confirmed frame; tracked backward from it
    between:   what lies between two; tracked both ways and blended
    after:     what lies behind the last; tracked forward
    drawn:     a whole part whose masks are drawn, not tracked
    """

    object_id: int
    start: int
    stop: int
    kind: Kind

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and self.start <= index < self.stop

    @property
    def bounds(self) -> tuple[int, ...]:
        """The confirmed frames that it depends on."""
        return {
            "confirmed": (self.start,),
            "before": (self.stop,),
            "between": (self.start - 1, self.stop),
            "after": (self.start - 1,),
            "drawn": (),
        }[self.kind]


def pieces_of(object_id: int, confirmed: Iterable[int], part: Shot) -> list[Piece]:
    """Cut the frames of `part` at the confirmed ones that lie in it; no pieces if none does.

    Every frame lies in one piece. A frame that is confirmed later changes the piece it lies in and no other.
    """
    inside = sorted(index for index in set(confirmed) if index in part)
    if not inside:
        return []
    pieces = [Piece(object_id, index, index + 1, "confirmed") for index in inside]
    pieces.append(Piece(object_id, part.start, inside[0], "before"))
    pieces += [Piece(object_id, first + 1, second, "between") for first, second in pairwise(inside)]
    pieces.append(Piece(object_id, inside[-1] + 1, part.stop, "after"))
    return sorted(piece for piece in pieces if len(piece) > 0)
