"""The E2FGVI-HQ network with reference weights, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
import reference_weights as reference
import torch
from torch.nn import functional

from videdit_e2fgvi import E2FGVI, Flows, e2fgvi_hq

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.fixture(scope="session")
def weights() -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = reference.reference_state_dict(GOLDEN / "e2fgvi_hq_state_dict.tsv")
    return tensors


@pytest.fixture(scope="session")
def network(weights: dict[str, torch.Tensor]) -> E2FGVI:
    network = e2fgvi_hq()
    missing, unexpected = network.load_state_dict(weights, strict=False)
    assert all(name.endswith("valid_ind_rolled") for name in missing)
    assert not unexpected
    return network.eval().requires_grad_(False)


class MeanNetwork:
    """Stands in for the network: the mean of all frames of a window, so an answer tells which frames it saw.

    fails: how many runs end with this error first
    """

    fixed_size = None

    def __init__(self, error: Exception | None = None, fails: int = 0) -> None:
        self.encoded = 0
        self.runs: list[tuple[int, ...]] = []
        self._error = error
        self._fails = fails

    def encode(self, frames: torch.Tensor) -> torch.Tensor:
        self.encoded += 1
        return functional.avg_pool2d(frames, 4)

    def flows(self, small: torch.Tensor) -> Flows:
        nothing = small.new_zeros(1, small.shape[1] - 1, 2, *small.shape[-2:])
        return Flows(nothing, nothing)

    def complete(self, features: torch.Tensor, flows: Flows, local: int, shown: int) -> torch.Tensor:
        self.runs.append(tuple(features.shape))
        if self._fails > 0:
            self._fails -= 1
            assert self._error is not None
            raise self._error
        assert flows.forward.shape[1] == local - 1
        drawn = features[0, :shown] * 0.5 + features[0].mean(dim=0, keepdim=True) * 0.5
        return functional.interpolate(drawn, scale_factor=4, mode="nearest")


@pytest.fixture
def mean_network() -> type[MeanNetwork]:
    return MeanNetwork
