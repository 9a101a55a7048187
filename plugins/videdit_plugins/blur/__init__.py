"""Hide objects, or everything but them: pixelated, blurred or painted over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.blur.options import BlurOptions

if TYPE_CHECKING:
    from videdit.effect import Effect


def _blur(options: BlurOptions, runtime: Runtime) -> Effect:
    from videdit_plugins.blur.effect import Blur

    return Blur(options, runtime)


@hookimpl
def register_effects(register: Register) -> None:
    register("blur", _blur, BlurOptions, summary="pixelate, blur or paint over objects, or everything but them")
