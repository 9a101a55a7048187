"""Training of the tracker's network: clips, walks, and runs that are stopped."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
import torch

from training import tracker as script
from training.clips import make_clip
from training.corruption import corrupt
from training.crew import Crew, Pictures, checked_clip
from training.footage import film_clip
from training.material import foot_shadow, read_pictures
from training.pool import PLANES, Batch, Pool, pack
from training.walks import CUE_SCALE, SIDE, walk
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


@pytest.mark.parametrize("seed", range(6))
def test_a_clip_of_a_film_shows_its_object_where_the_mask_is(film, pictures, seed):
    clip = film_clip([film], pictures, np.random.default_rng(seed), 5)
    assert len(clip.frames) == len(clip.masks) == 6
    assert clip.masks[0].any()
    assert clip.masks[1].any()
    for frame, mask in zip(clip.frames, clip.masks, strict=True):
        assert frame.shape == (*mask.shape, 3)
        inside = cv2.erode(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
        reddest = frame[inside].astype(int)
        assert (reddest[:, 0] - reddest[:, 1] > 60).all()
    other = film_clip([film], pictures, np.random.default_rng(seed), 5)
    np.testing.assert_array_equal(clip.frames[3], other.frames[3])


def test_films_are_learned_from_but_not_checked_by(film, pictures, monkeypatch):
    asked = []
    monkeypatch.setattr("training.crew.film_clip", lambda films, *_: asked.append(films))
    parted = Pictures.parted(pictures, 2, (film,))
    random = np.random.default_rng(0)
    made = [parted.clip(random, 1) for _ in range(12)]
    assert 0 < made.count(None) < 12
    assert asked == [(film,)] * made.count(None)
    checked_clip(parted.checked, 0, 1)
    assert len(asked) == made.count(None)


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


@pytest.fixture
def tiny(monkeypatch):
    sizes = {"FIRST_SAMPLES": 1, "CHECKED_CLIPS": 1, "CHECKED_PICTURES": 2, "STEPS": 1, "ITERATIONS_PER_CLIP": 1}
    for name, value in sizes.items():
        monkeypatch.setattr(script, name, value)


def test_a_stopped_run_goes_on_and_leaves_weights(pictures, tmp_path, capsys, tiny):
    out = tmp_path / "net.safetensors"
    parted = Pictures.parted(pictures, 2)
    first = script.Training(0, "cpu", 2, 20)
    first.pool.add(checked_clip(parted.learned, 0, 1))
    first.iterate(0.0)
    torch.save(first.state(), out.with_suffix(".resume"))
    second = script.Training(0, "cpu", 2, 20)
    second.take_up(out.with_suffix(".resume"))
    script.train(second, script.Alone(second, parted), out, 2, None)
    assert "goes on from iteration 1" in capsys.readouterr().out
    assert second.iteration == 2
    assert out.exists()
    assert not out.with_suffix(".resume").exists()
    changed = (first.network.last.weight - second.network.last.weight).abs().max()
    assert changed > 0


def test_a_run_alone_can_be_repeated_to_the_bit(pictures, tmp_path, tiny):
    ends = []
    for _ in range(2):
        training = script.Training(3, "cpu", 2, 20)
        script.train(training, script.Alone(training, Pictures.parted(pictures, 2)), tmp_path / "net", 2, None)
        ends.append(training.network.last.weight.detach().clone())
    assert torch.equal(*ends)


def test_a_crew_feeds_the_run_and_is_gone_after_it(pictures, tmp_path, tiny):
    out = tmp_path / "net.safetensors"
    training = script.Training(0, "cpu", 2, 20)
    with Crew(1, (0, 0), 1, range(2), 1) as crew:
        assert [one.name for one in crew.generated(time.monotonic() + 60)] == ["generated-0", "generated-1"]
        crew.start(Pictures.parted(pictures, 2))
        script.train(training, script.Together(training, crew), out, 3, 2.0)
        processes, folder = crew._processes, crew._folder
    assert training.iteration == 3
    assert out.exists()
    assert not any(process.is_alive() for process in processes)
    assert not folder.exists()


def test_a_crew_that_dies_is_told(tmp_path):
    with Crew(1, (0, 0), 1, range(0), 1) as crew:
        crew._processes[0].kill()
        crew._processes[0].join(10)
        with pytest.raises(TimeoutError, match="died"):
            crew.checked(1, time.monotonic() + 60)


def test_samples_come_out_of_the_pool_as_they_went_in(pictures):
    random = np.random.default_rng(7)
    samples = walk(make_clip(pictures, random, 3), None, random)
    batch = Batch.of(torch.from_numpy(pack(samples)))
    for number, one in enumerate(samples):
        for frame in range(3):
            expected = (one.lab[frame].astype(np.float32).transpose(2, 0, 1) - 128) / 48
            np.testing.assert_allclose(batch.pictures[frame, number].numpy(), expected, atol=1e-6)
        np.testing.assert_allclose(batch.cues[number].numpy(), one.cues / np.float32(CUE_SCALE), atol=1e-6)
        np.testing.assert_allclose(batch.inside[number].numpy(), one.inside / np.float32(255), atol=1e-6)
        np.testing.assert_allclose(batch.truth[number, 0].numpy(), one.truth / np.float32(255), atol=1e-6)


def test_a_full_pool_forgets_the_oldest():
    pool = Pool(3, "cpu", 0)
    for value in range(5):
        pool.add(np.full((1, PLANES, SIDE, SIDE), value, np.uint8))
    assert len(pool) == 3
    assert sorted(pool.planes[:, 0, 0, 0].tolist()) == [2, 3, 4]


def test_a_shadow_at_the_foot_darkens_ground_and_starts_there():
    alpha = np.zeros((60, 80), np.float32)
    alpha[10:30, 30:50] = 1
    dark = foot_shadow(np.full((60, 80, 3), 200, np.uint8), alpha, -0.5, 0.0, 0.5, 0.5)
    assert (dark[:26] == 200).all()
    assert (dark[31:38, 32:48] < 110).all()
    assert (dark[44:] == 200).all()


def test_overlap_of_answers():
    odds = torch.tensor([[[[1.0, -1.0]]], [[[-1.0, -1.0]]]])
    truth = torch.tensor([[[[1.0, 1.0]]], [[[0.0, 0.0]]]])
    assert script.overlap(odds, truth).tolist() == [0.5, 1.0]
