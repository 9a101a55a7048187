"""Training of the segmenter's network: scenes, questions, and runs that are stopped."""

from __future__ import annotations

import multiprocessing
import threading
import time

import cv2
import numpy as np
import pytest
import torch

from training.material import read_pictures
from training.segmenter import clocked
from training.segmenter.filmed import film_scene
from training.segmenter.learning import Settings, soft_overlap
from training.segmenter.moving import made_up_motion
from training.segmenter.pool import ROOM, Pool, varied
from training.segmenter.questions import LOOK, Conversation, click_on_error
from training.segmenter.scenes import SIDE, make_scene
from training.segmenter.stepwise import Stepwise, train
from training.segmenter.talkers import Sources, hold_conversations, some_scene
from videdit_plugins.builtin.segmenter.learned import CloseLook
from videdit_plugins.builtin.segmenter.planes import BELIEF, COUNT


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


def test_a_scene_of_a_film_shows_its_object_and_how_it_moves(film):
    moved = 0
    for seed in range(8):
        scene = film_scene([film], np.random.default_rng(seed))
        assert scene.rgb.shape == (SIDE, SIDE, 3)
        inside = cv2.erode(scene.truth.view(np.uint8), np.ones((15, 15), np.uint8)) > 0
        colours = scene.rgb[inside].mean(axis=0)
        assert colours[0] > colours[1] + 50
        if scene.motion.residual.any():
            moved += 1
            speed = scene.motion.speed
            assert np.median(speed[inside]) > 3 * np.median(speed[~scene.truth])
            # Five pixels a frame to the right, in a window mirrored or not, of a film of 320 pixels.
            assert abs(np.median(scene.motion.residual[..., 0][inside])) > 2
    assert moved > 2


def test_films_make_some_of_the_scenes(film, pictures, monkeypatch):
    monkeypatch.setattr("training.segmenter.talkers.film_scene", lambda films, _: films)
    monkeypatch.setattr("training.segmenter.talkers.make_scene", lambda pictures, _: pictures)
    random = np.random.default_rng(0)
    made = [some_scene(pictures, [film], random) for _ in range(12)]
    assert 0 < made.count([film]) < 12
    assert some_scene(pictures, [], random) is pictures


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
        assert talk.question().shape == (COUNT, LOOK, LOOK)
        talk.answered(np.zeros((LOOK, LOOK), bool))


def test_the_overlap_of_equal_masks_is_one():
    mask = torch.zeros(2, 8, 8)
    mask[0, 2:5, 2:5] = 1
    assert torch.allclose(soft_overlap(mask, mask), torch.ones(2))


def test_a_stopped_training_is_the_one_that_was_not_stopped(pictures, tmp_path):
    settings = Settings(steps=2, batch=2, rate=1e-3, seed=3, device="cpu")
    whole = Stepwise(pictures, settings)
    train(whole, tmp_path / "whole")
    stopped = Stepwise(pictures, settings)
    stopped.advance()
    (tmp_path / "resumed").mkdir()
    stopped.save(tmp_path / "resumed")
    resumed = Stepwise(pictures, settings)
    train(resumed, tmp_path / "resumed")
    CloseLook(weights=[tmp_path / "whole" / "segmenter.safetensors"])
    for one, other in zip(
        whole.learning.state()["average"].values(), resumed.learning.state()["average"].values(), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_training_cannot_change_its_length_once_the_rate_falls(pictures, tmp_path):
    first = Stepwise(pictures, Settings(steps=2, batch=2, rate=1e-3, seed=3, device="cpu"))
    first.step = 2
    first.save(tmp_path)
    longer = Stepwise(pictures, Settings(steps=9, batch=2, rate=1e-3, seed=3, device="cpu"))
    with pytest.raises(ValueError, match="2 steps"):
        train(longer, tmp_path)


def test_a_varied_question_is_still_about_its_truth():
    truth = torch.zeros(64, LOOK, LOOK)
    truth[:, 20:50, 30:90] = 1
    shown = torch.zeros(64, COUNT, LOOK, LOOK)
    shown[:, BELIEF] = truth
    shown[:, 17] = truth  # moves to the right
    changed, turned = varied(shown, truth)
    assert torch.equal(changed[:, BELIEF], turned)
    assert torch.equal(changed[:, 17].abs() + changed[:, 18].abs(), turned)
    assert len({(float(a.sum()), float(b.sum())) for a, b in zip(changed[:, 17], changed[:, 18], strict=True)}) == 4
    assert not torch.equal(turned, truth)


def test_a_pool_keeps_the_newest(monkeypatch):
    monkeypatch.setitem(ROOM, "cpu", 4)
    pool = Pool("cpu")
    for number in range(3):
        pool.add(torch.full((2, COUNT, LOOK, LOOK), float(number)), torch.ones(2, LOOK, LOOK, dtype=torch.bool))
    shown, truth = pool.draw(20)
    assert set(shown[:, BELIEF].unique().tolist()) == {1.0, 2.0}
    assert truth.all()


def test_workers_ask_and_the_clock_ends_it(tmp_path, capsys):
    sources = Sources(None, None, (), 3, 0)
    settings = Settings(0, 4, 1e-3, 0, "cpu")
    clocked.train(clocked.Clocked(settings, 1e-3, time.monotonic()), sources, 0, tmp_path)
    assert "0 questions" in capsys.readouterr().out
    training = clocked.Clocked(settings, 1e-3, time.monotonic())
    here, there = multiprocessing.Pipe()
    talking = threading.Thread(target=hold_conversations, args=(there, sources, 0, 1), daemon=True)
    talking.start()
    for _ in range(3):
        here.send(training.answer(here.recv()))
    here.close()
    talking.join(60)
    assert not talking.is_alive()
    training.learn()
    assert "24 questions, 1 steps" in training.said()
    training.save(tmp_path)
    resumed = clocked.Clocked(settings, 1e-3, time.monotonic())
    resumed.load(torch.load(tmp_path / "state.pt", weights_only=True))
    assert resumed.spent >= training.spent - 5
    assert resumed.learning.seen == 1
    CloseLook(weights=[tmp_path / "segmenter.safetensors"])


def test_a_training_without_workers_left_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(clocked, "hold_conversations", print)
    training = clocked.Clocked(Settings(0, 4, 1e-3, 0, "cpu"), 5, time.monotonic())
    with pytest.raises(RuntimeError, match="all workers have died"):
        clocked.train(training, Sources(None, None, (), 1, 0), 1, tmp_path)
    assert (tmp_path / "segmenter.safetensors").exists()
