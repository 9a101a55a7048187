"""The flags that commands share, in groups."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Literal

import typer

from videdit.cli.model_flags import keyword

_POINT = "Point at it"
_WORK = "The work"
_ENGINES = "Engines"


def _flag(
    name: str, kind: Any, *declarations: str, panel: str, text: str, metavar: str | None = None
) -> inspect.Parameter:
    return keyword(name, kind, typer.Option(*declarations, help=text, rich_help_panel=panel, metavar=metavar))


SOURCE = inspect.Parameter(
    "source",
    inspect.Parameter.KEYWORD_ONLY,
    annotation=Annotated[
        str, typer.Argument(help="A film, a folder or pattern of pictures, or a project folder.", show_default=False)
    ],
)

PROMPTS = [
    _flag(
        "click", list[str], "--click", panel=_POINT, metavar="[NAME=]X,Y[@T]",
        text="A point on the object. T is a frame (12) or a time (00:01:02.5, 2.5s); NAME tells objects apart.",
    ),
    _flag("not_click", list[str], "--not", panel=_POINT, metavar="[NAME=]X,Y[@T]", text="A point beside the object."),
    _flag(
        "box", list[str], "--box", panel=_POINT, metavar="[NAME=]X0,Y0,X1,Y1[@T]", text="A box around the object."
    ),
    _flag(
        "stroke", list[str], "--stroke", panel=_POINT, metavar="[NAME=]X,Y/X,Y[@T]", text="A line over the object."
    ),
    _flag(
        "not_stroke", list[str], "--not-stroke", panel=_POINT, metavar="[NAME=]X,Y/X,Y[@T]",
        text="A line over what is not the object.",
    ),
    _flag(
        "mask", list[str], "--mask", panel=_POINT, metavar="[NAME=]FILE[@T]",
        text="A picture of the film's size; not black is the object.",
    ),
    _flag(
        "find", list[str], "--find", panel=_POINT, metavar="[NAME=]WORDS[@T]",
        text="Words for a detector: everything of that kind in the whole film; with T, the best on that frame.",
    ),
    _flag("faces", bool, "--faces", panel=_POINT, text="Every face in the film, as --find faces does."),
    _flag(
        "found_shape", str, "--shape", panel=_POINT, metavar="ellipse|box|exact",
        text="What is taken of everything that --faces and --find find in the whole film.  (default: ellipse)",
    ),
    _flag(
        "static", bool, "--static/--no-static", panel=_POINT,
        text="What is drawn stands still: it is the mask on every frame of the range.  (default: off)",
    ),
    _flag("prompts", str, "--prompts", panel=_POINT, metavar="FILE", text="A TOML or JSON file of prompts."),
]  # fmt: skip

WORK = [
    _flag(
        "project", str, "--project", "-p", panel=_WORK, metavar="FOLDER",
        text="Keep the work here, and go on with what is there.",
    ),
    _flag(
        "span", str, "--range", panel=_WORK, metavar="FROM..TO",
        text="Work on these frames or times alone, TO not included; the rest passes through.",
    ),
    _flag(
        "shot_list", str, "--shots", panel=_WORK, metavar="FILE",
        text="Shots to go by (JSON or CSV, from `videdit shots`).",
    ),
    _flag("quiet", bool, "--quiet", "-q", panel=_WORK, text="Show no progress."),
    _flag("as_json", bool, "--json", panel=_WORK, text="Print the result as JSON."),
]  # fmt: skip

PREVIEW = _flag(
    "preview", str, "--preview", panel=_POINT, metavar="STILL.png",
    text="Write a still with a ruler and the mask, and do nothing else.",
)  # fmt: skip

ENGINES = [
    _flag("segmenter", str, "--segmenter", panel=_ENGINES, text="What turns prompts into a mask.  (default: auto)"),
    _flag("tracker", str, "--tracker", panel=_ENGINES, text="What carries masks through a shot.  (default: auto)"),
    _flag("detector", str, "--detector", panel=_ENGINES, text="What finds things by words.  (default: auto)"),
    _flag(
        "refine", Literal["auto", "on", "off"], "--refine", panel=_ENGINES,
        text="Whether the segmenter is asked about doubtful masks.  (default: auto)",
    ),
    _flag(
        "reidentify", bool, "--reidentify/--no-reidentify", panel=_ENGINES,
        text="Look for objects again after cuts and where they were lost.  (default: on)",
    ),
    _flag(
        "shot_detector", str, "--shot-detector", panel=_ENGINES, text="What finds the cuts.  (default: auto)"
    ),
    _flag(
        "quality", Literal["draft", "standard", "best"], "--quality", panel=_ENGINES,
        text="Speed against care.  (default: standard)",
    ),
    _flag("device", str, "--device", panel=_ENGINES, text="auto, cpu, cuda, cuda:1 or mps.  (default: auto)"),
    _flag(
        "learned", bool, "--learned/--no-learned", panel=_ENGINES,
        text="Use the small networks that come along.  (default: on)",
    ),
]  # fmt: skip

OUTPUT = [
    _flag("output", str, "--output", "-o", panel=_WORK, metavar="FILE", text="The finished film."),
    _flag(
        "overwrite", bool, "--overwrite/--no-overwrite", panel=_WORK,
        text="Whether an existing file may be replaced.  (default: off)",
    ),
]  # fmt: skip
