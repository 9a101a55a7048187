"""The learned part of the built-in tracker: its layers, its memory, and the tracker with and without it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import save_file

from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit_plugins.builtin.tracker import engine as engine_module
from videdit_plugins.builtin.tracker.memory import places
from videdit_plugins.builtin.tracker.network import CUES, Remembered, TrackerNetwork, remember
from videdit_plugins.builtin.tracker.refiner import MOST_ADDED, MOST_TAKEN, LearnedRefiner, load_refiner, weighed

ODDS = arrays(np.float32, (4, 6), elements=st.floats(-8, 8, width=32))
RED, BLUE = (190, 60, 50), (50, 80, 190)


def network(seed: int = 0) -> TrackerNetwork:
    """A network whose weights are random, the last layer's too."""
    torch.manual_seed(seed)
    made = TrackerNetwork()
    torch.nn.init.normal_(made.last.weight, std=0.05)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return made.eval()


def question(seed: int = 1):
    torch.manual_seed(seed)
    lab, cues, odds = torch.randn(1, 3, 48, 64), torch.randn(1, CUES, 48, 64), torch.randn(1, 1, 48, 64)
    return lab, cues, odds, torch.rand(1, 1, 48, 64)


def ask(made: TrackerNetwork, memory=None):
    lab, cues, odds, inside = question()
    with torch.inference_mode():
        seen = made.encoder(lab)
        memory = memory(seen, inside) if memory else remember(seen.keys, inside)
        return made(seen, cues, odds, memory, memory)[0]


def test_an_untrained_network_leaves_the_evidence_as_it_is():
    assert torch.equal(ask(TrackerNetwork().eval()), question()[2])


def test_folding_changes_no_answer():
    made = network()
    torch.testing.assert_close(ask(made), ask(made.folded()), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in made.folded().modules())


def test_the_order_of_remembered_places_does_not_matter():
    def shuffled(seen, inside):
        whole = remember(seen.keys, inside)
        order = torch.randperm(whole.keys.shape[1])
        return Remembered(whole.keys[:, order], whole.inside[:, order])

    made = network()
    torch.testing.assert_close(ask(made), ask(made, shuffled), rtol=1e-3, atol=1e-4)


def test_a_window_finds_itself():
    made = network()
    lab, _, _, _ = question()
    inside = torch.zeros(1, 1, 48, 64)
    inside[..., :32] = 1
    with torch.inference_mode():
        seen = made.encoder(lab)
        odds = made.match(seen.keys, remember(seen.keys, inside))[0, 0]
    assert odds[:, :6].mean() > odds[:, 10:].mean()


def test_places_are_what_training_remembers():
    random = np.random.default_rng(0)
    keys, inside = random.random((32, 12, 16), np.float32), random.random((48, 64), np.float32)
    ours = places(keys, inside)
    theirs = remember(torch.from_numpy(keys)[None], torch.from_numpy(inside)[None, None])
    np.testing.assert_allclose(ours.keys, theirs.keys[0].numpy(), rtol=1e-5)
    np.testing.assert_allclose(ours.inside, theirs.inside[0].numpy(), rtol=1e-5)


@pytest.fixture
def learned(monkeypatch):
    monkeypatch.setattr(engine_module, "load_refiner", lambda weights: LearnedRefiner(network().folded()))


@pytest.mark.usefixtures("learned")
def test_snapshot_goes_on_byte_for_byte_with_the_network(paint, make_tracker):
    clip = paint(8).ellipse(1, RED, lambda i: (40 + 6 * i, 60)).ellipse(2, BLUE, lambda i: (150 - 6 * i, 66))
    first, second = make_tracker(), make_tracker()
    first.start(clip.frames, 0, clip.masks[0])
    for index in range(1, 4):
        first.step(index)
    first.confirm(6, 1, clip.masks[6][1])
    state = first.snapshot()
    second.restore(clip.frames, state)
    assert second.snapshot() == state
    for index in range(4, 8):
        one, other = first.step(index), second.step(index)
        for object_id in (1, 2):
            assert one[object_id].probability.tobytes() == other[object_id].probability.tobytes()


@pytest.mark.usefixtures("learned")
def test_the_network_is_asked_unless_left_out(paint, make_tracker):
    clip = paint(3).ellipse(1, RED, lambda i: (50 + 5 * i, 60))
    outcomes = []
    for how in (True, False):
        tracker = make_tracker(learned=how)
        tracker.start(clip.frames, 0, clip.masks[0])
        outcomes.append(tracker.step(1)[1].probability)
    assert not np.array_equal(*outcomes)


@given(
    arrays(np.float32, (4, 6), elements=st.floats(-8, 8, width=32)),
    arrays(np.float32, (4, 6), elements=st.floats(-8, 8, width=32)),
)
def test_the_network_may_add_more_than_it_may_take(odds, own):
    found = weighed(odds, own)
    assert (found >= np.minimum(odds, own) - 1e-4).all()
    assert (found <= np.maximum(odds, own) + 1e-4).all()
    assert (found - odds <= MOST_ADDED + 1e-4).all()
    assert (odds - found <= MOST_TAKEN + 1e-4).all()
    near = (own >= odds) & (own - odds < MOST_ADDED)
    np.testing.assert_allclose(found[near], own[near], atol=1e-4)


def test_weights_of_a_file_are_taken_in_place_of_those_that_come_along(tmp_path):
    save_file(network(3).state_dict(), tmp_path / "own.safetensors")
    lab = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    loaded = load_refiner(tmp_path / "own.safetensors")
    np.testing.assert_array_equal(loaded.encode(lab).keys, LearnedRefiner(network(3).folded()).encode(lab).keys)


def test_several_networks_are_followed_by_the_mean_of_their_odds(paint, make_tracker, monkeypatch):
    """Each is asked with what it remembers itself, whatever the others are."""
    asked = {}

    def by_mean(odds, own):
        asked.setdefault("own", []).append(own)
        return own

    clip = paint(2).ellipse(1, RED, lambda i: (50 + 5 * i, 60))
    for networks in ((3,), (4,), (3, 4), (4, 3)):
        refiner = LearnedRefiner(*(network(seed).folded() for seed in networks), weigh=by_mean)
        monkeypatch.setattr(engine_module, "load_refiner", lambda weights, refiner=refiner: refiner)
        tracker = make_tracker()
        tracker.start(clip.frames, 0, clip.masks[0])
        tracker.step(1)
    one, other, both, turned = (values for values in np.array_split(np.array(asked["own"]), 4))
    assert np.abs(one[0] - other[0]).max() > 0.01
    np.testing.assert_allclose(both[0], (one[0] + other[0]) / 2, atol=1e-4)
    np.testing.assert_allclose(turned[0], both[0], atol=1e-4)


def test_weights_of_another_width_are_taken(tmp_path):
    narrow = TrackerNetwork((8, 16, 24, 32), (8, 16, 24))
    save_file(narrow.state_dict(), tmp_path / "narrow.safetensors")
    assert load_refiner(tmp_path / "narrow.safetensors") is not None


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda path: None, MissingCheckpoint),
        (lambda path: path.write_bytes(b"no weights"), CorruptCheckpoint),
        (lambda path: save_file({"last.bias": torch.zeros(1)}, path), CorruptCheckpoint),
        (lambda path: save_file({**network().state_dict(), "more": torch.zeros(1)}, path), CorruptCheckpoint),
    ],
    ids=["absent", "not safetensors", "too few", "too many"],
)
def test_a_file_that_is_not_the_networks_is_named(tmp_path, paint, make_tracker, spoil, fault):
    path = tmp_path / "own.safetensors"
    spoil(path)
    clip = paint(1).ellipse(1, RED, lambda i: (50, 60))
    with pytest.raises(fault, match=r"own\.safetensors"):
        make_tracker(weights=path).start(clip.frames, 0, clip.masks[0])
