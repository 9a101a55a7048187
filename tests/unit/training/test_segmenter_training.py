"""Training of the segmenter's network: scenes, questions, and runs that are stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.material import read_pictures
from training.segmenter.__main__ import train
from training.segmenter.learning import Learning, Settings, soft_overlap
from training.segmenter.moving import made_up_motion
from training.segmenter.questions import Conversation, click_on_error
from training.segmenter.scenes import SIDE, make_scene
from videdit_plugins.builtin.segmenter.learned import CloseLook
from videdit_plugins.builtin.segmenter.planes import COUNT


@pytest.fixture(scope="module")
def pictures():
    return read_pictures("generated", count=6)


def test_a_scene_holds_its_object_and_follows_its_seed(pictures):
    one, again = (make_scene(pictures, np.random.default_rng(4)) for _ in range(2))
    assert one.rgb.shape == (SIDE, SIDE, 3)
    assert one.truth.any()
    assert not one.truth.all()
    np.testing.assert_array_equal(one.rgb, again.rgb)
    np.testing.assert_array_equal(one.motion.residual, again.motion.residual)


def test_made_up_motion_tells_the_object_from_the_ground_more_often_than_not():
    truth = np.zeros((SIDE, SIDE), bool)
    truth[50:110, 40:100] = True
    faster = []
    for seed in range(40):
        speed = made_up_motion(truth, np.zeros_like(truth), np.random.default_rng(seed)).speed
        faster.append(speed[truth].mean() > 1.5 * speed[~truth].mean())
    assert 0.3 < np.mean(faster) < 0.95


def test_clicks_fall_into_the_largest_error():
    truth = np.zeros((60, 80), bool)
    truth[10:40, 10:40] = True
    mask = np.zeros_like(truth)
    mask[10:40, 30:60] = True
    for seed in range(10):
        click = click_on_error(mask, truth, np.random.default_rng(seed))
        assert click is not None
        y, x = int(click.y), int(click.x)
        assert mask[y, x] != truth[y, x]
        assert click.positive == truth[y, x]
    assert click_on_error(truth, truth, np.random.default_rng(0)) is None


@pytest.mark.parametrize("seed", range(4))
def test_each_answer_is_followed_by_one_more_prompt(pictures, seed):
    random = np.random.default_rng(seed)
    talk = Conversation(make_scene(pictures, random), random)
    for number in range(1, 4):
        assert len(talk.prompts) == number
        assert talk.question().shape == (COUNT, SIDE, SIDE)
        talk.answered(np.full((SIDE, SIDE), -1.0, np.float32))


def test_the_overlap_of_equal_masks_is_one():
    mask = torch.zeros(2, 8, 8)
    mask[0, 2:5, 2:5] = 1
    assert torch.allclose(soft_overlap(mask, mask), torch.ones(2))


def test_a_stopped_training_is_the_one_that_was_not_stopped(pictures, tmp_path, monkeypatch):
    settings = Settings(steps=2, batch=2, rate=1e-3, seed=3, device="cpu")
    whole = Learning(pictures, settings)
    train(whole, tmp_path / "whole")
    stopped = Learning(pictures, settings)
    stopped.advance()
    state = stopped.state()
    resumed = Learning(pictures, settings)
    resumed.load(state)
    train(resumed, tmp_path / "resumed")
    CloseLook(weights=tmp_path / "whole" / "segmenter.safetensors")
    for one, other in zip(whole.state()["average"].values(), resumed.state()["average"].values(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_training_cannot_change_its_length_once_the_rate_falls(pictures):
    first = Learning(pictures, Settings(steps=2, batch=2, rate=1e-3, seed=3, device="cpu"))
    first.step = 2
    longer = Learning(pictures, Settings(steps=9, batch=2, rate=1e-3, seed=3, device="cpu"))
    with pytest.raises(ValueError, match="2 steps"):
        longer.load(first.state())
