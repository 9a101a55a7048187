"""`videdit faces`: cover every face of a film."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from videdit.cli import console
from videdit.cli.common_flags import ENGINES, OUTPUT, SOURCE, WORK
from videdit.cli.film_commands import with_flags
from videdit.cli.finishing import finish, output_path
from videdit.cli.model_flags import given, keyword, parameters_of
from videdit.cli.session import Session
from videdit.detections.doubts import doubts_in_words
from videdit.detections.sheet import write_sheet
from videdit.detections.sidecar import write_boxes
from videdit.detections.stage import Found
from videdit.detections.steps import SHAPING, DetectionStep, FollowOptions
from videdit.errors import DoubtfulResult, OptionError
from videdit.media import EncodeSettings
from videdit.ops import MaskShaping
from videdit.pipeline.steps import EffectStep
from videdit.project import Project

_WHO = "Who"
_HELP = (
    "Cover every face of a film, in every frame it is seen.\n\n"
    "Faces are found every few frames, followed between, and covered by coarse cells with noise. `--style solid` shows "
    "nothing at all. Do not use `--style gaussian` to hide people: a Gaussian blur can be undone well enough to name "
    "them."
)


def _flag(name: str, kind: Any, declaration: str, text: str, metavar: str | None = None) -> inspect.Parameter:
    return keyword(name, kind, typer.Option(declaration, help=text, rich_help_panel=_WHO, metavar=metavar))


_FLAGS = [
    _flag("people", str, "--people", "Write a sheet with a thumbnail and the number of everyone, and do nothing else.",
          "SHEET.png"),
    _flag("only", str, "--only", "Cover these alone, by their numbers.", "1,3"),
    _flag("without", str, "--except", "Leave these open.", "2"),
    _flag("boxes_out", str, "--boxes-out", "Write every box to a JSON file, to look at and to put right.", "FILE"),
    _flag("boxes", str, "--boxes", "Take the boxes of such a file in place of looking.", "FILE"),
    _flag("strict", bool, "--strict", "Exit with code 9 if any frame is in doubt; the film is made all the same."),
]  # fmt: skip


def add_faces_command(app: typer.Typer, session: Session) -> None:
    """Add the command, if there is an effect to cover faces with."""
    if "blur" not in session.plugins.names("effect"):
        return
    common = [SOURCE, *OUTPUT, *_FLAGS, *WORK, *ENGINES]
    taken = {one.name for one in common}
    groups = {}
    for name, model, panel, prefix in (
        ("follow", FollowOptions, "How faces are followed", "follow"),
        ("blur", session.plugins.find("effect", "blur").options, "How they are covered", "blur"),
        ("shaping", MaskShaping, "The masks", "mask"),
        ("encode", EncodeSettings, "The file", "video"),
    ):
        groups[name] = parameters_of(model, panel=panel, taken=taken, prefix=prefix)
        taken |= set(groups[name])
    groups["blur"].pop("outside", None)  # everything but the faces is `videdit blur --faces --outside`
    parameters = [*common, *(one for group in groups.values() for _, one in group.values())]
    app.command("faces", help=_HELP, rich_help_panel="Edit a film")(with_flags(_faces(session, groups), parameters))


def _faces(session: Session, groups: Mapping[str, Mapping[str, tuple[str, inspect.Parameter]]]) -> Callable[..., None]:
    def faces(**values: Any) -> None:
        step = DetectionStep(
            detector=values.get("detector") or "auto",
            follow=given(groups["follow"], values),
            only=_numbers("--only", values.get("only")),
            without=_numbers("--except", values.get("without")),
            boxes=None if values.get("boxes") is None else Path(values["boxes"]),
        )
        step.following()
        looking = values.get("people") is not None
        # OpenCV does all of this on the CPU; asking torch what else there is takes longer than many a film.
        values = {**values, "device": values.get("device") or "cpu"}
        out = output_path({**values, "preview": looking}, "faces")
        with (
            console.progress(quiet=bool(values.get("quiet"))) as report,
            session.project(values, output=None if looking else out) as project,
        ):
            project.replace_detections([step])
            shaping = {**SHAPING, **given(groups["shaping"], values)}
            effect = EffectStep("blur", given(groups["blur"], values), (step.stem,), shaping)
            project.replace_effects([effect])
            (found,) = project.found(report=report)
            _check_numbers(found)
            if values.get("boxes_out"):
                _write_boxes(project, found, Path(values["boxes_out"]))
            if looking:
                write_sheet(Path(values["people"]), project.reader, found.people)
                console.say(f"{values['people']}: {len(found.people)} found")
                return
            doubtful = found.doubtful(step.wants)
            # Between hiding and looking at the result nobody wants to wait for the last percent of a file's size.
            quick = {"preset": "veryfast", **project.description.encode}
            finish(project, out, {**quick, **given(groups["encode"], values)}, values, report)
        for line in doubts_in_words(step, doubtful):
            console.say(line)
        if doubtful and values.get("strict"):
            frames = len({one.index for _, one in doubtful})
            raise DoubtfulResult(
                f"{frames} frames are in doubt", where=str(out), next_step="look at the frames that are listed above"
            )

    return faces


def _numbers(flag: str, text: str | None) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        numbers = (0,)
    if any(number < 1 for number in numbers):
        raise OptionError(f"{flag} {text!r} is not understood", next_step=f"write numbers, such as {flag} 1,3")
    return numbers


def _check_numbers(found: Found) -> None:
    known = {one.number for one in found.people}
    unknown = sorted({*found.step.only, *found.step.without} - known)
    if unknown:
        raise OptionError(
            f"there is no {found.step.name(unknown[0])}",
            next_step=f"there are {len(known)}; --people SHEET.png shows them",
        )


def _write_boxes(project: Project, found: Found, path: Path) -> None:
    source = project.description.source
    write_boxes(
        path,
        found.people,
        name="" if source is None else source.name,
        size=project.reader.video.size,
        frames=project.reader.frame_count,
        find=found.step.find,
    )
