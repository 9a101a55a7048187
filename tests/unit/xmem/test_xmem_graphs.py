"""When the network is recorded, and what happens where a driver refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from videdit_plugins.xmem.network import graphs
from videdit_plugins.xmem.network.graphs import BEFORE_CAPTURE, GRAPHS_KEPT, Graphs
from videdit_plugins.xmem.network.network import XMem


class Recording:
    """Stands for a recorded graph: says how often it was made and replayed."""

    made = 0

    def __init__(self, call: Callable[..., tuple[Tensor, ...]], inputs: tuple[Tensor, ...], pool: object) -> None:
        Recording.made += 1
        self._call = call
        self.replayed = 0

    def replay(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.replayed += 1
        return self._call(*inputs)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recording]:
    monkeypatch.setattr(Recording, "made", 0)
    monkeypatch.setattr(graphs, "_Recorded", Recording)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
    return Recording


def twice(x: Tensor) -> tuple[Tensor, ...]:
    return (2 * x,)


def test_shapes_that_come_again_are_recorded_once(recorder: type[Recording]) -> None:
    graphs = Graphs()
    for value in range(BEFORE_CAPTURE + 3):
        (answer,) = graphs.run("twice", twice, torch.full((2, 3), float(value)))
        assert (answer == 2 * value).all()
        assert recorder.made == (value >= BEFORE_CAPTURE)
    for _ in range(BEFORE_CAPTURE + 1):
        graphs.run("another", twice, torch.zeros(2, 3))
        graphs.run("twice", twice, torch.zeros(3, 2))
    assert recorder.made == 3


def test_their_number_is_bounded(recorder: type[Recording]) -> None:
    graphs = Graphs()
    for side in range(1, GRAPHS_KEPT + 4):
        for _ in range(BEFORE_CAPTURE + 2):
            assert graphs.run("twice", twice, torch.ones(side))[0].sum() == 2 * side
    assert recorder.made == GRAPHS_KEPT


def test_where_a_driver_refuses_the_run_goes_on(recorder: type[Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        recorder.made += 1
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(recorder, "__init__", refuse)
    graphs = Graphs()
    for _ in range(BEFORE_CAPTURE + 3):
        assert graphs.run("twice", twice, torch.ones(4))[0].sum() == 8
    assert recorder.made == 1
    assert "capturing" in str(graphs.refused)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@torch.inference_mode()
def test_a_replayed_network_says_what_the_network_says() -> None:
    torch.manual_seed(0)
    network = XMem().eval().requires_grad_(False).cuda()
    images = torch.rand(6, 2, 3, 64, 96, device="cuda")
    expected = [network.encode_frames(one) for one in images]
    network.graphs = Graphs()
    found = [network.encode_frames(one) for one in images]
    assert network.graphs.refused is None
    for known, answer in zip(expected, found, strict=True):
        for before, after in zip(known, answer, strict=True):
            torch.testing.assert_close(after, before)
