"""Files of weights: what is known of them, where they lie, how they are fetched, checked and loaded.

Nothing is fetched at import or in a constructor; only `CheckpointStore.pull` speaks to the network.
"""

from __future__ import annotations

from videdit.checkpoints.files import file_digest
from videdit.checkpoints.licenses import Acceptance
from videdit.checkpoints.loading import load_arrays, load_state_dict, load_strict
from videdit.checkpoints.registry import Checkpoint, Layout, WeightsOnly, read_registry
from videdit.checkpoints.store import CheckpointRow, CheckpointStore, default_folders

__all__ = [
    "Acceptance",
    "Checkpoint",
    "CheckpointRow",
    "CheckpointStore",
    "Layout",
    "WeightsOnly",
    "default_folders",
    "file_digest",
    "load_arrays",
    "load_state_dict",
    "load_strict",
    "read_registry",
]
