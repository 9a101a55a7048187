"""Which parts of a film are to be worked on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videdit.errors import OptionError
from videdit.media import VideoReader
from videdit.project.shot_timing import timing_of
from videdit.prompts import Moment
from videdit.shot_lists import read_shots
from videdit.shots import Shot

_PART = re.compile(r"(\d+)(?:-(\d+)?)?")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person chose; what is not chosen passes through. Nothing chosen means everything.

    shots:      numbers from 1, as `videdit shots` lists them: "3-10,17,40-"
    ranges:     "FROM..TO", frames or times, TO not included
    lists:      files of ranges: EDL, OTIO, CSV or JSON
    containing: names of objects; of all that is chosen above, the shots that hold one of them
    """

    shots: str = ""
    ranges: tuple[str, ...] = ()
    lists: tuple[Path, ...] = ()
    containing: tuple[str, ...] = ()

    def frames(self, shots: Sequence[Shot], reader: VideoReader) -> list[Shot]:
        """Return the frames that are chosen by number, range or list, as ranges that neither touch nor overlap.

        Raises OptionError for a shot that there is not, OutsideFrame for a moment beyond the end, ProjectError for a
        list of another film.
        """
        if not (self.shots or self.ranges or self.lists):
            return [Shot(0, reader.frame_count)]
        chosen = [shots[number - 1] for number in numbers(self.shots, len(shots))] if self.shots else []
        chosen += [_range(text, reader) for text in self.ranges]
        for path in self.lists:
            chosen += read_shots(path, timing_of(reader), frame_count=reader.frame_count)
        return together(chosen)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of frames of one shot that is chosen as a whole, or not at all.

    number: of the shot, from 1
    """

    number: int
    frames: Shot
    chosen: bool


def numbers(text: str, count: int) -> list[int]:
    """Return the numbers in "3-10,17,40-", ascending, each once. Raises OptionError beyond 1 to `count`."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise OptionError(f"--shots {text!r} is not understood", next_step="write numbers and ranges: 3-10,17,40-")
        first = int(match[1])
        last = first if "-" not in part else int(match[2]) if match[2] else count
        if first < 1 or last > count or last < first:
            raise OptionError(
                f"there is no shot {part} among {count}", next_step="`videdit shots FILM` lists them with their numbers"
            )
        found.update(range(first, last + 1))
    return sorted(found)


def together(ranges: Iterable[Shot]) -> list[Shot]:
    """Return the union of ranges, ascending; what touches is one."""
    union: list[Shot] = []
    for one in sorted(ranges, key=lambda shot: (shot.start, shot.stop)):
        if union and one.start <= union[-1].stop:
            union[-1] = Shot(union[-1].start, max(union[-1].stop, one.stop))
        else:
            union.append(Shot(one.start, one.stop))
    return union


def pieces_of(shots: Sequence[Shot], chosen: Sequence[Shot], only: Collection[int] | None = None) -> list[Piece]:
    """Cut shots where the choice begins and ends; together the pieces are the film, and none crosses a cut.

    chosen: ranges that neither touch nor overlap, ascending
    only:   numbers of the shots that may be chosen; None is all
    """
    pieces: list[Piece] = []
    for number, shot in enumerate(shots, 1):
        at = shot.start
        for one in chosen if only is None or number in only else ():
            start, stop = max(shot.start, one.start), min(shot.stop, one.stop)
            if start >= stop:
                continue
            if at < start:
                pieces.append(Piece(number, Shot(at, start), False))
            pieces.append(Piece(number, Shot(start, stop), True))
            at = stop
        if at < shot.stop:
            pieces.append(Piece(number, Shot(at, shot.stop), False))
    return pieces


def _range(text: str, reader: VideoReader) -> Shot:
    first, separator, last = text.partition("..")
    if not separator:
        raise OptionError(f"--range {text!r} is not understood", next_step="write --range FROM..TO, such as 100..250")
    start = reader.frame_index(Moment.parse(first)) if first else 0
    stop = reader.frame_count
    if last and last != str(reader.frame_count):
        stop = reader.frame_index(Moment.parse(last))
    if start >= stop:
        raise OptionError(f"the range {text} is empty", next_step="name a start before the stop")
    return Shot(start, stop)
