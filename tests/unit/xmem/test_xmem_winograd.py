"""Convolutions with fewer multiplications: the same results for every size and in every portion."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from videdit_plugins.xmem.network import winograd
from videdit_plugins.xmem.network.winograd import WinogradConv, quicken


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 11), st.integers(1, 11), st.integers(1, 3), st.booleans())
def test_equals_the_usual_convolution(height: int, width: int, count: int, bias: bool) -> None:
    torch.manual_seed(height * 100 + width)
    convolution = nn.Conv2d(5, 7, 3, padding=1, bias=bias)
    x = torch.randn(count, 5, height, width)
    with torch.inference_mode():
        expected, found = convolution(x), WinogradConv(convolution)(x)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) < 5e-5


def test_portions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    convolution = WinogradConv(nn.Conv2d(5, 7, 3, padding=1))
    x = torch.randn(1, 5, 30, 21)
    with torch.inference_mode():
        whole = convolution(x)
        monkeypatch.setattr(winograd, "BUFFER_BYTES", 1)
        parts = convolution(x)
    assert float((whole - parts).abs().max()) < 5e-5


def test_only_plain_wide_convolutions_are_replaced() -> None:
    network = nn.Sequential(
        nn.Conv2d(128, 128, 3, padding=1),
        nn.Conv2d(128, 128, 3, padding=1, stride=2),
        nn.Conv2d(128, 128, 1),
        nn.Conv2d(64, 128, 3, padding=1),
        nn.Conv2d(128, 1, 3, padding=1),
    )
    quicken(network)
    assert [isinstance(one, WinogradConv) for one in network] == [True, False, False, False, False]
