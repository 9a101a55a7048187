"""From a published file to a network that is ready."""

from __future__ import annotations

from pathlib import Path

import torch

from videdit.checkpoints import load_state_dict, load_strict
from videdit_plugins.xmem.network.folding import fold_norms
from videdit_plugins.xmem.network.network import Widths, XMem, with_others_channel


def load_network(path: Path) -> XMem:
    """Read a file of XMem weights (XMem, s012, s2, no-sensory) into a network of its widths, strictly.

    Raises CorruptCheckpoint that names the keys that do not fit.
    """
    tensors = with_others_channel(load_state_dict(path))
    widths = Widths.of(tensors, path.name)
    with torch.device("meta"):
        network = XMem(widths)
    # Made without memory first: drawing 62 million random numbers to overwrite them takes a second.
    network.to_empty(device="cpu")
    load_strict(network, tensors, path.name)
    fold_norms(network.eval())
    return network.requires_grad_(False)
