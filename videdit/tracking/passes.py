"""Plan the walks of a tracker that make pieces: forward from the confirmed frame before, backward from the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from videdit.tracking.pieces import Piece

Direction: TypeAlias = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk: the frames in the order they are visited.

    given:  frame -> ids of the objects that begin, or are put right, with their confirmed mask there
    pieces: what is made on the way, by object
    """

    direction: Direction
    frames: range
    given: Mapping[int, frozenset[int]]
    pieces: Mapping[int, Sequence[Piece]]

    def made(self, object_id: int, index: int) -> Piece | None:
        """Return the piece of the object that frame `index` belongs to, None if it is not made here."""
        return next((piece for piece in self.pieces.get(object_id, ()) if index in piece), None)


def plan_passes(pieces: Iterable[Piece], live: Iterable[Piece] | None = None) -> list[Pass]:
    """Plan the walks: first those forward, by ascending frame, then those backward, by descending frame.

    A piece between two confirmed frames is walked both ways. Walks that touch are one, whichever objects they are for:
    the frames are decoded and encoded once, and rivals are seen side by side. No walk leaves the pieces and their
    confirmed frames, so nothing crosses a cut.

    live: those of `pieces` that are still to be made, None for all. The frames are those of all pieces, so that a walk
          that was stopped goes on where it was when some of its pieces are not wanted any more.
    """
    every = list(pieces)
    wanted = set(every if live is None else live)
    forward = [(piece.start - 1, piece.stop, piece) for piece in every if piece.kind in ("between", "after")]
    backward = [(-piece.stop, 1 - piece.start, piece) for piece in every if piece.kind in ("between", "before")]
    passes = []
    for start, stop, some in _merged(forward):
        passes.append(_pass("forward", range(start, stop), some, wanted))
    for start, stop, some in _merged(backward):
        passes.append(_pass("backward", range(-start, -stop, -1), some, wanted))
    return passes


def _merged(intervals: list[tuple[int, int, Piece]]) -> list[tuple[int, int, list[Piece]]]:
    """Join half-open intervals that overlap or touch; each begins with the frame its piece is tracked from."""
    runs: list[tuple[int, int, list[Piece]]] = []
    for start, stop, piece in sorted(intervals):
        if runs and start <= runs[-1][1]:
            begin, end, some = runs[-1]
            runs[-1] = (begin, max(end, stop), [*some, piece])
        else:
            runs.append((start, stop, [piece]))
    return runs


def _pass(direction: Direction, frames: range, pieces: Sequence[Piece], wanted: set[Piece]) -> Pass:
    given: dict[int, set[int]] = {}
    by_object: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece in wanted:
            seed = piece.start - 1 if direction == "forward" else piece.stop
            given.setdefault(seed, set()).add(piece.object_id)
            by_object.setdefault(piece.object_id, []).append(piece)
    return Pass(direction, frames, {index: frozenset(ids) for index, ids in given.items()}, by_object)
