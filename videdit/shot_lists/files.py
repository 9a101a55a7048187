"""Write and read lists of shots; the file's ending says in which form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from videdit.errors import OptionError, ProjectError
from videdit.shot_lists import edl, json_list, otio, table
from videdit.shot_lists.timing import Timing
from videdit.shots import Shot, check_shots

_WRITERS: dict[str, Callable[[Sequence[Shot], Timing, str], str]] = {
    ".csv": table.text_of,
    ".edl": edl.text_of,
    ".otio": otio.text_of,
}
_WHOLE_FILMS: dict[str, Callable[[str], list[Shot]]] = {".json": json_list.shots_in, ".csv": table.shots_in}
_RANGES: dict[str, Callable[[str, Timing], list[Shot]]] = {".edl": edl.ranges_in, ".otio": otio.ranges_in}
_FORMS = (*_WHOLE_FILMS, *_RANGES)


def write_shots(path: str | Path, shots: Sequence[Shot], timing: Timing | None = None, *, source: str = "") -> None:
    """Write shots as .json, .csv, .edl or .otio.

    timing: when the frames are shown, which only JSON can do without; EDL is refused where the rate varies
    source: name or path of the film, kept in the file where the form has a place for it

    Raises OptionError if the form cannot hold them, ProjectError if the file cannot be written.
    """
    path = Path(path)
    form = path.suffix.lower()
    if form not in _FORMS:
        raise _unknown(path)
    try:
        if form == ".json":
            text = json_list.text_of(shots, timing, source)
        elif timing is None:
            raise OptionError("times cannot be written without the film's rate", next_step="name the film, too")
        else:
            text = _WRITERS[form](shots, timing, source)
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ProjectError(f"the list of shots cannot be written: {error.strerror}", where=str(path)) from error
    except OptionError as error:
        raise OptionError(error.what, where=str(path), next_step=error.next_step) from error


def read_shots(path: str | Path, timing: Timing | None = None, *, frame_count: int | None = None) -> list[Shot]:
    """Read shots from .json, .csv, .edl or .otio.

    JSON and CSV hold a whole film: the shots come back as they were written, or as a person edited them, and follow
    one another from frame 0 without a gap. EDL and OTIO hold ranges, which need not; `transition` says "cut" there.

    timing:      when the frames are shown; EDL and OTIO need it to tell frames from timecode
    frame_count: of the film, where known

    Raises ProjectError that names the file and the line or entry, OptionError without the timing that is needed.
    """
    path = Path(path)
    form = path.suffix.lower()
    if form not in _FORMS:
        raise _unknown(path)
    if form in _RANGES and timing is None:
        raise OptionError(
            "timecode means nothing without the film's rate", where=str(path), next_step="name the film, too"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ProjectError(f"the list of shots cannot be read: {reason}", where=str(path)) from error
    try:
        if timing is not None and form in _RANGES:
            return _inside(_RANGES[form](text, timing), frame_count)
        return _whole(_WHOLE_FILMS[form](text), frame_count)
    except (OptionError, ProjectError) as error:
        where = f"{path}, {error.where}" if error.where else str(path)
        raise ProjectError(error.what, where=where, next_step=error.next_step) from error


def _whole(shots: list[Shot], frame_count: int | None) -> list[Shot]:
    if not shots:
        raise ProjectError("the list holds no shots")
    if frame_count is not None:
        check_shots(shots, frame_count)
    return shots


def _inside(ranges: list[Shot], frame_count: int | None) -> list[Shot]:
    for number, one in enumerate(ranges, 1):
        if frame_count is not None and one.stop > frame_count:
            raise ProjectError(
                f"range {number} goes on to frame {one.stop - 1}, but the film has {frame_count} frames",
                next_step="check that the list belongs to this film, and its timecode",
            )
    return ranges


def _unknown(path: Path) -> OptionError:
    return OptionError(
        f"a list of shots is not kept in a {path.suffix or 'nameless'} file",
        where=str(path),
        next_step=f"use one of {', '.join(_FORMS)}",
    )
