"""Plug-in: remove an object and show what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.remove.options import RemoveOptions

if TYPE_CHECKING:
    from videdit.effect import Effect


def _remove(options: RemoveOptions, runtime: Runtime) -> Effect:
    from videdit_plugins.remove.effect import Remove

    return Remove(options, runtime)


@hookimpl
def register_effects(register: Register) -> None:
    register("remove", _remove, RemoveOptions, summary="take an object out and show what is behind it")
