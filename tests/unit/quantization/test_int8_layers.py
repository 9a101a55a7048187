"""Layers in 8-bit integers do what the formula says, for every size and layout, and replace what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from videdit.errors import OptionError
from videdit.quantization import Int8Conv2d, Int8Linear, has_int8, quantize, worth_it

needs_int8 = pytest.mark.skipif(not has_int8(), reason="this processor has no VNNI")


def rounded_input(x: Tensor) -> Tensor:
    """Return x as 256 evenly spaced numbers over its range, one of them 0."""
    low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
    step = max(1e-20, (high - low) / 255)
    zero = round(-low / step)
    return ((x.double() / step + zero).round().clamp(0, 255) - zero) * step


def rounded_weight(weight: Tensor) -> Tensor:
    """Return weights as multiples of a 127th of the largest one of each output."""
    step = weight.double().flatten(1).abs().amax(1).view(-1, *[1] * (weight.ndim - 1)) / 127
    return (weight.double() / step).round() * step


def near(found: Tensor, expected: Tensor, exact: Tensor) -> None:
    # A number in the middle between two steps may go to either; the effect is one step of one input.
    assert float((found - expected).abs().max()) < 0.02 * float(exact.abs().max())
    assert float((found - expected).abs().mean()) < 2e-3 * float(exact.abs().mean())


@needs_int8
@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 2), st.sampled_from([1, 2]), st.sampled_from([1, 2]),
    st.booleans(), st.sampled_from([-5.0, 0.0, 5.0]),
)  # fmt: skip
def test_a_convolution_is_that_of_the_rounded_numbers(
    height: int, width: int, count: int, stride: int, groups: int, bias: bool, shift: float
) -> None:
    torch.manual_seed(height * 10 + width)
    convolution = nn.Conv2d(8, 12, 3, stride, padding=1, groups=groups, bias=bias).requires_grad_(False)
    x = torch.randn(count, 8, height, width) + shift
    found = Int8Conv2d(convolution)(x)
    exact = convolution(x)
    expected = functional.conv2d(
        rounded_input(x), rounded_weight(convolution.weight), None, stride, padding=1, groups=groups
    )
    if convolution.bias is not None:
        expected = expected + convolution.bias.double().view(1, -1, 1, 1)
    assert found.shape == exact.shape
    near(found, expected, exact)
    assert torch.equal(Int8Conv2d(convolution)(x.contiguous(memory_format=torch.channels_last)), found)


@needs_int8
@pytest.mark.parametrize("shape", [(5, 16), (2, 3, 16), (1, 1, 1, 16)])
def test_a_linear_layer_is_that_of_the_rounded_numbers(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(16, 24).requires_grad_(False)
    x = torch.randn(shape)
    found = Int8Linear(linear)(x)
    assert found.shape == (*shape[:-1], 24)
    expected = functional.linear(rounded_input(x), rounded_weight(linear.weight), linear.bias.double())
    near(found, expected, linear(x))


@needs_int8
def test_nothing_gives_the_bias_alone() -> None:
    convolution = nn.Conv2d(4, 8, 3, padding=1).requires_grad_(False)
    found = Int8Conv2d(convolution)(torch.zeros(1, 4, 5, 5))
    assert torch.equal(found, convolution.bias.view(1, -1, 1, 1).expand(1, 8, 5, 5))


@needs_int8
def test_only_the_layers_wanted_are_replaced() -> None:
    network = nn.Sequential(nn.Conv2d(4, 8, 3), nn.Sequential(nn.Conv2d(8, 8, 3), nn.ReLU()), nn.Linear(8, 8))
    quantize(network.requires_grad_(False), "cpu", lambda name, layer: name in ("1.0", "2"))
    assert [type(layer) for layer in (network[0], network[1][0], network[1][1], network[2])] == [
        nn.Conv2d, Int8Conv2d, nn.ReLU, Int8Linear,
    ]  # fmt: skip


@pytest.mark.parametrize("found", [{}, {"avx2": True}, {"avx512_f": True}])
def test_processors_without_the_instructions_are_refused(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    network = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(OptionError, match="set precision to float32 or auto"):
        quantize(network, "cpu", lambda *_: True)
    assert isinstance(network[0], nn.Linear)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Conv2d(64, 64, 3), True),
        (nn.Conv2d(3, 64, 7, stride=2), True),
        (nn.Conv2d(64, 256, 1), False),
        (nn.Conv2d(256, 64, 1), False),
        (nn.Conv2d(256, 128, 1), True),
        (nn.Conv2d(64, 64, 3, groups=64), False),
        (nn.Conv2d(256, 1, 3), False),
        (nn.Linear(512, 512), False),
    ],
)
def test_convolutions_with_little_to_multiply_are_not_worth_it(layer: nn.Module, expected: bool) -> None:
    assert worth_it(layer) == expected
