"""Plug-in: fill holes with what other frames show, and with one of the E2FGVI networks where none does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from videdit.errors import OptionError
from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.e2fgvi.options import E2fgviOptions

if TYPE_CHECKING:
    from videdit.filler import Filler

HQ = "e2fgvi-hq"
FIXED = "e2fgvi"
"""Names of the checkpoints, and of the fillers that take them."""


def make_filler(checkpoint: str, options: E2fgviOptions, runtime: Runtime) -> Filler:
    """Make the filler around one of the networks. Raises OptionError, MissingCheckpoint or CorruptCheckpoint."""
    if checkpoint == FIXED and options.working_pixels:
        raise OptionError(
            "the filler e2fgvi works at 432x240 and no other size",
            next_step="leave working_pixels out, or take the filler e2fgvi-hq",
        )
    path = runtime.find_checkpoint(checkpoint)  # before the libraries that take seconds to import
    from videdit_plugins.e2fgvi.engine import E2fgviFiller
    from videdit_plugins.e2fgvi.loading import load_network

    network = load_network(path, checkpoint, runtime.device, options)
    if options.parity or not options.propagation:
        return E2fgviFiller(options, runtime, network)
    from videdit_plugins.e2fgvi.full_size import KEPT_BYTES, FullSizeFiller

    budget = runtime.memory_budget_bytes
    # The built-in filler takes half of the budget for frames, and an eighth is for fills that are kept.
    rest = runtime if budget is None else replace(runtime, memory_budget_bytes=budget * 3 // 8)
    # The network makes up what no frame shows, so the built-in filler need not.
    known = {"shadows": options.shadows, "remnants": options.remnants, "grain": options.grain, "synthesis": False}
    seen = runtime.make("filler", "builtin", known)
    alone = partial(runtime.make, "filler", "builtin", {**known, "synthesis": True})
    kept = KEPT_BYTES if budget is None else budget // 8
    return FullSizeFiller(seen, E2fgviFiller(options, rest, network), kept, alone, runtime.note)


@hookimpl
def register_fillers(register: Register) -> None:
    register(
        HQ,
        partial(make_filler, HQ),
        E2fgviOptions,
        checkpoints=(HQ,),
        rank=20,
        summary="what other frames show, and a network for the rest; weights for non-commercial use",
    )
    register(
        FIXED,
        partial(make_filler, FIXED),
        E2fgviOptions,
        checkpoints=(FIXED,),
        rank=15,
        summary="the same with the first network, which works at 432x240; weights for non-commercial use",
    )
