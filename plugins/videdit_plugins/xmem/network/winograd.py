"""3x3 convolutions with a quarter of the multiplications, for processors.

Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, F(4x4, 3x3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

TILE = 4
READ = TILE + 2
"""A tile of 4x4 results takes 6x6 values; results differ from the usual by a hundred-thousandth of the largest."""
LEAST_CHANNELS = 128
"""With fewer, moving the tiles costs what the multiplications save."""
BUFFER_BYTES = 16 << 20
"""Of one portion of tiles: what stays near the processor is not waited for."""

_INPUT = torch.tensor(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    dtype=torch.float64,
)
_WEIGHT = torch.tensor(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], dtype=torch.float64
) / 24  # fmt: skip
_OUTPUT = torch.tensor(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], dtype=torch.float64
)


class WinogradConv(nn.Module):
    """A 3x3 convolution of stride 1 with a border of zeros; its results differ from the usual in the last digits."""

    inputs: Tensor
    outputs: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        kernel = convolution.weight.detach()
        moved = torch.einsum("ap,bq,ocpq->abco", _WEIGHT, _WEIGHT, kernel.double())
        out_channels, in_channels = kernel.shape[:2]
        bias = torch.zeros(out_channels) if convolution.bias is None else convolution.bias.detach().clone()
        self.register_buffer("weight", moved.reshape(READ * READ, in_channels, out_channels).float().contiguous())
        self.register_buffer("bias", bias)
        self.register_buffer("inputs", torch.kron(_INPUT, _INPUT).float())
        self.register_buffer("outputs", torch.kron(_OUTPUT, _OUTPUT).float())

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w) -> (N, out, h, w), channels last."""
        height, width = x.shape[-2:]
        down, across = -(-height // TILE), -(-width // TILE)
        padded = functional.pad(x, (1, TILE * across - width + 1, 1, TILE * down - height + 1))
        padded = padded.permute(0, 2, 3, 1).contiguous()
        per_row = across * READ * READ * 4 * max(self.weight.shape[1:])
        rows = max(1, BUFFER_BYTES // per_row)
        whole = x.new_empty(len(x), TILE * down, TILE * across, self.weight.shape[2])
        for picture, result in zip(padded, whole, strict=True):
            for first in range(0, down, rows):
                last = min(down, first + rows)
                part = picture[TILE * first : TILE * last + 2]
                result[TILE * first : TILE * last] = self._rows(part, last - first, across)
        return whole[:, :height, :width].permute(0, 3, 1, 2)

    def _rows(self, padded: Tensor, down: int, across: int) -> Tensor:
        """(4 down + 2, 4 across + 2, C) -> (4 down, 4 across, out)."""
        channels, out_channels = self.weight.shape[1:]
        tiles = padded.unfold(0, READ, TILE).unfold(1, READ, TILE).permute(3, 4, 0, 1, 2)
        moved = torch.mm(self.inputs, tiles.reshape(READ * READ, -1)).view(READ * READ, down * across, channels)
        products = torch.bmm(moved, self.weight)
        found = torch.mm(self.outputs, products.view(READ * READ, -1))
        found = found.view(TILE, TILE, down, across, out_channels) + self.bias
        return found.permute(2, 0, 3, 1, 4).reshape(TILE * down, TILE * across, out_channels)


def quicken(network: nn.Module) -> None:
    """Replace the 3x3 convolutions of `network` that gain by it."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d) and _gains(child):
                setattr(module, name, WinogradConv(child))


def _gains(convolution: nn.Conv2d) -> bool:
    plain = convolution.kernel_size == (3, 3) and convolution.stride == (1, 1) and convolution.padding == (1, 1)
    plain = plain and convolution.dilation == (1, 1) and convolution.groups == 1
    return plain and min(convolution.in_channels, convolution.out_channels) >= LEAST_CHANNELS
