"""From a published file to a network that is ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from videdit.checkpoints import load_state_dict, load_strict


def load_model(path: Path, checkpoint: str) -> Any:
    """Read a file of Segment Anything into the network it is for, strictly.

    checkpoint: "sam-vit-b", "sam-vit-l" or "sam-vit-h"

    Raises CorruptCheckpoint that names the keys that do not fit.
    """
    from segment_anything import sam_model_registry

    tensors = load_state_dict(path)
    model = sam_model_registry[checkpoint.removeprefix("sam-").replace("-", "_")]()
    load_strict(model, tensors, path.name)
    return model.eval().requires_grad_(False)
