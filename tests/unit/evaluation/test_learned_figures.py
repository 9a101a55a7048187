"""LPIPS and VFID: their arithmetic, with networks of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torchvision.models import alexnet

from videdit.errors import CorruptCheckpoint
from videdit.evaluation.i3d import I3d
from videdit.evaluation.learned_figures import ALEXNET_FILE, LPIPS_FILE, Lpips, frechet_distance, video_features


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights")
    torch.save(alexnet(weights=None).state_dict(), path / ALEXNET_FILE)
    widths = (64, 192, 384, 256, 256)
    lines = {f"lin{number}.model.1.weight": torch.rand(1, width, 1, 1) for number, width in enumerate(widths)}
    torch.save(lines, path / LPIPS_FILE)
    return path


def test_lpips_is_nothing_for_equal_pictures_and_grows(folder: Path) -> None:
    lpips = Lpips(folder)
    draw = np.random.default_rng(0)
    picture = draw.integers(0, 256, (70, 90, 3)).astype(np.float64)
    assert lpips(picture, picture) == 0
    near, far = (np.clip(picture + draw.normal(0, sigma, picture.shape), 0, 255) for sigma in (4, 60))
    assert 0 < lpips(near, picture) < lpips(far, picture)


def test_lpips_refuses_another_network(folder: Path, tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / ALEXNET_FILE)
    (tmp_path / LPIPS_FILE).write_bytes((folder / LPIPS_FILE).read_bytes())
    with pytest.raises(CorruptCheckpoint):
        Lpips(tmp_path)


def test_i3d_makes_1024_numbers_of_a_video_of_any_size() -> None:
    torch.manual_seed(0)
    network = I3d().eval().requires_grad_(False)
    frames = list(np.random.default_rng(0).integers(0, 256, (9, 33, 47, 3)).astype(np.uint8))
    features = video_features(network, frames)
    assert features.shape == (1024,)
    assert np.isfinite(features).all()
    names = {name.split(".")[0] for name in network.state_dict()}
    assert {"Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3", "Mixed_3b", "Mixed_5c", "logits"} <= names
    assert len(network.state_dict()) == 344


def test_the_distance_is_that_of_two_gaussians() -> None:
    draw = np.random.default_rng(0)
    real, made = draw.normal(0, 1, (40, 6)), draw.normal(0.3, 1.5, (40, 6))
    first, second = np.cov(real, rowvar=False), np.cov(made, rowvar=False)
    apart = real.mean(axis=0) - made.mean(axis=0)
    expected = apart @ apart + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(real, made) == pytest.approx(expected)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
    # Fewer videos than numbers: the covariance is singular, and the distance still stable.
    few = draw.normal(0, 1, (5, 200))
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(few, few + 1) == pytest.approx(200)
