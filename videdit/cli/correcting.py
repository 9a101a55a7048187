"""The command `videdit correct`: put tracked masks right where they went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import typer

from videdit.cli import console
from videdit.cli.common_flags import ENGINES, PROMPTS, WORK
from videdit.cli.film_commands import argument, with_flags
from videdit.cli.model_flags import keyword
from videdit.cli.session import Session, is_project, prompts_of
from videdit.errors import OptionError
from videdit.project import Project
from videdit.prompts import DEFAULT_OBJECT, Moment, Prompt

_POINT = "Point at it"


def add_correct_command(app: typer.Typer, session: Session) -> None:
    """Add `videdit correct`."""
    named = keyword(
        "object", str,
        typer.Option("--object", help="The object; may be left out where there is one.", rich_help_panel=_POINT),
    )  # fmt: skip
    confirmed = keyword(
        "confirm", list[str],
        typer.Option("--confirm", help="A frame or time where the mask is right as it is.", metavar="@T",
                     rich_help_panel=_POINT),
    )  # fmt: skip
    anew = keyword(
        "anew", bool,
        typer.Option("--anew", help="Begin anew on the frame: what is there was too wrong to be corrected.",
                     rich_help_panel=_POINT),
    )  # fmt: skip
    later = keyword(
        "later", bool,
        typer.Option("--later", help="Write the correction down and track nothing yet.", rich_help_panel="The work"),
    )  # fmt: skip
    # What is looked for in the whole film, and what stands still, puts no mask right.
    pointing = [one for one in PROMPTS if one.name not in ("faces", "static")]
    work = [one for one in WORK if one.name in ("quiet", "as_json")]
    engines = [one for one in ENGINES if one.name == "device"]
    app.command("correct", help="Put tracked masks right.", rich_help_panel="Edit a film")(
        with_flags(
            _correct(session),
            [argument("project", "A project folder."), named, *pointing, anew, confirmed, later, *work, *engines],
        )
    )


def _correct(session: Session) -> Callable[..., None]:
    def correct(**flags: Any) -> None:
        if not is_project(flags["project"]):
            raise OptionError(
                "only a project has masks to correct", where=flags["project"], next_step="videdit track FILM -p FOLDER"
            )
        for words in flags.get("find") or ():
            if "@" not in words:
                raise OptionError(f"--find {words!r} needs a frame to correct", next_step="add @T, such as @120")
        prompts, moments = prompts_of(flags), [Moment.parse(text) for text in flags.get("confirm") or ()]
        if not prompts and not moments:
            raise OptionError("there is no correction", next_step="add --click, --not, --stroke, --box or --confirm")
        opening = {"source": flags["project"], "device": flags.get("device")}
        with console.progress(quiet=bool(flags.get("quiet"))) as report, session.project(opening) as project:
            name = _object_of(project, flags.get("object"), prompts)
            if prompts:
                project.correct(*(_named(prompt, name) for prompt in prompts), anew=bool(flags.get("anew")))
            for moment in moments:
                project.confirm(_required(project, name), at=str(moment))
            steps = () if flags.get("later") else project.tracking_steps(report=report)
            tracked = len({made.index for made in steps if made.entries})
            rows = project.summary()
        if flags.get("as_json"):
            console.show_json({"tracked_frames": tracked, "objects": rows})
            return
        for row in rows:
            console.out.print(
                f"{row['id']:5d}  {row['name']}: {row['frames']} frames, absent on {row['absent']}, "
                f"to review {row['doubtful']}",
                markup=False,
            )
        if flags.get("later"):
            console.say("written down; the next command that needs the masks tracks what it concerns")

    return correct


def _object_of(project: Project, asked: str | None, prompts: Sequence[Prompt]) -> str | None:
    """Return the name that prompts without one are for; None if it is not needed, or nobody knows."""
    if asked is not None:
        return project.objects.require(asked).name
    if len(project.objects.all) == 1:
        return project.objects.all[0].name
    if any(prompt.object == DEFAULT_OBJECT for prompt in prompts) and project.objects.find(DEFAULT_OBJECT) is None:
        _required(project, None)
    return None


def _required(project: Project, name: str | None) -> str:
    if name is None:
        known = ", ".join(one.name for one in project.objects) or "none yet"
        raise OptionError("which object is meant?", next_step=f"add --object NAME; objects: {known}")
    return name


def _named(prompt: Prompt, name: str | None) -> Prompt:
    return replace(prompt, object=name) if name is not None and prompt.object == DEFAULT_OBJECT else prompt
