"""Parity of the E2FGVI networks with the published ones, on reference weights and a reference clip."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import reference_weights as reference
import torch

from videdit.checkpoints import load_strict
from videdit.errors import CorruptCheckpoint
from videdit_e2fgvi import E2FGVI, Flows, e2fgvi, e2fgvi_hq, padded_size

FOLDER = Path(__file__).parent


def reference_state(name: str, network: E2FGVI) -> dict[str, torch.Tensor]:
    """The reference weights, and the index tables that the rule leaves to the network."""
    tensors: dict[str, torch.Tensor] = reference.reference_state_dict(FOLDER / f"{name}_state_dict.tsv")
    tables = {key: value for key, value in network.state_dict().items() if key.endswith("valid_ind_rolled")}
    return tensors | tables


class Run(NamedTuple):
    """What a network made of the reference clip, and what the published one made of it."""

    pictures: torch.Tensor
    flows: Flows
    expected: Mapping[str, np.ndarray]


@pytest.fixture(scope="module")
def hq() -> E2FGVI:
    network = e2fgvi_hq().eval()
    load_strict(network, reference_state("e2fgvi_hq", network), "reference weights")
    return network


def run(network: E2FGVI, name: str) -> Run:
    facts = json.loads((FOLDER / f"{name}.json").read_text())
    clip, mask = reference.reference_clip(**facts["clip"])
    frames = torch.from_numpy((clip / 127.5 - 1) * (1 - mask[..., None])).float().permute(0, 3, 1, 2)[None]
    with torch.inference_mode():
        pictures, flows = network(frames, facts["local_frames"])
    with np.load(FOLDER / f"{name}.npz") as archive:
        return Run(pictures, flows, dict(archive))


@pytest.fixture(scope="module")
def hq_run(hq: E2FGVI) -> Run:
    return run(hq, "e2fgvi_hq")


def furthest(found: torch.Tensor, expected: np.ndarray) -> float:
    assert tuple(found.shape) == expected.shape
    return float(np.abs(found.numpy() - expected.astype(np.float32)).max())


def test_hq_output(hq_run: Run) -> None:
    assert furthest(hq_run.pictures, hq_run.expected["out"]) < 1e-4


def test_hq_flows(hq_run: Run) -> None:
    assert furthest(hq_run.flows.forward, hq_run.expected["flow_forward"]) < 1e-5
    assert furthest(hq_run.flows.backward, hq_run.expected["flow_backward"]) < 1e-5


def test_fixed_size_output_and_flows() -> None:
    network = e2fgvi().eval()
    load_strict(network, reference_state("e2fgvi", network), "reference weights")
    made = run(network, "e2fgvi")
    assert furthest(made.pictures[[0, 4]], made.expected["out"]) < 5e-4
    assert furthest(made.flows.forward, made.expected["flow_forward"]) < 1e-5
    assert furthest(made.flows.backward, made.expected["flow_backward"]) < 1e-5


@pytest.mark.parametrize(("make", "name"), [(e2fgvi, "e2fgvi"), (e2fgvi_hq, "e2fgvi_hq")])
def test_names_shapes_and_kinds_are_those_of_the_published_file(make: Any, name: str) -> None:
    with torch.device("meta"):
        own = make().state_dict()
    ours = {key: (tuple(value.shape), str(value.dtype).removeprefix("torch.")) for key, value in own.items()}
    published = {}
    for line in (FOLDER / f"{name}_state_dict.tsv").read_text().splitlines()[1:]:
        key, shape, kind = line.split("\t")
        published[key] = (tuple(int(side) for side in shape.split(",")), kind)
    assert ours == published


def test_references_need_not_be_drawn(hq: E2FGVI) -> None:
    frames = torch.rand(1, 4, 3, 60, 108, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        every, _ = hq(frames, 2)
        local, _ = hq(frames, 2, references=False)
    assert every.shape[0] == 4
    assert local.shape[0] == 2
    assert torch.allclose(local, every[:2], atol=1e-5)


def test_two_clips_at_once_are_the_same_as_one_after_the_other(hq: E2FGVI) -> None:
    frames = torch.rand(2, 3, 3, 60, 108, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.inference_mode():
        both, flows = hq(frames, 2)
        single = [hq(clip[None], 2) for clip in frames]
    assert torch.allclose(both, torch.cat([pictures for pictures, _ in single]), atol=1e-5)
    assert torch.allclose(flows.forward, torch.cat([one.forward for _, one in single]), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (41, 53), (60, 108), (61, 109)])
def test_any_size_is_padded_by_mirroring(hq: E2FGVI, size: tuple[int, int]) -> None:
    frames = torch.rand(1, 1, 3, *size, generator=torch.Generator().manual_seed(3)) * 2 - 1
    height, width = padded_size(size)
    margins = [(0, 0)] * 3 + [(0, height - size[0]), (0, width - size[1])]
    padded = torch.from_numpy(np.pad(frames.numpy(), margins, mode="symmetric"))
    with torch.inference_mode():
        pictures, flows = hq(frames, 1)
        expected, _ = hq(padded, 1)
    assert pictures.shape == (1, 3, *size)
    assert torch.equal(pictures, expected[..., : size[0], : size[1]])
    assert flows.forward.shape == (1, 0, 2, height // 4, width // 4)


def test_the_fixed_configuration_refuses_other_sizes() -> None:
    with torch.device("meta"):
        network = e2fgvi()
    with pytest.raises(ValueError, match=r"\(240, 432\)"):
        network(torch.zeros(1, 2, 3, 120, 216), 2)
    with pytest.raises(ValueError, match="3 local frames"):
        network(torch.zeros(1, 2, 3, 240, 432), 3)


def test_a_wrong_file_is_refused_by_key(hq: E2FGVI) -> None:
    before = hq.state_dict()["ss.embedding.weight"].sum()
    state = dict(hq.state_dict())
    del state["ss.embedding.bias"]
    with pytest.raises(CorruptCheckpoint, match=r"missing: ss\.embedding\.bias"):
        load_strict(hq, state, "short.pth")
    with pytest.raises(CorruptCheckpoint, match=r"unexpected: one\.more"):
        load_strict(hq, hq.state_dict() | {"one.more": torch.zeros(1)}, "long.pth")
    with pytest.raises(CorruptCheckpoint, match=r"sc\.embedding\.bias is \(3,\), not \(6272,\)"):
        load_strict(hq, hq.state_dict() | {"sc.embedding.bias": torch.zeros(3)}, "other.pth")
    with pytest.raises(CorruptCheckpoint, match=r"missing: sc\.bias_conv\.weight.*unexpected: sc\.bias\b"):
        load_strict(hq, reference_state("e2fgvi", hq), "e2fgvi.pth")
    assert hq.state_dict()["ss.embedding.weight"].sum() == before


def test_making_a_network_touches_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert sum(weight.numel() for weight in e2fgvi_hq().parameters()) == 41_117_887
