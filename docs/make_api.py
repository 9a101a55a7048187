"""Write docs/api.md from the signatures and docstrings of videdit's public names.

python docs/make_api.py
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import videdit

PAGE = Path(__file__).with_name("api.md")

CHAPTERS = {
    "Editing": ["open", "Project", "EffectStep", "DetectionStep"],
    "Pointing": ["Moment", "Click", "Box", "Stroke", "MaskPrompt", "Phrase", "Prompt", "Object", "Objects"],
    "Frames and shots": ["Frame", "FrameSequence", "ArrayFrames", "Region", "Shot"],
    "Effects": ["Effect", "Window", "Patch", "ShotView", "Context", "PER_FRAME", "WHOLE_SHOT"],
    "Engines": [
        "Segmenter", "Hypothesis", "Tracker", "Tracked", "Detector", "Detection", "Filler", "Filled", "MaskSequence",
        "ProbableMasks", "MasksAmongOthers", "LabelSequence", "MADE_UP", "ShotDetector", "ShotChange", "Executor", "Ended",
    ],
    "Plug-ins": ["Plugins", "hookimpl", "Options", "Runtime"],
    "Errors": ["VideditError"],
}  # fmt: skip
"""Where each public name stands; one that is not here yet comes last."""

# Names that are values or aliases: what they stand for is said here, since they have no docstring of their own.
# Modules whose classes are parts of a public one, and no public names themselves.
PARTS = ("videdit.project.folder", "videdit.project.deciding")

SAID = {
    "PER_FRAME": "`Context()`: the effect looks at one frame at a time.",
    "WHOLE_SHOT": "`Context(shot=True)`: the effect may look at any frame of the shot.",
    "MADE_UP": "-1, in `Filled.origin`: no frame of the shot shows this pixel; it was synthesised.",
    "Prompt": "`Click | Box | Stroke | MaskPrompt | Phrase`.",
    "hookimpl": "Marks a function as the implementation of the hook of its name; see [plugins.md](plugins.md).",
}


_PREAMBLE = """\
# The Python API

Written by `python docs/make_api.py`; do not edit it by hand.

Everything here is reached as `videdit.NAME`. Frames are (H, W, 3) RGB, uint8, or uint16 at full scale; masks are (H, W)
bool; coordinates are pixels of the upright frame, origin top left; ranges are half open; indices begin at 0.

```python
import videdit

with videdit.open("film.mp4") as project:
    project.box(70, 91, 159, 176, at=0, object="ball").blur(style="solid")
    project.save("hidden.mp4")
```"""


def chapters() -> dict[str, list[str]]:
    """Return every public name by chapter."""
    public = {*videdit.__all__, "open"}
    known = {chapter: [name for name in names if name in public] for chapter, names in CHAPTERS.items()}
    others = sorted(public - {name for names in known.values() for name in names})
    return known | ({"Others": others} if others else {})


def signature(name: str, thing: Any) -> str:
    """Return `name(arguments)` without annotations; the bare name of what cannot be called."""
    if name in SAID or getattr(thing, "_is_protocol", False) or not callable(thing):
        return name
    parameters = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in inspect.signature(thing).parameters.values()
        if one.name != "self"
    ]
    shown = [one.replace(default=_Shown(one.default)) if one.default is not one.empty else one for one in parameters]
    return f"{name}{inspect.Signature(shown)}"


class _Shown:
    """A default as a person would write it."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __repr__(self) -> str:
        if type(self._value).__module__ == "videdit.prompts":
            return str(self._value)
        if inspect.isroutine(self._value) or repr(self._value).startswith("<"):
            return "..."
        return repr(self._value)


def members(thing: Any) -> Iterator[tuple[str, str]]:
    """Yield signature and docstring of each public method and property of a class, those of its hidden parts too."""
    if not inspect.isclass(thing):
        return
    parts = [one for one in thing.__mro__ if one is thing or one.__module__ in PARTS]
    defined = {name: value for one in reversed(parts) for name, value in vars(one).items()}
    for name, value in defined.items():
        if name.startswith("_"):
            continue
        if isinstance(value, property):
            yield name, inspect.getdoc(value) or ""
        elif isinstance(value, staticmethod | classmethod):
            yield signature(name, getattr(thing, name)), inspect.getdoc(value) or ""
        elif isinstance(value, types.FunctionType):
            yield signature(name, value), inspect.getdoc(value) or ""


def page() -> str:
    """Return the text of docs/api.md."""
    lines = [_PREAMBLE]
    for chapter, names in chapters().items():
        lines += ["", f"## {chapter}"]
        for name in names:
            thing = getattr(videdit, name)
            lines += ["", f"### `{signature(name, thing)}`", "", *_told(SAID.get(name) or inspect.getdoc(thing) or "")]
            for one, text in [] if name in SAID else members(thing):
                first = text.partition("\n\n")[0].replace("\n", " ")
                lines.append(f"- `{one}`" + (f": {first}" if first else ""))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _told(text: str) -> list[str]:
    """Return a docstring as Markdown: its first paragraph as it is, the rest, which is in columns, as a block."""
    first, _, rest = text.partition("\n\n")
    block = ["", "```text", rest, "```"] if rest else []
    return [first, *block, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
