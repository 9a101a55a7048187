"""Put something else behind the objects, or nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.background.options import BackgroundOptions

if TYPE_CHECKING:
    from videdit.effect import Effect


def _background(options: BackgroundOptions, runtime: Runtime) -> Effect:
    from videdit_plugins.background.effect import Background

    return Background(options, runtime)


@hookimpl
def register_effects(register: Register) -> None:
    register(
        "background", _background, BackgroundOptions, summary="put a colour, picture, film or nothing behind objects"
    )
