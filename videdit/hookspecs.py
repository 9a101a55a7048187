"""The hooks a plug-in may implement. `docs/plugins.md` shows each one at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy

PROJECT_NAME = "videdit"
hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)

Register = Callable[..., None]
"""register(name, factory, options=None, *, checkpoints=(), rank=0, summary="", finds=())"""


@hookspec
def register_segmenters(register: Register) -> None:
    """Offer engines that turn prompts into a mask: register(name, factory, options)."""


@hookspec
def register_trackers(register: Register) -> None:
    """Offer engines that carry masks through a shot: register(name, factory, options)."""


@hookspec
def register_detectors(register: Register) -> None:
    """Offer engines that find things on a frame: register(name, factory, options, finds=("faces", "face"))."""


@hookspec
def register_fillers(register: Register) -> None:
    """Offer engines that fill holes: register(name, factory, options)."""


@hookspec
def register_effects(register: Register) -> None:
    """Offer effects: register(name, factory, options)."""


@hookspec
def register_shot_detectors(register: Register) -> None:
    """Offer engines that find shot changes: register(name, factory, options)."""


@hookspec
def register_executors(register: Register) -> None:
    """Offer ways to run batch jobs: register(name, factory, options)."""


@hookspec
def register_checkpoints(register: Callable[[str], None]) -> None:
    """Offer files of weights: register(path of a TOML table, or its text)."""


@hookspec
def register_commands(cli: Any) -> None:
    """Add commands to the command line, a typer.Typer."""


@hookspec(firstresult=True)
def open_video(source: str, options: dict[str, Any]) -> Any:
    """Return a reader for a source that only this plug-in can read, or None."""


@hookspec
def masks_ready(shot: Any, masks: Any) -> Any:
    """Change the masks of a shot before effects see them; None leaves them as they are.

    Each implementation gets what the one before it returned.
    """


@hookspec
def pipeline_event(event: Any) -> None:
    """Follow the progress. What this raises is logged and goes no further."""
