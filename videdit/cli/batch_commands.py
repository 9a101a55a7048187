"""Whole films: `videdit batch FILM...`, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from videdit.batch import BatchRequest, FilmResult, Selection, absolute, read_request, run_batch, status_of
from videdit.cli import console
from videdit.cli.finishing import encode_settings
from videdit.cli.model_flags import given, keyword, parameters_of
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import DoubtfulResult, OptionError
from videdit.media import EncodeSettings
from videdit.plugins import AUTO
from videdit.runtime import Quality

_WHAT = "What is worked on"
_HOW = "How"
_DEFAULT = "run"

_Work = Annotated[Path, typer.Argument(help="The work folder of a batch.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
_KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="What failed does not stop the rest.", rich_help_panel=_HOW)
]
_PassFailed = Annotated[
    bool,
    typer.Option("--pass-failed", help="Let a shot that failed through as it is, and say so.", rich_help_panel=_HOW),
]


class _RunByDefault(TyperGroup):
    """A group whose first argument may be a film in place of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


def batch_commands(session: Session) -> typer.Typer:
    """Make the group `videdit batch`."""
    app = typer.Typer(
        help="Edit whole films shot by shot, in several processes or on a cluster; a run that was stopped goes on.\n\n"
        "videdit batch FILM... --pipeline FILE --work FOLDER\n\n"
        "`videdit batch run --help` shows all flags.",
        no_args_is_help=True,
        cls=_RunByDefault,
    )
    encode = parameters_of(EncodeSettings, panel="The file", taken={"quality"}, prefix="video")
    _add_run(app, session, encode)
    _add_status(app)
    _add_retry(app, session)
    return app


def _add_run(app: typer.Typer, session: Session, encode: dict[str, Any]) -> None:
    from videdit.cli.film_commands import with_flags

    def flag(name: str, kind: Any, *declarations: str, panel: str = _HOW, text: str, metavar: str | None = None) -> Any:
        return keyword(name, kind, typer.Option(*declarations, help=text, rich_help_panel=panel, metavar=metavar))

    films = keyword("films", list[str], typer.Argument(help="Films, or project folders.", show_default=False))
    flags = [
        films,
        flag("pipeline", str, "--pipeline", metavar="FILE", panel=_WHAT,
             text="A pipeline file: prompts, engines, effects."),
        flag("work", str, "--work", metavar="FOLDER", text="Keeps everything; the same folder goes on."),
        flag("output", str, "--output", "-o", metavar="FILE", text="The finished film, or a folder for several."),
        flag("overwrite", bool, "--overwrite", text="An existing file may be replaced."),
        flag("shots", str, "--shots", metavar="3-10,17", panel=_WHAT, text="Numbers of shots, from 1."),
        flag("ranges", list[str], "--range", metavar="FROM..TO", panel=_WHAT,
             text="Frames or times, TO not included; may be repeated."),
        flag("lists", list[str], "--ranges-of", metavar="FILE", panel=_WHAT,
             text="The ranges in an EDL, OTIO, CSV or JSON file; may be repeated."),
        flag("containing", list[str], "--containing", metavar="OBJECT", panel=_WHAT,
             text="Of all these, the shots that hold this object; may be repeated."),
        flag("shot_list", str, "--shot-list", metavar="FILE", panel=_WHAT,
             text="Shots to go by, in place of those a detector finds."),
        flag("shot_detector", str, "--shot-detector", panel=_WHAT, text="What finds the cuts.  (default: auto)"),
        flag("chunk", int, "--chunk", metavar="FRAMES",
             text="A longer shot is rendered by several jobs.  (default: 500)"),
        flag("overlap", int, "--overlap", metavar="FRAMES",
             text="How far effects look beyond such a job's frames.  (default: 50)"),
        flag("executor", str, "--executor", text="inline, processes, ray, or a plug-in's.  (default: auto)"),
        flag("workers", int, "--workers", "-j", text="How many at once.  (default: by cards and cores)"),
        flag("address", str, "--address", text="Address of a running Ray cluster."),
        flag("device", str, "--device", text="auto, cpu, cuda, cuda:1 or mps.  (default: auto)"),
        flag("quality", Quality, "--quality", text="draft, standard or best; over the pipeline's."),
        flag("learned", bool, "--learned/--no-learned", text="Use the small networks that come along."),
        flag("keep_going", bool, "--keep-going", text="What failed does not stop the rest."),
        flag("pass_failed", bool, "--pass-failed", text="Let a shot that failed through as it is, and say so."),
        flag("dry_run", bool, "--dry-run", text="Tell what would be done, and about how long it takes."),
        flag("quiet", bool, "--quiet", "-q", text="Show no progress."),
        flag("as_json", bool, "--json", text="Print the result as JSON."),
    ]  # fmt: skip

    def run(**values: Any) -> None:
        request, work = _request(values, given(encode, values)), Path(values["work"] or "")
        with console.progress(quiet=bool(values.get("quiet"))) as report:
            if values.get("dry_run"):
                _tell_plan(session, request, work, values, report)
                return
            results = run_batch(work, request, session.plugins, note=session.note, report=report)
        _tell(results, as_json=bool(values.get("as_json")))

    app.command(_DEFAULT, help="Edit films; `videdit batch FILM...` means this.")(
        with_flags(run, [*flags, *(parameter for _, parameter in encode.values())])
    )


def _request(values: dict[str, Any], encode: dict[str, Any]) -> BatchRequest:
    if not values.get("films"):
        raise OptionError("a batch needs a film", next_step="videdit batch FILM... --pipeline FILE --work FOLDER")
    if not values.get("work"):
        raise OptionError("a batch needs a place to keep its work", next_step="name a folder with --work")
    encode_settings(encode)
    executor_options = {name: values[name] for name in ("workers", "address") if values.get(name) is not None}
    chosen = Selection(
        values.get("shots") or "",
        tuple(values.get("ranges") or ()),
        tuple(map(Path, values.get("lists") or ())),
        tuple(values.get("containing") or ()),
    )
    more = {name: values[name] for name in ("shot_detector", "executor", "device") if values.get(name) is not None}
    if values.get("chunk") is not None:
        more["chunk_frames"] = values["chunk"]
    if values.get("overlap") is not None:
        more["overlap_frames"] = values["overlap"]
    executor = more.get("executor", AUTO)
    if executor == AUTO and "address" in executor_options:
        more["executor"] = "ray"
    return absolute(
        BatchRequest(
            films=tuple(map(Path, values["films"])),
            pipeline=_path(values.get("pipeline")),
            output=_path(values.get("output")),
            overwrite=bool(values.get("overwrite")),
            selection=chosen,
            shot_list=_path(values.get("shot_list")),
            executor_options=executor_options,
            quality=values.get("quality"),
            learned=values.get("learned"),
            encode=encode,
            keep_going=bool(values.get("keep_going")),
            pass_failed=bool(values.get("pass_failed")),
            **more,
        )
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _tell(results: Sequence[FilmResult], *, as_json: bool) -> None:
    """Tell what was made; raise what failed, or DoubtfulResult for what was let through."""
    for one in results if not as_json else ():
        done = one.finished.verified.sentence if one.finished is not None else "not finished"
        console.say(f"{one.out if one.finished is not None else one.name}: {done}")
        if one.report is not None:
            console.say(f"{one.name}: {one.jobs} jobs, {one.reused} of them done before; report: {one.report}")
    failed = [error for one in results for error in one.failed]
    passed = [job for one in results for job in one.passed]
    unfinished = [one for one in results if one.finished is None]
    if as_json:
        # What failed is told there, film by film; an error would be a second document.
        console.show_json([one.as_dict() for one in results])
        if unfinished or passed:
            raise typer.Exit(failed[0].exit_code if unfinished else DoubtfulResult.exit_code)
        return
    if unfinished:
        raise type(failed[0])(
            f"{len(unfinished)} of {len(results)} films could not be finished; the first fault: {failed[0]}",
            next_step="mend it, and run `videdit batch retry`",
        )
    if passed:
        raise DoubtfulResult(
            f"{len(passed)} parts failed and were let through unedited: {passed[0].film}, {passed[0].title}",
            next_step="see the report",
        )


def _tell_plan(session: Session, request: BatchRequest, work: Path, values: dict[str, Any], report: Any) -> None:
    from videdit.batch.estimate import estimate
    from videdit.batch.opening import opened
    from videdit.project.runtimes import runtime_for

    runtime = runtime_for(session.plugins, device=request.device, note=session.note)
    with opened(work, request, session.plugins, runtime, report) as there:
        found = estimate(there.films, session.plugins, runtime.device, report)
    for name, (_, error) in there.broken.items():
        console.say(f"{name}: {error}")
    if values.get("as_json"):
        rows = [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in found]
        console.show_json(rows)
        return
    for one in found:
        time = f"about {_minutes(one.seconds)} for one worker" if one.seconds is not None else f"unknown: {one.why}"
        if one.unseen_shots:
            time += f"; {one.unseen_shots} shots are not looked through yet, and counted as if each held something"
        console.out.print(
            f"{one.film}: {one.edited_shots} shots to edit, {one.passed_shots} to let through; {one.jobs} jobs of "
            f"{one.frames} frames to do, {one.done_jobs} done; {time}",
            markup=False,
        )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _add_status(app: typer.Typer) -> None:
    @app.command("status")
    @guarded
    def status(work: _Work, as_json: _Json = False) -> None:
        """Tell how far a batch is, and what failed."""
        films = status_of(work)
        if as_json:
            console.show_json([one.as_dict() for one in films])
            return
        for one in films:
            states = ", ".join(f"{count} {state}" for state, count in sorted(one.states.items()))
            console.out.print(f"{one.film}: {states}; {_minutes(one.seconds)} of work", markup=False)
            if one.finished is not None:
                console.out.print(f"  {one.finished}", markup=False, soft_wrap=True)
            for row in one.failed:
                console.out.print(f"  {row.id}  {row.error}", markup=False, soft_wrap=True)
        if not films:
            console.out.print("no job is planned yet", markup=False)
        if not any(one.running for one in films) and any(one.finished is None for one in films):
            console.out.print(f"nobody is at work; `videdit batch retry {work}` goes on", markup=False, soft_wrap=True)


def _add_retry(app: typer.Typer, session: Session) -> None:
    @app.command("retry")
    @guarded
    def retry(
        work: _Work,
        keep_going: _KeepGoing = False,
        pass_failed: _PassFailed = False,
        quiet: _Quiet = False,
        as_json: _Json = False,
    ) -> None:
        """Go on with a batch, and try once more what failed."""
        from dataclasses import replace

        request = read_request(work)
        request = replace(
            request,
            keep_going=keep_going or request.keep_going,
            pass_failed=pass_failed or request.pass_failed,
        )
        with console.progress(quiet=quiet) as report:
            results = run_batch(work, request, session.plugins, retry=True, note=session.note, report=report)
        _tell(results, as_json=as_json)
