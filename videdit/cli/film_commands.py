"""Commands that look at a film, or work on it without one certain effect."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from videdit.cli import console
from videdit.cli.common_flags import ENGINES, OUTPUT, PREVIEW, PROMPTS, SOURCE, WORK
from videdit.cli.finishing import finish, output_path, write_preview
from videdit.cli.model_flags import given, keyword, parameters_of
from videdit.cli.running import guarded
from videdit.cli.session import Session, is_project
from videdit.cli.shot_listing import shot_line, shot_rows
from videdit.errors import OptionError
from videdit.media import EncodeSettings, open_video
from videdit.project import read_description
from videdit.project.shot_timing import timing_of
from videdit.shot_lists import write_shots


def with_flags(command: Callable[..., None], parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """Return `command(**flags)`, guarded, with the signature that Typer reads."""
    wrapped = guarded(command)
    signature = inspect.Signature(parameters)
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    return wrapped


def argument(name: str, text: str) -> inspect.Parameter:
    """Return a required positional parameter."""
    annotation = Annotated[str, typer.Argument(help=text, show_default=False)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def add_film_commands(app: typer.Typer, session: Session) -> None:
    """Add probe, shots, track, render and run."""
    json_flag = keyword("as_json", bool, typer.Option("--json", help="Print the result as JSON."))
    app.command("probe", help="Tell what a film holds, and what will happen to each part of it.")(
        with_flags(_probe(session), [SOURCE, json_flag])
    )
    shot_file = keyword(
        "output", str, typer.Option("--output", "-o", help="Write the list: .json, .csv, .edl or .otio.")
    )
    detector = next(one for one in ENGINES if one.name == "shot_detector")
    quiet = next(one for one in WORK if one.name == "quiet")
    app.command("shots", help="Find the cuts, dissolves and fades of a film.")(
        with_flags(_shots(session), [SOURCE, shot_file, detector, quiet, json_flag])
    )
    app.command("track", help="Make the masks of what is pointed at, into a project.", rich_help_panel="Edit a film")(
        with_flags(_track(session), [SOURCE, *PROMPTS, PREVIEW, *WORK, *ENGINES])
    )
    encode = parameters_of(
        EncodeSettings, panel="The file", taken={one.name for one in [*OUTPUT, *WORK, *ENGINES]}, prefix="video"
    )
    encode_flags = [one for _, one in encode.values()]
    app.command("render", help="Make the film of a project.", rich_help_panel="Edit a film")(
        with_flags(_render(session, encode), [SOURCE, *OUTPUT, *WORK, *ENGINES, *encode_flags])
    )
    optional_source = keyword("source", str, typer.Option("--source", help="The film, in place of the pipeline's own."))
    app.command("run", help="Do what a pipeline file says.", rich_help_panel="Edit a film")(
        with_flags(
            _run(session, encode),
            [
                argument("pipeline", "A pipeline file, TOML or JSON."),
                optional_source,
                *OUTPUT,
                *WORK,
                *ENGINES,
                *encode_flags,
            ],
        )
    )


def _probe(session: Session) -> Callable[..., None]:
    def probe(**flags: Any) -> None:
        from videdit.cli.probing import probe_lines

        reader = session.plugins.open_video(flags["source"], {}) or open_video(flags["source"])
        with reader:
            if flags.get("as_json"):
                console.show_json(reader.video.as_dict())
            else:
                for line in probe_lines(reader.video):
                    console.out.print(line, markup=False)

    return probe


def _shots(session: Session) -> Callable[..., None]:
    def shots(**flags: Any) -> None:
        with (
            console.progress(quiet=bool(flags.get("quiet"))) as report,
            session.project({"source": flags["source"]}) as project,
        ):
            found = project.shots(flags.get("shot_detector") or "auto", report=report)
            timing = timing_of(project.reader)
            if flags.get("output"):
                write_shots(flags["output"], found, timing, source=str(flags["source"]))
        rows = shot_rows(found, timing)
        if flags.get("as_json"):
            console.show_json(rows)
            return
        for row in rows:
            console.out.print(shot_line(row), markup=False)

    return shots


def _track(session: Session) -> Callable[..., None]:
    def track(**flags: Any) -> None:
        if not flags.get("project") and not flags.get("preview") and not is_project(flags["source"]):
            raise OptionError("masks need a place to be kept", next_step="name a folder with --project")
        with (
            console.progress(quiet=bool(flags.get("quiet"))) as report,
            session.project(flags) as project,
        ):
            if flags.get("preview"):
                write_preview(project, Path(flags["preview"]))
                return
            if not project.objects.all and not project.description.detections:
                raise OptionError("nothing was pointed at", next_step="add --click, --box, --stroke or --mask")
            project.track_objects(report=report)
            summary = project.summary()
        if flags.get("as_json"):
            console.show_json(summary)
            return
        for one in summary:
            console.out.print(
                f"{one['id']:5d}  {one['name']}: {one['frames']} frames, absent on {one['absent']}, "
                f"to review {one['doubtful']}",
                markup=False,
            )

    return track


def _render(session: Session, encode: Mapping[str, tuple[str, inspect.Parameter]]) -> Callable[..., None]:
    def render(**flags: Any) -> None:
        out = output_path(flags, "rendered")
        with (
            console.progress(quiet=bool(flags.get("quiet"))) as report,
            session.project(flags, output=out) as project,
        ):
            finish(project, out, given(encode, flags), flags, report)

    return render


def _run(session: Session, encode: Mapping[str, tuple[str, inspect.Parameter]]) -> Callable[..., None]:
    def run(**flags: Any) -> None:
        pipeline = read_description(Path(flags["pipeline"]))
        source = flags.get("source") or (str(pipeline.source) if pipeline.source else None)
        if source is None:
            raise OptionError("the pipeline names no film", where=flags["pipeline"], next_step="add --source FILM")
        output = flags.get("output") or (str(pipeline.output) if pipeline.output else None)
        flags = {**flags, "source": source, "output": output}
        out = output_path(flags, Path(flags["pipeline"]).stem)
        with (
            console.progress(quiet=bool(flags.get("quiet"))) as report,
            session.project(flags, output=out) as project,
        ):
            project.use(pipeline)
            finish(project, out, given(encode, flags), flags, report)

    return run
