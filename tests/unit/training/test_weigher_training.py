"""Training of the network that weighs the filler's views: lessons, and runs that are stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.weigher import __main__ as script
from training.weigher import lessons as lessons_module
from training.weigher.learning import NOISE, WeigherNetwork, drawn, loss, usual_error
from training.weigher.lessons import Lesson, gather
from videdit.evaluation.davis import open_davis
from videdit_plugins.builtin.filler.cues import CUES, around
from videdit_plugins.builtin.filler.weighing import MOST, Weigher

SIZE = (120, 216)
BESIDE = 2


@pytest.fixture(scope="module")
def davis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films of 14 frames: the camera pans over a texture, a disc crosses it to the right or, above, to the left."""
    folder = tmp_path_factory.mktemp("davis")
    for name, seed, speed, y in (("right", 1, 8, 70), ("left", 2, -8, 40)):
        places = [folder / kind / "480p" / name for kind in ("JPEGImages", "Annotations")]
        for place in places:
            place.mkdir(parents=True)
        noise = np.random.default_rng(seed).integers(0, 256, (SIZE[0], SIZE[1] + 40, 3)).astype(np.uint8)
        plate = cv2.GaussianBlur(noise, (0, 0), 2.5)
        plate = np.clip(128 + 5 * (plate.astype(int) - 128), 0, 255).astype(np.uint8)
        for index in range(14):
            x = (40 if speed > 0 else SIZE[1] - 40) + speed * index
            mask = cv2.circle(np.zeros(SIZE, np.uint8), (x, y), 18, 255, -1)
            frame = np.where(mask[..., None] > 0, np.uint8([0, 0, 220]), plate[:, 2 * index : 2 * index + SIZE[1]])
            cv2.imwrite(str(places[0] / f"{index:05}.jpg"), frame)
            cv2.imwrite(str(places[1] / f"{index:05}.png"), mask)
    return folder


def test_lessons_are_made_once_and_kept(davis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons_module, "ASKED", {"blacked": 2, "mirrored": 2, "pasted": 2})
    told: list[str] = []
    names, kept = ["right", "left"], tmp_path / "lessons"
    found = gather(open_davis(davis), names, davis / "Annotations/480p", kept, told.append)
    assert told == [
        f"{kind}-{pair}: 2 holes" for kind in ("blacked", "mirrored", "pasted") for pair in ("right-left", "left-right")
    ]
    for lesson in found:
        squares, views, cues = lesson.cues.shape
        asked = len(lesson.which)
        assert cues == CUES
        assert lesson.near.shape == (squares, 9)
        assert (lesson.near[:, 4] == np.arange(squares)).all()
        assert lesson.which.max() < squares
        assert lesson.fit.shape == (asked, views, 16)
        assert lesson.rgb.shape == (asked, views, 16, 3)
        assert lesson.asked.any(axis=1).all()
        shown = np.isfinite(lesson.fit).any(axis=1)
        assert shown[lesson.asked].all()
    # The ground is a plane, so that views show it as it is, but for where a film's own disc is taken for it.
    variances = [lesson.goal.astype(np.float32)[lesson.asked].var() for lesson in found]
    assert np.median(np.divide([usual_error(lesson) for lesson in found], variances)) < 0.1
    monkeypatch.setattr(lessons_module, "lessons", None)
    again = gather(open_davis(davis), names, davis / "Annotations/480p", kept, told.append)
    assert len(again) == len(found)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one.rgb, other.rgb)
    assert len(gather(open_davis(davis), names, None, kept, told.append)) == 8


def made(squares: int = 40, views: int = 6) -> Lesson:
    """A lesson in which the view that lies beside its own hole shows something else."""
    random = np.random.default_rng(0)
    goal = random.integers(60, 190, (squares, 16, 3))
    rgb = np.repeat(goal[:, None], views, axis=1)
    cues = random.normal(0, 0.3, (squares, views, CUES))
    cues[..., 0], cues[..., BESIDE], cues[..., 23] = 1, 0, 1 / views
    wrong = random.integers(views, size=squares)
    cues[np.arange(squares), wrong, BESIDE] = 1
    rgb[np.arange(squares), wrong] += 30
    near = np.full((squares, 9), -1)
    near[:, 4] = np.arange(squares)
    return Lesson(
        cues.astype(np.float16),
        near,
        np.arange(squares),
        np.zeros((squares, views, 16), np.float16),
        rgb.astype(np.uint8),
        goal.astype(np.float16),
        np.ones((squares, 16), np.bool_),
    )


def test_the_loss_is_the_error_of_the_blend_over_that_of_the_rules() -> None:
    lesson = made(views=2)
    # Two views 30 codes apart: their mean is 15 off each channel, and so equally far from both.
    assert usual_error(lesson) == pytest.approx(15**2, rel=0.01)
    batch = drawn(lesson, 15**2, 200, np.random.default_rng(1))
    assert len(batch.fit) == len(lesson.which), "it has no more"
    assert batch.fit.isfinite().all()
    assert float(loss(batch, None)) == pytest.approx(15**2 / (15**2 + NOISE), rel=0.01)


def test_views_that_show_nothing_count_nothing() -> None:
    lesson = made()
    fit = lesson.fit.copy()
    fit[:, 1:] = -np.inf
    alone = replace(lesson, fit=fit)
    first = (lesson.rgb[:, 0].astype(float) - lesson.goal.astype(float)) ** 2
    assert usual_error(alone) == pytest.approx(first.mean(), rel=1e-3)
    fit[:] = -np.inf
    batch = drawn(replace(lesson, fit=fit), 100.0, 10, np.random.default_rng(0))
    assert float(loss(batch, WeigherNetwork()).detach()) == 0, "no lesson, and no number that is none"


@pytest.mark.parametrize("square", [0, 20, 31, 62])
def test_all_that_a_word_depends_on_goes_with_the_squares_drawn(square: int) -> None:
    squares = np.ones((7, 9), np.bool_)
    lesson, network = replace(made(squares.size), near=around(squares)), WeigherNetwork()
    torch.nn.init.normal_(network.say.weight)
    alone = replace(lesson, which=np.array([square]), fit=lesson.fit[:1], rgb=lesson.rgb[:1], goal=lesson.goal[:1])
    # A seed with which all views are drawn.
    batch = drawn(replace(alone, asked=lesson.asked[:1]), 100.0, 3, np.random.default_rng(2))
    assert batch.fit.shape == (1, 6, 16)
    assert len(batch.cues) < squares.size
    with torch.no_grad():
        whole = network(torch.from_numpy(lesson.cues).float(), torch.from_numpy(lesson.near))
        said = network(batch.cues, batch.near)[batch.which]
    np.testing.assert_allclose(said[0], whole[square], rtol=1e-4, atol=1e-4)


def test_it_learns_which_view_not_to_trust_and_a_stopped_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, lesson = tmp_path / "weigher.safetensors", made()
    monkeypatch.setattr(script, "KEPT_EVERY_SECONDS", 0)

    def stop(path: Path, write: object) -> None:
        write_whole(path, write)
        raise KeyboardInterrupt

    write_whole = script.write_whole
    monkeypatch.setattr(script, "write_whole", stop)
    with pytest.raises(KeyboardInterrupt):
        script.train([lesson], out, 60, 0, iterations=250)
    assert out.with_suffix(".resume").exists()
    monkeypatch.setattr(script, "write_whole", write_whole)
    monkeypatch.setattr(script, "KEPT_EVERY_SECONDS", 60)
    network = script.train([lesson], out, 60, 0, iterations=250)
    assert "goes on from iteration" in capsys.readouterr().out
    assert not out.with_suffix(".resume").exists()
    batch = drawn(lesson, usual_error(lesson), 40, np.random.default_rng(5))
    assert float(loss(batch, network).detach()) < 0.5 * float(loss(batch, None))
    with torch.no_grad():
        said = network(torch.from_numpy(lesson.cues).float(), torch.from_numpy(lesson.near)).numpy()
    told = np.clip(Weigher([out]).said(lesson.cues.astype(np.float32), lesson.near), -MOST, MOST)
    np.testing.assert_allclose(told, said, rtol=1e-3, atol=1e-3)
    suspect = lesson.cues[..., BESIDE] == 1
    assert said[suspect].mean() < said[~suspect].mean() - 1
