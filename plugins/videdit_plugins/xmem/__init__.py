"""XMem: carries masks through a shot with a memory of three time scales. Needs a checkpoint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.xmem.options import XMemOptions

if TYPE_CHECKING:
    from videdit.tracker import Tracker

OFFERS = {
    "xmem": (60, "XMem: network with long-term memory, any number of objects"),
    "xmem-s012": (61, "XMem, trained on one more set of videos (BL30K)"),
    "xmem-s2": (58, "XMem, trained without still pictures"),
    "xmem-no-sensory": (57, "XMem without its memory of the frame before"),
}
"""Name of the engine, which is also its checkpoint's -> rank and summary; ranks follow the published DAVIS figures."""


def _tracker(checkpoint: str, options: XMemOptions, runtime: Runtime) -> Tracker:
    from videdit_plugins.xmem.engine import XMemTracker
    from videdit_plugins.xmem.loading import load_network

    return XMemTracker(options, runtime, load_network(runtime.find_checkpoint(checkpoint)))


@hookimpl
def register_trackers(register: Register) -> None:
    for name, (rank, summary) in OFFERS.items():
        register(name, partial(_tracker, name), XMemOptions, checkpoints=(name,), rank=rank, summary=summary)
