"""The report as HTML: one file that needs no other, and no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from videdit.shots import Shot

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #c62828; --warn: #b26a00; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; } thead th { background: var(--soft); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
img { display: block; width: 220px; height: auto; border-radius: 4px; }
.failed { color: var(--bad); font-weight: 600; } .doubt { color: var(--warn); font-weight: 600; }
pre { overflow: auto; background: var(--soft); padding: .6rem; border-radius: 4px; }
.quiet { opacity: .7; }
"""


@dataclass(frozen=True, slots=True)
class ShotFacts:
    """One row of the report; `before` and `after` are JPEG pictures as data addresses, "" where there is none.

    objects: name -> frames it is on, and frames in doubt
    state:   "edited", "passed through" or "failed"
    """

    number: int
    frames: Shot
    start_seconds: float
    stop_seconds: float
    state: str
    why: str
    seconds: Mapping[str, float]
    objects: Mapping[str, tuple[int, int]]
    before: str
    after: str


def page(
    *,
    title: str,
    facts: Iterable[tuple[str, str]],
    shots: Sequence[ShotFacts],
    objects: Sequence[Mapping[str, Any]],
    doubtful: Sequence[Mapping[str, Any]],
    failures: Sequence[str],
    traces: Sequence[str],
    effects: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]],
) -> str:
    """Return the page's text; everything in it that comes from outside is escaped."""
    parts = [f"<h1>{escape(title)}</h1>", _pairs(facts)]
    if failures:
        parts.append("<h2>Failed</h2>" + _list(failures, "failed"))
        parts += [f"<pre>{escape(trace)}</pre>" for trace in traces]
    if effects:
        parts.append("<h2>Effects</h2>" + _pairs((name, _effect(options, told)) for name, options, told in effects))
    if objects:
        parts.append("<h2>Objects</h2>" + _objects(objects))
    parts.append(f"<h2>To look at again</h2>{_doubtful(doubtful)}")
    parts.append(f"<h2>Shots</h2>{_shots(shots)}")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def clock(seconds: float) -> str:
    """Return a time as 0:01:02.50."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _list(sentences: Iterable[str], style: str) -> str:
    return f'<ul class="{style}">{"".join(f"<li>{escape(one)}</li>" for one in sentences)}</ul>'


def _effect(options: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    parts = [f"{name.replace('_', ' ')} {value}" for name, value in options.items()]
    for name, value in told.items():
        if isinstance(value, Mapping):
            continue  # figures by shot, too many for a line
        shown = _runs(value) if isinstance(value, list) else value
        if shown != "":
            parts.append(f"{name.replace('_', ' ')}: {shown}")
    return "; ".join(parts) or "as it is by default"


def _runs(values: Sequence[Any]) -> str:
    """Return numbers with those that follow one another as 2..17; anything else as it is."""
    if not all(isinstance(value, int) for value in values):
        return ", ".join(map(str, values))
    runs: list[list[int]] = []
    for value in sorted(set(values)):
        if runs and value == runs[-1][-1] + 1:
            runs[-1][1:] = [value]
        else:
            runs.append([value])
    return ", ".join("..".join(map(str, run)) for run in runs)


def _table(heads: Sequence[str], rows: Iterable[str]) -> str:
    """Lay rows out under heads; a head that begins with > stands over numbers."""
    cells = (f'<th class="number">{head[1:]}</th>' if head[0] == ">" else f"<th>{head}</th>" for head in heads)
    return f"<table><thead><tr>{''.join(cells)}</tr></thead>{''.join(rows)}</table>"


def _number(value: Any) -> str:
    return f'<td class="number">{escape(str(value))}</td>'


def _objects(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = (
        f"<tr><td>{escape(row['name'])}</td>{_number(row['frames'])}{_number(row['absent'])}"
        f"{_number(row['doubtful'])}</tr>"
        for row in rows
    )
    return _table(["Object", ">Frames", ">Absent on", ">In doubt on"], lines)


def _doubtful(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "<p>No mask is in doubt.</p>"
    lines = (
        f"<tr><td>{escape(row['object'])}</td>{_number(row['frame'])}{_number(clock(row['seconds']))}"
        f"{_number(row['score'])}</tr>"
        for row in rows
    )
    return _table(["Object", ">Frame", ">Time", ">Score"], lines)


def _shots(shots: Sequence[ShotFacts]) -> str:
    heads = [">Shot", ">Frames", ">Time", "Before, with masks", "After", "What was done", ">Seconds"]
    return _table(heads, map(_shot, shots))


def _shot(shot: ShotFacts) -> str:
    style = ' class="failed"' if "failed" in shot.state else ' class="quiet"' if shot.state != "edited" else ""
    told = f"<span{style}>{escape(shot.state)}</span>"
    if shot.why:
        told += f"<br>{escape(shot.why)}"
    for name, (frames, doubt) in shot.objects.items():
        in_doubt = f', <span class="doubt">{doubt} in doubt</span>' if doubt else ""
        told += f"<br>{escape(name)}: {frames} frames{in_doubt}"
    seconds = "<br>".join(f"{escape(stage)} {value:.1f}" for stage, value in shot.seconds.items())
    return (
        f"<tr>{_number(shot.number)}{_number(f'{shot.frames.start}..{shot.frames.stop - 1}')}"
        f"{_number(f'{clock(shot.start_seconds)} .. {clock(shot.stop_seconds)}')}"
        f"<td>{_picture(shot.before, 'before')}</td><td>{_picture(shot.after, 'after')}</td>"
        f'<td>{told}</td><td class="number">{seconds}</td></tr>\n'
    )


def _picture(source: str, what: str) -> str:
    return f'<img alt="{what}" loading="lazy" src="{source}">' if source else ""
