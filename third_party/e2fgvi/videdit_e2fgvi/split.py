"""Feature maps to tokens and back: overlapping patches, unfolded and folded.

After Liu et al., "FuseFormer: Fusing Fine-Grained Information in Transformers for Video Inpainting", ICCV 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH = 7
STRIDE = 3
_MARGIN = 3
CHANNELS = 128
WIDTH = 512
Size = tuple[int, int]


def token_grid(size: Size) -> Size:
    """Return the rows and columns of tokens for a feature map of `size` (height, width)."""
    return (size[0] - 1) // STRIDE + 1, (size[1] - 1) // STRIDE + 1


def unfold(maps: Tensor) -> Tensor:
    """Cut (N, C, h, w) into patches: (N, tokens, C * 49)."""
    return functional.unfold(maps, PATCH, padding=_MARGIN, stride=STRIDE).transpose(1, 2)


def fold(patches: Tensor, size: Size) -> Tensor:
    """Add overlapping patches (N, tokens, C * 49) up to maps (N, C, h, w) of `size`."""
    return functional.fold(patches.transpose(1, 2), size, PATCH, padding=_MARGIN, stride=STRIDE)


def overlaps(size: Size, like: Tensor) -> Tensor:
    """Return how many patches lie on each place: (1, 1, h, w) with the dtype and device of `like`."""
    rows, columns = token_grid(size)
    return fold(like.new_ones(1, rows * columns, PATCH * PATCH), size)


class SoftSplit(nn.Module):
    """Patches to tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(CHANNELS * PATCH * PATCH, WIDTH)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the tokens (N, rows, columns, 512) of maps (N, 128, h, w)."""
        tokens: Tensor = self.embedding(unfold(maps))
        return tokens.view(-1, *token_grid((maps.shape[-2], maps.shape[-1])), WIDTH)


class SoftComposition(nn.Module):
    """Tokens to maps.

    fixed_size: (h, w) of the only size there is a bias for; None has a convolution in its place, for any size
    """

    def __init__(self, fixed_size: Size | None) -> None:
        super().__init__()
        self.embedding = nn.Linear(WIDTH, CHANNELS * PATCH * PATCH)
        if fixed_size is None:
            self.bias_conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        else:
            self.bias = nn.Parameter(torch.zeros(CHANNELS, *fixed_size))
        self._any_size = fixed_size is None

    def forward(self, tokens: Tensor, size: Size) -> Tensor:
        """Return maps (N, 128, h, w) of `size` from tokens (N, rows, columns, 512).

        Overlapping patches are added up, not averaged.
        """
        maps = fold(self.embedding(tokens.flatten(1, 2)), size)
        if self._any_size:
            convolved: Tensor = self.bias_conv(maps)
            return convolved
        return maps + self.bias
