"""Training of the tracker's network: clips, walks, and runs that are stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training import tracker as script
from training.clips import make_clip
from training.corruption import corrupt
from training.material import read_pictures
from training.walks import SIDE, walk
from videdit_plugins.builtin.tracker.network import TrackerNetwork
from videdit_plugins.builtin.tracker.refiner import LearnedRefiner


@pytest.fixture(scope="module")
def pictures():
    return read_pictures("generated", count=6)


def test_a_clip_has_a_mask_for_each_frame_and_follows_its_seed(pictures):
    one, again = (make_clip(pictures, np.random.default_rng(4), 3) for _ in range(2))
    assert len(one.frames) == len(one.masks) == 4
    assert one.masks[0].any()
    for first, second in zip(one.frames, again.frames, strict=True):
        np.testing.assert_array_equal(first, second)


def test_spoilt_masks_are_near_the_truth():
    mask = np.zeros((80, 120), bool)
    mask[20:60, 30:80] = True
    spoilt = [corrupt(mask, np.random.default_rng(seed)) for seed in range(30)]
    overlaps = [((one > 0.5) & mask).sum() / ((one > 0.5) | mask).sum() for one in spoilt]
    assert 0.5 < np.mean(overlaps) < 0.95
    assert all(one.min() >= 0 and one.max() <= 1 for one in spoilt)


@pytest.mark.parametrize("learned", [False, True])
def test_a_walk_asks_once_a_step_at_least(pictures, learned):
    random = np.random.default_rng(7)
    refiner = LearnedRefiner(TrackerNetwork().folded()) if learned else None
    samples = walk(make_clip(pictures, random, 3), refiner, random)
    assert len(samples) >= 1
    for one in samples:
        assert one.lab.shape == (3, SIDE, SIDE, 3)
        assert one.cues.shape == (13, SIDE, SIDE)
        assert one.truth.shape == (SIDE, SIDE)


def test_a_stopped_run_goes_on_and_leaves_weights(pictures, tmp_path, monkeypatch, capsys):
    for name, value in {"BATCH": 2, "FIRST_CLIPS": 1, "CHECKED_CLIPS": 1, "CHECKED_PICTURES": 2, "STEPS": 1}.items():
        monkeypatch.setattr(script, name, value)
    out = tmp_path / "net.safetensors"
    first = script.Training(pictures, 0, "cpu")
    first.add_clip()
    first.iterate(0.0)
    torch.save(first.state(), out.with_suffix(".resume"))
    second = script.Training(pictures, 0, "cpu")
    script.train(second, out, 2, None)
    assert "goes on from iteration 1" in capsys.readouterr().out
    assert second.iteration == 2
    assert out.exists()
    assert not out.with_suffix(".resume").exists()
    changed = (first.network.last.weight - second.network.last.weight).abs().max()
    assert changed > 0


def test_overlap_of_answers():
    odds = torch.tensor([[[[1.0, -1.0]]], [[[-1.0, -1.0]]]])
    truth = torch.tensor([[[[1.0, 1.0]]], [[[0.0, 0.0]]]])
    assert script.overlap(odds, truth).tolist() == [0.5, 1.0]
