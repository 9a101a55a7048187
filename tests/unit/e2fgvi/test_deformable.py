"""The deformable convolution for CPUs is torchvision's, at any size and in any number of strips."""

from __future__ import annotations

import pytest
import torch
from torchvision.ops import deform_conv2d

from videdit_e2fgvi import deformable


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 13)])
@pytest.mark.parametrize("batch", [1, 2])
def test_is_the_one_of_torchvision(size: tuple[int, int], batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(batch, 8, *size, generator=draw)
    offsets = 4 * torch.randn(batch, 2 * 18, *size, generator=draw)
    modulation = torch.rand(batch, 2 * 9, *size, generator=draw)
    weight, bias = torch.randn(5, 8, 3, 3, generator=draw), torch.randn(5, generator=draw)
    expected = deform_conv2d(x, offsets, weight, bias, padding=1, mask=modulation)
    assert torch.allclose(deformable.modulated(x, offsets, modulation, weight, bias), expected, atol=2e-5)
    monkeypatch.setattr(deformable, "_SAMPLED_BYTES", 1)
    assert torch.allclose(deformable.modulated(x, offsets, modulation, weight, bias), expected, atol=2e-5)
