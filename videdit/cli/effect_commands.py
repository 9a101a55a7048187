"""One command for each effect: `videdit remove`, `videdit blur`, and whatever plug-ins add."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from videdit.cli import console
from videdit.cli.common_flags import ENGINES, OUTPUT, PREVIEW, PROMPTS, SOURCE, WORK
from videdit.cli.finishing import finish, output_path, write_preview
from videdit.cli.model_flags import given, keyword, parameters_of
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.detections.steps import SHAPING
from videdit.media import EncodeSettings
from videdit.ops import MaskShaping
from videdit.pipeline.steps import EffectStep
from videdit.plugins import Registration

_ONLY = keyword(
    "only",
    list[str],
    typer.Option("--object", help="Apply it to this object alone; may be repeated.", rich_help_panel="Point at it"),
)


@dataclass(frozen=True, slots=True)
class _Flags:
    """The parameters of one effect's command, by where their values go."""

    common: list[inspect.Parameter]
    options: Mapping[str, tuple[str, inspect.Parameter]]
    shaping: Mapping[str, tuple[str, inspect.Parameter]]
    encode: Mapping[str, tuple[str, inspect.Parameter]]

    @classmethod
    def of(cls, offer: Registration) -> _Flags:
        common = [SOURCE, *OUTPUT, *PROMPTS, PREVIEW, _ONLY, *WORK, *ENGINES]
        taken = {parameter.name for parameter in common}
        options = parameters_of(offer.options, panel=f"What {offer.name} does", taken=taken, prefix=offer.name)
        taken |= set(options)
        shaping = parameters_of(MaskShaping, panel="The masks", taken=taken, prefix="mask")
        taken |= set(shaping)
        encode = parameters_of(EncodeSettings, panel="The file", taken=taken, prefix="video")
        return cls(common, options, shaping, encode)

    def signature(self) -> inspect.Signature:
        dynamic = [parameter for group in (self.options, self.shaping, self.encode) for _, parameter in group.values()]
        return inspect.Signature([*self.common, *dynamic])


def add_effect_commands(app: typer.Typer, session: Session, taken: set[str]) -> None:
    """Add a command for every effect; one whose name a command has already is reached by `videdit effect-NAME`."""
    for offer in session.plugins.all("effect"):
        name = f"effect-{offer.name}" if offer.name in taken else offer.name
        app.command(name, help=offer.summary, rich_help_panel="Edit a film")(_command(offer, session))


def _command(offer: Registration, session: Session) -> Callable[..., None]:
    flags = _Flags.of(offer)

    def command(**values: Any) -> None:
        shaping = given(flags.shaping, values)
        if values.get("faces"):
            shaping = {**SHAPING, **shaping}
        step = EffectStep(offer.name, given(flags.options, values), tuple(values.get("only") or ()), shaping)
        settings = given(flags.encode, values)
        out = output_path(values, offer.name)
        with (
            console.progress(quiet=bool(values.get("quiet"))) as report,
            session.project(values, output=out) as project,
        ):
            if values.get("preview"):
                write_preview(project, Path(values["preview"]))
                return
            project.replace_effects([step])
            finish(project, out, settings, values, report)

    command.__name__ = offer.name.replace("-", "_")
    command.__signature__ = flags.signature()  # type: ignore[attr-defined]
    guarded_command = guarded(command)
    guarded_command.__signature__ = flags.signature()  # type: ignore[attr-defined]
    guarded_command.__annotations__ = {
        parameter.name: parameter.annotation for parameter in flags.signature().parameters.values()
    }
    return guarded_command
