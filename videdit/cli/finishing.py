"""The end of every editing command: save, verify, tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from videdit.cli import console
from videdit.cli.session import is_project
from videdit.errors import CannotEncode, OptionError
from videdit.media import EncodeSettings
from videdit.pipeline.render import Rendered
from videdit.progress import Report
from videdit.project import Project

MOST_SHOTS = 8
"""Shots that the summary tells of one by one."""


def output_path(flags: Mapping[str, Any], name: str) -> Path:
    """Return where the result goes: as asked, or beside the source as `film.remove.mp4`.

    Raises OptionError, before any work is done, if something is there that may not be replaced.
    """
    asked = flags.get("output")
    source = Path(flags["source"])
    if asked is None and is_project(flags["source"]):
        raise OptionError("a project does not say where its film goes", next_step="name the finished film with -o")
    out = Path(asked) if asked else source.with_name(f"{source.stem}.{name}{source.suffix or '.mp4'}")
    if out.exists() and not flags.get("overwrite") and not flags.get("preview"):
        raise OptionError("the file exists", where=str(out), next_step="pass --overwrite, or name another file with -o")
    if not out.parent.is_dir():
        raise OptionError("the folder for the result does not exist", where=str(out.parent), next_step="make it first")
    return out


def encode_settings(values: Mapping[str, Any]) -> EncodeSettings:
    """Return the settings for the encoder. Raises OptionError that names the wrong one."""
    try:
        return EncodeSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise OptionError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where="encoder settings") from error


def finish(
    project: Project, out: Path, settings: Mapping[str, Any], flags: Mapping[str, Any], report: Report
) -> Rendered:
    """Save the film and tell what was made."""
    rendered = project.save(
        out, settings=encode_settings({**project.description.encode, **settings}), report=report, overwrite=True
    )
    if flags.get("as_json"):
        console.show_json(
            {
                "output": str(rendered.path),
                "verified": rendered.verified.as_dict(),
                "effects": rendered.reports,
                "reused_chunks": rendered.reused,
                "objects": project.summary(),
            }
        )
        return rendered
    for line in _told(project, rendered):
        console.say(line)
    return rendered


def _told(project: Project, rendered: Rendered) -> list[str]:
    lines = []
    for one in project.summary():
        where = f"{one['frames']} frames"
        if one["absent"]:
            where += f", absent on {one['absent']}"
        if one["doubtful"]:
            where += f", to review: {one['doubtful']} (see `videdit objects review`)"
        lines.append(f"{one['name']}: {where}")
    for step, figures in zip(project.description.effects, rendered.reports, strict=True):
        lines += _of_effect(step.effect, figures)
    lines.append(f"{rendered.path}: {rendered.verified.sentence}")
    return lines


def _of_effect(name: str, figures: Mapping[str, Any]) -> list[str]:
    """Return a line for the film, and one for each of the first shots if the effect tells of them."""
    film = {key: value for key, value in figures.items() if key != "shots"}
    shots = figures.get("shots") or {}
    lines = [f"{name}: {_plain(film)}"] if film else []
    lines += [f"{name}, frames {shot}: {_plain(one)}" for shot, one in list(shots.items())[:MOST_SHOTS]]
    if len(shots) > MOST_SHOTS:
        lines.append(f"{name}: {len(shots) - MOST_SHOTS} more shots (--json tells of all)")
    return lines


def _plain(figures: Mapping[str, Any]) -> str:
    shown = []
    for key, value in figures.items():
        if isinstance(value, list):
            value = f"{len(value)} {'frame' if len(value) == 1 else 'frames'}"
        elif isinstance(value, float):
            value = f"{value:.3g}"
        elif isinstance(value, Mapping):
            value = _plain(value)
        shown.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(shown)


def write_preview(project: Project, path: Path) -> None:
    """Write a still of every prompted frame: the picture with a ruler, and the masks."""
    import cv2

    from videdit.cli.still import draw

    stills = project.preview()
    if not stills:
        raise OptionError("nothing was pointed at", next_step="add --click, --box, --stroke or --mask")
    for still in stills:
        target = path if len(stills) == 1 else path.with_name(f"{path.stem}-{still.index:05d}{path.suffix}")
        try:
            written = cv2.imwrite(str(target), cv2.cvtColor(draw(still), cv2.COLOR_RGB2BGR))
        except cv2.error:
            written = False
        if not written:
            raise CannotEncode("the still cannot be written", where=str(target), next_step="name a .png or .jpg file")
        for name, score in still.scores.items():
            share = 100 * float(still.masks[name].mean())
            console.say(f"{target}: {name}, frame {still.index}: {share:.1f} % of the picture, score {score:.2f}")
