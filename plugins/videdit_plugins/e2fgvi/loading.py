"""The network with its weights, on its device."""

from __future__ import annotations

from pathlib import Path

import torch

from videdit.checkpoints import load_state_dict, load_strict
from videdit_e2fgvi import E2FGVI, e2fgvi, e2fgvi_hq
from videdit_plugins.e2fgvi.integers import in_integers
from videdit_plugins.e2fgvi.options import E2fgviOptions


def load_network(path: Path, name: str, device: str, options: E2fgviOptions) -> E2FGVI:
    """Make the network and load the file at `path` into it, strictly.

    name: of the checkpoint, which tells the configuration: "e2fgvi-hq", or "e2fgvi" for frames of 432x240

    Raises MissingCheckpoint or CorruptCheckpoint.
    """
    network = e2fgvi() if name == "e2fgvi" else e2fgvi_hq()
    load_strict(network, load_state_dict(path), name)
    network.eval().requires_grad_(False)
    network.to(device)
    dtype = _dtype(options, device)
    # On a GPU the short formats gain by it; float32 does not.
    gains = device.startswith("cuda") and dtype != torch.float32
    network.configure(dtype, channels_last=options.channels_last or gains)
    if options.precision == "int8":
        in_integers(network, device)
    return network


def _dtype(options: E2fgviOptions, device: str) -> torch.dtype:
    if options.precision == "auto":
        return torch.bfloat16 if device.startswith("cuda") and torch.cuda.is_bf16_supported() else torch.float32
    return {"float32": torch.float32, "int8": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[
        options.precision
    ]
