"""Parity of the XMem network and its memory with the published ones, on reference weights and a reference clip."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_weights as reference
import torch

from videdit.checkpoints import load_strict
from videdit.errors import OptionError
from videdit.frames import ArrayFrames
from videdit.quantization import has_int8
from videdit.runtime import Runtime
from videdit_plugins.xmem.engine import XMemTracker
from videdit_plugins.xmem.memory.group import Limits
from videdit_plugins.xmem.network.folding import fold_norms
from videdit_plugins.xmem.network.network import Widths, XMem
from videdit_plugins.xmem.network.winograd import WinogradConv, quicken
from videdit_plugins.xmem.options import XMemOptions
from videdit_plugins.xmem.precision import in_integers
from videdit_plugins.xmem.propagation import Encoded, Propagation

FOLDER = Path(__file__).parent
FACTS = json.loads((FOLDER / "xmem.json").read_text())
CONFIG = FACTS["config"]
LIMITS = Limits(
    max_working=CONFIG["max_mid_term_frames"],
    min_working=CONFIG["min_mid_term_frames"],
    prototypes=CONFIG["num_prototypes"],
    max_long=CONFIG["max_long_term_elements"],
    top_k=CONFIG["top_k"],
)
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
DEVIATION = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
Given = Mapping[int, Mapping[int, np.ndarray]]


@pytest.fixture(scope="module")
def network() -> XMem:
    state = reference.reference_state_dict(FOLDER / "xmem_state_dict.tsv")
    made = XMem(Widths.of(state, "reference weights"))
    load_strict(made, state, "reference weights")
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    frames, discs = reference.reference_clip(**FACTS["clip"])
    return frames, discs.astype(bool)


@pytest.fixture(scope="module")
def encoded(network: XMem, clip: tuple[np.ndarray, np.ndarray]) -> list[Encoded]:
    images = (torch.from_numpy(clip[0]).permute(0, 3, 1, 2).float() / 255 - MEAN) / DEVIATION
    with torch.inference_mode():
        return [Encoded(t, image[None], network.encode_frames(image[None])) for t, image in enumerate(images)]


@pytest.fixture(scope="module")
def golden() -> Mapping[str, np.ndarray]:
    with np.load(FOLDER / "xmem.npz") as archive:
        return dict(archive)


def bar(t: int) -> np.ndarray:
    """Object 2 at frame t."""
    mask = np.zeros((FACTS["clip"]["height"], FACTS["clip"]["width"]), bool)
    mask[60:90, max(0, 80 - 2 * t) : 120 - 2 * t] = True
    return mask


def run(network: XMem, encoded: list[Encoded], limits: Limits, given: Given) -> dict[int, torch.Tensor]:
    """Return the predicted logits of every frame but the first; what is given on a frame counts from the next on."""
    propagation = Propagation(network, limits, memory_every=CONFIG["mem_every"], given_stay=False)
    found: dict[int, torch.Tensor] = {}
    with torch.inference_mode():
        for t, frame in enumerate(encoded):
            if t:
                propagation.advance()
                prediction = propagation.predict(frame)
                assert prediction is not None
                found[t] = prediction.logits
            propagation.settle(frame, {one: torch.from_numpy(mask).float() for one, mask in given.get(t, {}).items()})
    return found


def furthest(found: dict[int, torch.Tensor], expected: np.ndarray, frames: list[int]) -> float:
    """The largest difference of logits, on every second row and column."""
    assert len(frames) == len(expected)
    return max(
        float(np.abs(found[t][:, ::2, ::2].numpy() - one).max()) for t, one in zip(frames, expected, strict=True)
    )


def close(found: torch.Tensor, expected: np.ndarray) -> bool:
    """Within 1e-4 of the largest figure."""
    assert tuple(found.shape) == expected.shape
    return float(np.abs(found.numpy() - expected).max()) < 1e-4 * float(np.abs(expected).max())


def test_features_of_a_frame(encoded: list[Encoded], golden: Mapping[str, np.ndarray]) -> None:
    features = encoded[0].features
    assert close(features.key, golden["key"])
    assert close(features.shrinkage, golden["shrinkage"])
    assert close(features.selection, golden["selection"])
    for name in ("f16", "f8", "f4"):
        assert close(getattr(features, name).mean(dim=(2, 3)), golden[f"{name}_mean"])


def test_folded_norms_change_nothing(
    network: XMem, encoded: list[Encoded], clip: tuple[np.ndarray, np.ndarray], golden: Mapping[str, np.ndarray]
) -> None:
    folded = copy.deepcopy(network)
    fold_norms(folded)
    assert not any(isinstance(one, torch.nn.BatchNorm2d) for one in folded.modules())
    with torch.inference_mode():
        features = folded.encode_frames(encoded[0].image)
        hidden = torch.zeros(1, 64, *features.key.shape[-2:])
        own = torch.from_numpy(clip[1][0]).float()[None]
        values = [one.encode_objects(encoded[0].image, features.f16, own, hidden)[0] for one in (network, folded)]
    assert close(features.key, golden["key"])
    assert close(features.f16.mean(dim=(2, 3)), golden["f16_mean"])
    assert close(values[1], values[0].numpy())


def test_free_run(
    network: XMem, encoded: list[Encoded], clip: tuple[np.ndarray, np.ndarray], golden: Mapping[str, np.ndarray]
) -> None:
    found = run(network, encoded, LIMITS, {0: {1: clip[1][0] & ~bar(0), 2: bar(0)}})
    worst = max(
        float(np.abs(torch.softmax(found[t], 0).numpy() - one).max())
        for t, one in zip(FACTS["probs_frames"], golden["probs"], strict=True)
    )
    assert worst < 5e-4


def test_winograd_stays_within_the_same_bounds(
    network: XMem, encoded: list[Encoded], clip: tuple[np.ndarray, np.ndarray], golden: Mapping[str, np.ndarray]
) -> None:
    quick = copy.deepcopy(network)
    quicken(quick)
    assert sum(isinstance(one, WinogradConv) for one in quick.modules()) > 15
    given = {t: {1: clip[1][t] & ~bar(t), 2: bar(t)} for t in range(0, len(encoded), 3)}
    with torch.inference_mode():
        frames = [replace(one, features=quick.encode_frames(one.image)) for one in encoded]
    assert furthest(run(quick, frames, LIMITS, given), golden["forced_logits"], FACTS["probs_frames"]) < 3e-3


@pytest.mark.parametrize(("name", "max_long"), [("forced_logits", 200), ("evict_logits", 40)])
def test_forced_runs(
    name: str,
    max_long: int,
    network: XMem,
    encoded: list[Encoded],
    clip: tuple[np.ndarray, np.ndarray],
    golden: Mapping[str, np.ndarray],
) -> None:
    given = {t: {1: clip[1][t] & ~bar(t), 2: bar(t)} for t in range(0, len(encoded), 3)}
    limits = Limits(LIMITS.max_working, LIMITS.min_working, LIMITS.prototypes, max_long, top_k=LIMITS.top_k)
    assert furthest(run(network, encoded, limits, given), golden[name], FACTS["probs_frames"]) < 3e-3


def test_an_object_joins(
    network: XMem, encoded: list[Encoded], clip: tuple[np.ndarray, np.ndarray], golden: Mapping[str, np.ndarray]
) -> None:
    limits = Limits(20, LIMITS.min_working, LIMITS.prototypes, LIMITS.max_long, top_k=LIMITS.top_k)
    found = run(network, encoded, limits, {0: {1: clip[1][0]}, 12: {2: bar(12)}})
    before = [t for t in FACTS["probs_frames"] if t <= 12]
    after = [t for t in FACTS["probs_frames"] if t > 12]
    assert furthest(found, golden["join_logits_one"], before) < 3e-3
    assert furthest(found, golden["join_logits_two"], after) < 3e-3


def test_names_shapes_and_kinds_are_those_of_the_published_file() -> None:
    with torch.device("meta"):
        own = XMem().state_dict()
    ours = {name: (tuple(value.shape), str(value.dtype).removeprefix("torch.")) for name, value in own.items()}
    published = {}
    for line in (FOLDER / "xmem_state_dict.tsv").read_text().splitlines()[1:]:
        name, shape, dtype, _ = line.split("\t")
        published[name] = (() if shape == "()" else tuple(int(side) for side in shape.split(",")), dtype)
    assert ours == published


def test_making_a_network_touches_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with torch.device("meta"):
        assert round(sum(weight.numel() for weight in XMem().parameters()) / 1e6, 2) == 62.19


def test_the_tracker_gives_what_the_network_gives(
    network: XMem, encoded: list[Encoded], clip: tuple[np.ndarray, np.ndarray], golden: Mapping[str, np.ndarray]
) -> None:
    # A copy, for the tracker puts other convolutions in the place of some.
    tracker = XMemTracker(XMemOptions(memory_every_frames=3, precision="float32"), Runtime(), copy.deepcopy(network))
    tracker.start(ArrayFrames(list(clip[0])), 0, {1: clip[1][0] & ~bar(0), 2: bar(0)})
    for t in range(1, 4):
        tracked = tracker.step(t)
    # Up to here nothing was condensed or forgotten, so the free run's figures hold.
    expected = golden["probs"][FACTS["probs_frames"].index(3)]
    for object_id in (1, 2):
        found = tracked[object_id].probability
        assert found is not None
        assert float(np.abs(found - expected[object_id]).max()) < 5e-4


@pytest.mark.skipif(not has_int8(), reason="this processor has no VNNI")
def test_integers_move_probabilities_by_less_than_a_hundredth(
    network: XMem, clip: tuple[np.ndarray, np.ndarray]
) -> None:
    found = {}
    for precision in ("float32", "int8"):
        options = XMemOptions(memory_every_frames=3, precision=precision)
        tracker = XMemTracker(options, Runtime(), copy.deepcopy(network))
        tracker.start(ArrayFrames(list(clip[0])), 0, {1: clip[1][0]})
        found[precision] = np.stack([tracker.step(index)[1].probability for index in range(1, 4)])
    difference = np.abs(found["int8"] - found["float32"])
    assert 0 < difference.mean() < 0.01


def test_integers_are_refused_on_a_graphics_card(network: XMem) -> None:
    with pytest.raises(OptionError, match="int8 is for CPUs; set precision to auto"):
        in_integers(network, "cuda")
