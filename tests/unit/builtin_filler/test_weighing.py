"""The network that weighs the views of a hole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from training.weigher.learning import WeigherNetwork
from videdit import Runtime
from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit_plugins.builtin.filler.cues import SHARE, around, cues_of, squares_of
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.views import View
from videdit_plugins.builtin.filler.weighing import MOST, WEIGHTS, Weigher, of_videdit

SIZE = (37, 50)
HOLE = np.zeros(SIZE, np.bool_)
HOLE[12:28, 16:36] = True


def views(count: int) -> list[View]:
    random = np.random.default_rng(count)
    result = []
    for index in range(count):
        shift = random.normal(size=(2, *SIZE)).astype(np.float32)
        rgb = random.integers(90, 130, (*SIZE, 3)).astype(np.uint8)
        valid, beside = random.random((2, *SIZE)) < 0.8
        light = np.zeros(3, np.float32)
        result.append(View(index, (shift[0], shift[1]), rgb, valid, 1 + index, light, rgb, beside, index % 3 == 0))
    return result


def asked(some: list[View]) -> tuple[Fit, list[View], np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    own = some[0].rgb
    return Fit.of(some, own, ~HOLE, HOLE, Scale(SIZE, SIZE)), some, own, ~HOLE, HOLE


@pytest.fixture
def saved(tmp_path: Path) -> list[Path]:
    """Two networks that say something."""
    paths = []
    for number in (1, 2):
        torch.manual_seed(number)
        network = WeigherNetwork()
        torch.nn.init.normal_(network.say.weight)
        torch.nn.init.normal_(network.say.bias)
        paths.append(tmp_path / f"{number}.safetensors")
        save_file(network.state_dict(), paths[-1])
    return paths


def test_it_says_what_the_trained_layers_say(saved: list[Path]) -> None:
    given = asked(views(7))
    cues, near = cues_of(*given[:4], squares_of(HOLE)), around(squares_of(HOLE))
    answers = []
    for path in saved:
        network = WeigherNetwork()
        network.load_state_dict(load_file(path))
        with torch.no_grad():
            answers.append(network(torch.from_numpy(cues), torch.from_numpy(near)).numpy() * (cues[..., SHARE] > 0))
        np.testing.assert_allclose(Weigher([path]).said(cues, near), answers[-1], rtol=1e-4, atol=1e-4)
    assert np.ptp(answers[0]) > 0.5
    np.testing.assert_allclose(Weigher(saved).said(cues, near), np.mean(answers, axis=0), rtol=1e-4, atol=1e-4)


def test_around_a_square_lie_those_beside_it_and_itself() -> None:
    squares = np.array([[True, True, False], [False, True, True]])
    assert around(squares).tolist() == [
        [-1, -1, -1, -1, 0, 1, -1, -1, 2],
        [-1, -1, -1, 0, 1, -1, -1, 2, 3],
        [0, 1, -1, -1, 2, 3, -1, -1, -1],
        [1, -1, -1, 2, 3, -1, -1, -1, -1],
    ]


def test_factors_are_bounded_and_1_away_from_the_hole(saved: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    given, weigher = asked(views(5)), Weigher(saved)
    squares = squares_of(HOLE)
    said = np.full((np.count_nonzero(squares), 5), 1.5, np.float32)
    said[:, 0] = 50
    monkeypatch.setattr(weigher, "said", lambda cues, near: said)
    factors = weigher.factors(*given)
    assert factors.shape == (5, *SIZE)
    np.testing.assert_allclose(factors[1:, 14:26, 18:34], np.exp(1.5), rtol=1e-5)
    np.testing.assert_allclose(factors[0, 14:26, 18:34], np.exp(MOST), rtol=1e-5)
    assert (factors[:, :10] == 1).all()


def test_the_order_of_views_does_not_matter(saved: list[Path]) -> None:
    some = views(6)
    order = [3, 0, 5, 1, 4, 2]
    weigher = Weigher(saved)
    own = some[0].rgb

    def factors(given: list[View]) -> np.ndarray:  # type: ignore[type-arg]
        return weigher.factors(Fit.of(given, own, ~HOLE, HOLE, Scale(SIZE, SIZE)), given, own, ~HOLE, HOLE)

    np.testing.assert_allclose(factors([some[place] for place in order]), factors(some)[order], rtol=1e-3)


def test_a_file_that_is_missing_or_of_another_network_is_told(tmp_path: Path, saved: list[Path]) -> None:
    with pytest.raises(MissingCheckpoint, match="no such file"):
        Weigher([tmp_path / "nowhere"])
    broken, foreign = tmp_path / "broken", tmp_path / "foreign"
    broken.write_bytes(b"nothing of the kind")
    with pytest.raises(CorruptCheckpoint, match="no safetensors file"):
        Weigher([broken])
    state = WeigherNetwork().state_dict()
    del state["say.bias"]
    save_file(state | {"look.bias": torch.zeros(3)}, foreign)
    with pytest.raises(
        CorruptCheckpoint, match=r"missing: say.bias; of another shape: look.bias is \(3,\), not \(16,\)"
    ):
        Weigher([foreign])


def test_the_filler_goes_by_the_network_unless_told_not_to(
    clip: Any, started: Any, saved: list[Path], tmp_path: Path
) -> None:
    def filled(filler: BuiltinFiller | None = None, **options: object) -> np.ndarray:  # type: ignore[type-arg]
        found = started(clip, filler=filler, shadows=False, remnants=False, **options).fill(7)
        assert found is not None
        return np.asarray(found.rgb)

    plain = filled(BuiltinFiller(FillerOptions(shadows=False, remnants=False), Runtime(learned=False)))
    silent = tmp_path / "silent.safetensors"
    save_file(WeigherNetwork().state_dict(), silent)
    assert not np.array_equal(filled(), plain)
    assert not np.array_equal(filled(weights=saved[0]), filled(weights=silent))
    with pytest.raises(MissingCheckpoint):
        filled(weights=tmp_path / "nowhere")


def test_the_networks_come_along_and_are_small() -> None:
    assert of_videdit() is not None
    assert sum(path.stat().st_size for path in WEIGHTS) < 24_000
