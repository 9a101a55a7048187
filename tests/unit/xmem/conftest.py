"""A stand-in for the network that has its interface but sees colours, so that what memory does can be read off."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.xmem.network.key_encoder import Features
from videdit_plugins.xmem.network.network import Widths

CELL = 16


class ColourNetwork(nn.Module):
    """Keys are the mean colours of cells, values the masks' pixels in them, and decoding lays these back."""

    def __init__(self) -> None:
        super().__init__()
        self.widths = Widths(key=3, value=CELL * CELL, hidden=2)
        self.reduced: torch.dtype | None = None
        self.encoded_frames = 0
        self.weight = nn.Parameter(torch.ones(1))

    def placed(self, images: Tensor) -> Tensor:
        return images

    def encode_frames(self, images: Tensor) -> Features:
        self.encoded_frames += len(images)
        key = functional.avg_pool2d(images, CELL) * 20
        ones = torch.ones_like(key)
        return Features(key, ones[:, :1], ones, key, key, key)

    def encode_objects(self, image: Tensor, f16: Tensor, probability: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return functional.pixel_unshuffle(probability[:, None], CELL), hidden + 1

    def decode(self, features: Features, readout: Tensor, hidden: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        own = functional.pixel_shuffle(readout, CELL)[:, 0]
        return (own * 2 - 1) * 6, hidden * 0.5 if update else hidden


@pytest.fixture
def network() -> ColourNetwork:
    return ColourNetwork()
