"""The runtime that engines and effects are made with, from what a person asked for."""

from __future__ import annotations

from collections.abc import Callable

from videdit.checkpoints import CheckpointStore
from videdit.devices import resolve_device
from videdit.plugins import Plugins
from videdit.runtime import Quality, Runtime


def runtime_for(
    plugins: Plugins,
    *,
    device: str = "auto",
    quality: Quality = "standard",
    learned: bool = True,
    note: Callable[[str], None] = lambda sentence: None,
) -> Runtime:
    """Return a runtime that finds checkpoints where they are kept and makes engines of `plugins`.

    device: "auto", "cpu", "cuda", "cuda:1" or "mps". Raises OptionError if it is not there.
    """
    store = CheckpointStore(plugins.checkpoint_tables)
    return plugins.runtime(
        Runtime(device=resolve_device(device), quality=quality, learned=learned, find_checkpoint=store.find, note=note)
    )
