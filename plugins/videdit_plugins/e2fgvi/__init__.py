"""Plug-in: fill holes with the E2FGVI-HQ network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.e2fgvi.options import E2fgviOptions

if TYPE_CHECKING:
    from videdit.filler import Filler

CHECKPOINT = "e2fgvi-hq"


def _filler(options: E2fgviOptions, runtime: Runtime) -> Filler:
    path = runtime.find_checkpoint(CHECKPOINT)  # before the libraries that take seconds to import
    from videdit_plugins.e2fgvi.engine import E2fgviFiller
    from videdit_plugins.e2fgvi.loading import load_network

    network = load_network(path, CHECKPOINT, runtime.device, options)
    return E2fgviFiller(options, runtime, network)


@hookimpl
def register_fillers(register: Register) -> None:
    register(
        "e2fgvi",
        _filler,
        E2fgviOptions,
        checkpoints=(CHECKPOINT,),
        rank=20,
        summary="a network for what no frame shows; weights for non-commercial use",
    )
