"""The group `videdit evaluate`: figures of quality on data sets with known truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import OptionError
from videdit.progress import Report
from videdit.runtime import Runtime

if TYPE_CHECKING:
    from videdit.evaluation import Evaluation

_ENGINES = "Engines"
_Data = Annotated[
    str,
    typer.Argument(
        metavar="DIR", help="A data set: JPEGImages/480p and Annotations/480p lie in it.", show_default=False
    ),
]
_Results = Annotated[
    str, typer.Option("--results", metavar="FOLDER", help="Where everything goes; a stopped run goes on there.")
]
_Sequences = Annotated[
    list[str] | None,
    typer.Option("--sequences", metavar="NAMES", help="Names with commas, or a text file of names. All by default."),
]
_Frames = Annotated[int | None, typer.Option("--frames", min=1, help="The first so many frames of each sequence.")]
_Segmenter = Annotated[str, typer.Option("--segmenter", help="A segmenter's name.", rich_help_panel=_ENGINES)]
_Robot = Annotated[
    Literal["largest", "deepest"],
    typer.Option("--robot", help="Clicks fall in the middle of the largest error, or on the deepest point of any."),
]
_OneObject = Annotated[
    bool, typer.Option("--one-object", help="Take all objects of a sequence for one, as DAVIS 2016 does.")
]
_Quality = Annotated[
    Literal["draft", "standard", "best"],
    typer.Option("--quality", help="Speed against care.", rich_help_panel=_ENGINES),
]
_Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.", rich_help_panel=_ENGINES)]
_Learned = Annotated[
    bool,
    typer.Option("--learned/--no-learned", help="Use the small networks that come along.", rich_help_panel=_ENGINES),
]
_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="ROLE.OPTION=VALUE",
        help="An option of an engine, such as tracker.work_pixels=200000; may be repeated.",
        rich_help_panel=_ENGINES,
    ),
]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def evaluate_commands(session: Session) -> typer.Typer:
    """Make the group."""
    app = typer.Typer(help="Measure quality where the truth is known, with any engine.", no_args_is_help=True)
    _add_tracking(app, session)
    _add_inpainting(app, session)
    _add_segmenting(app, session)
    return app


def _add_tracking(app: typer.Typer, session: Session) -> None:
    @app.command("tracking")
    @guarded
    def tracking(
        folder: _Data,
        results: _Results = "videdit-results/tracking",
        init: Annotated[
            Literal["mask", "box", "click"], typer.Option("--init", help="How objects are shown on the first frame.")
        ] = "mask",
        clicks: Annotated[int, typer.Option("--clicks", min=1, help="With --init click: how many.")] = 1,
        corrections: Annotated[
            int, typer.Option("--corrections", min=0, help="Correct so many times where most is wrong.")
        ] = 0,
        correction_clicks: Annotated[
            int, typer.Option("--correction-clicks", min=1, help="With --init click: at each correction, at most.")
        ] = 5,
        robot: _Robot = "largest",
        one_object: _OneObject = False,
        sequences: _Sequences = None,
        frames: _Frames = None,
        tracker: Annotated[str, typer.Option("--tracker", help="A tracker's name.", rich_help_panel=_ENGINES)] = "auto",
        segmenter: _Segmenter = "auto",
        refine: Annotated[
            Literal["auto", "on", "off"],
            typer.Option("--refine", help="Ask the segmenter about doubtful masks.", rich_help_panel=_ENGINES),
        ] = "auto",
        reidentify: Annotated[
            bool,
            typer.Option("--reidentify/--no-reidentify", help="Look for lost objects again.", rich_help_panel=_ENGINES),
        ] = False,
        options: _Set = None,
        quality: _Quality = "standard",
        device: _Device = "auto",
        learned: _Learned = True,
        quiet: _Quiet = False,
        as_json: _Json = False,
    ) -> None:
        """Track from the first frame to the last; J, F and J&F as the code of DAVIS takes them."""
        from videdit.evaluation import Pointing, TrackingSettings, evaluate_tracking

        asked = _options(options, ("tracker", "segmenter"))
        settings = TrackingSettings(
            Pointing(init, clicks, robot),
            corrections,
            correction_clicks,
            one_object,
            frames,
            tracker,
            segmenter,
            refine,
            reidentify,
            asked["tracker"],
            asked["segmenter"],
        )
        with console.progress(quiet=quiet) as report:
            found = evaluate_tracking(
                folder,
                Path(results),
                settings,
                plugins=session.plugins,
                runtime=session.runtime({"device": device, "quality": quality, "learned": learned}),
                sequences=sequences or (),
                report=report,
            )
        _show(found, as_json=as_json)


def _add_inpainting(app: typer.Typer, session: Session) -> None:
    @app.command("inpainting")
    @guarded
    def inpainting(
        folder: _Data,
        results: _Results = "videdit-results/inpainting",
        sizes: Annotated[
            list[str] | None,
            typer.Option("--size", metavar="WxH|full", help="May be repeated. 432x240 and full by default."),
        ] = None,
        mode: Annotated[
            Literal["film", "network"],
            typer.Option("--mode", help="network: as the tables of E2FGVI were made, with the masks of --masks."),
        ] = "film",
        masks: Annotated[
            str | None,
            typer.Option("--masks", metavar="DIR", help="With --mode network: a folder of PNG files a sequence."),
        ] = None,
        weights: Annotated[
            str | None,
            typer.Option(
                "--weights",
                metavar="DIR",
                help="With --mode network: where i3d_rgb_imagenet.pt (VFID), alexnet-owt-7be5be79.pth and alex.pth "
                "(LPIPS) lie.",
            ),
        ] = None,
        holes: Annotated[
            Literal["both", "stationary", "object"],
            typer.Option("--holes", help="Drawn ones that stand still, or the shapes of other objects."),
        ] = "both",
        seed: Annotated[int, typer.Option("--seed", min=0, help="Of the drawn holes.")] = 0,
        sequences: _Sequences = None,
        frames: _Frames = None,
        filler: Annotated[str, typer.Option("--filler", help="A filler's name.", rich_help_panel=_ENGINES)] = "auto",
        quality: _Quality = "standard",
        device: _Device = "auto",
        learned: _Learned = True,
        quiet: _Quiet = False,
        as_json: _Json = False,
    ) -> None:
        """Fill holes laid over untouched films: PSNR, SSIM and flow-warping error of frame, hole and background."""
        made_with = session.runtime({"device": device, "quality": quality, "learned": learned})
        if mode == "network":
            with console.progress(quiet=quiet) as report:
                found = _network(
                    session, folder, results, sizes, masks, weights, frames, filler, made_with, sequences, report
                )
            _show(found, as_json=as_json)
            return
        from videdit.evaluation import InpaintingSettings, evaluate_inpainting

        usual = InpaintingSettings()
        settings = InpaintingSettings(
            tuple(dict.fromkeys(sizes or usual.sizes)),
            usual.holes if holes == "both" else (holes,),
            seed,
            frames,
            filler,
        )
        with console.progress(quiet=quiet) as report:
            found = evaluate_inpainting(
                folder,
                Path(results),
                settings,
                plugins=session.plugins,
                runtime=made_with,
                sequences=sequences or (),
                report=report,
            )
        _show(found, as_json=as_json)


def _network(
    session: Session,
    folder: str,
    results: str,
    sizes: list[str] | None,
    masks: str | None,
    weights: str | None,
    frames: int | None,
    filler: str,
    runtime: Runtime,
    sequences: list[str] | None,
    report: Report,
) -> Evaluation:
    from videdit.evaluation import NetworkSettings, evaluate_network
    from videdit.evaluation.inpainting import read_size

    if masks is None:
        raise OptionError("--mode network needs the mask files", next_step="name their folder with --masks")
    size = read_size((sizes or ["432x240"])[0])
    if size is None or len(sizes or [""]) > 1:
        raise OptionError("--mode network takes one size", next_step="write --size 432x240")
    engine = "e2fgvi-hq" if filler == "auto" else filler
    settings = NetworkSettings(Path(masks), (size[1], size[0]), frames, engine, Path(weights) if weights else None)
    return evaluate_network(
        folder,
        Path(results),
        settings,
        plugins=session.plugins,
        runtime=runtime,
        sequences=sequences or (),
        report=report,
    )


def _add_segmenting(app: typer.Typer, session: Session) -> None:
    @app.command("segmenting")
    @guarded
    def segmenting(
        folder: _Data,
        results: _Results = "videdit-results/segmenting",
        clicks: Annotated[int, typer.Option("--clicks", min=1, help="From 1 to this many.")] = 5,
        robot: _Robot = "largest",
        one_object: _OneObject = False,
        sequences: _Sequences = None,
        segmenter: _Segmenter = "auto",
        options: _Set = None,
        quality: _Quality = "standard",
        device: _Device = "auto",
        learned: _Learned = True,
        quiet: _Quiet = False,
        as_json: _Json = False,
    ) -> None:
        """Segment the first and the middle frame by a box and by clicks; the IoU after each."""
        from videdit.evaluation import SegmentingSettings, evaluate_segmenting

        asked = _options(options, ("segmenter",))
        with console.progress(quiet=quiet) as report:
            found = evaluate_segmenting(
                folder,
                Path(results),
                SegmentingSettings(clicks, robot, one_object, segmenter, asked["segmenter"]),
                plugins=session.plugins,
                runtime=session.runtime({"device": device, "quality": quality, "learned": learned}),
                sequences=sequences or (),
                report=report,
            )
        _show(found, as_json=as_json)


def _options(written: Sequence[str] | None, roles: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return role -> option -> value of the texts ROLE.OPTION=VALUE that were written."""
    asked: dict[str, dict[str, str]] = {role: {} for role in roles}
    for text in written or ():
        name, equals, value = text.partition("=")
        role, _, option = name.partition(".")
        if not (equals and option and role in asked):
            raise OptionError(
                f"--set {text} is not {' or '.join(f'{role}.OPTION=VALUE' for role in roles)}",
                next_step="`videdit plugins --json` tells the options of each engine",
            )
        asked[role][option] = value
    return asked


def _show(found: Evaluation, *, as_json: bool) -> None:
    if as_json:
        rows = [{key: _plain(value) for key, value in row.items()} for row in found.rows]
        console.show_json({"rows": rows, "folder": str(found.folder), "notes": list(found.notes)})
        return
    _print_lines(found.lines())
    for sentence in [*found.notes, f"tables, plots and contact sheets: {found.folder}"]:
        console.say(sentence)


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        console.out.print(line, markup=False)


def _plain(value: Any) -> Any:
    # JSON has no word for what was not measured but null.
    return None if isinstance(value, float) and not math.isfinite(value) else value
