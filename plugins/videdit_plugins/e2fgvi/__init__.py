"""Plug-in: fill holes with what other frames show, and with the E2FGVI-HQ network where none does."""

from __future__ import annotations

from dataclasses import replace
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
    if options.parity or not options.propagation:
        return E2fgviFiller(options, runtime, network)
    from videdit_plugins.e2fgvi.full_size import FullSizeFiller

    budget = runtime.memory_budget_bytes
    # The built-in filler takes half of the budget for frames.
    half = runtime if budget is None else replace(runtime, memory_budget_bytes=budget // 2)
    # The network makes up what no frame shows, so the built-in filler need not.
    known = {"shadows": options.shadows, "grain": options.grain, "synthesis": False}
    seen = runtime.make("filler", "builtin", known)
    filler = E2fgviFiller(options, half, network)
    return FullSizeFiller(seen, filler) if budget is None else FullSizeFiller(seen, filler, budget // 8)


@hookimpl
def register_fillers(register: Register) -> None:
    register(
        "e2fgvi",
        _filler,
        E2fgviOptions,
        checkpoints=(CHECKPOINT,),
        rank=20,
        summary="what other frames show, and a network for the rest; weights for non-commercial use",
    )
