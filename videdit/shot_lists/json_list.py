"""Shots as JSON: frames count, times are there to read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from videdit.errors import ProjectError
from videdit.shot_lists.entry import follow_on, shot_of
from videdit.shot_lists.timing import Timing
from videdit.shots import Shot

SCHEMA = "videdit-shots/1"


def text_of(shots: Sequence[Shot], timing: Timing | None, source: str) -> str:
    """Return the file's text; without `timing` it has no times."""
    entries = [_entry(shot, timing) for shot in shots]
    head: dict[str, object] = {"schema": SCHEMA, "source": source}
    if timing is not None:
        head |= {"rate": str(timing.rate), "rate_varies": timing.varies, "timecode": timing.timecode}
    # One line for each shot: easy to compare, easy to edit.
    lines = ",\n".join("    " + json.dumps(entry) for entry in entries)
    opening = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    return f'{opening},\n  "shots": [\n{lines}\n  ]\n}}\n' if entries else f'{opening},\n  "shots": []\n}}\n'


def _entry(shot: Shot, timing: Timing | None) -> dict[str, object]:
    entry: dict[str, object] = {"start": shot.start, "stop": shot.stop}
    if timing is not None:
        entry["start_seconds"] = round(float(timing.seconds(shot.start)), 6)
        entry["stop_seconds"] = round(float(timing.seconds(shot.stop)), 6)
    return entry | {"transition": shot.transition, "transition_frames": shot.transition_frames}


def shots_in(text: str) -> list[Shot]:
    """Return the shots in a file's text. Raises ProjectError that names the entry."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProjectError(f"the file is no JSON: {error.msg}", where=f"line {error.lineno}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ProjectError("the file is no list of shots", next_step=f'it must say "schema": "{SCHEMA}"')
    entries = content.get("shots")
    if not isinstance(entries, list):
        raise ProjectError('"shots" must be a list')
    shots: list[Shot] = []
    for number, entry in enumerate(entries):
        where = f"shots[{number}]"
        if not isinstance(entry, dict):
            raise ProjectError("a shot must be an object with start and stop", where=where)
        first = "start" if number == 0 else "cut"
        values = (entry.get("start"), entry.get("stop"))
        shot = shot_of(*values, entry.get("transition", first), entry.get("transition_frames", 0), where)
        follow_on(shots, shot, where)
    return shots
