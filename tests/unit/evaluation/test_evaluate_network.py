"""The evaluation that the tables of E2FGVI were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

import videdit
from videdit.errors import OptionError
from videdit.evaluation import NetworkSettings, evaluate_network
from videdit.evaluation.published import read_frames, read_masks
from videdit.plugins import Plugins
from videdit.runtime import Options, Runtime
from videdit.testing.fakes import GreyFiller

SIZE = (96, 72)


class Fraction(GreyFiller):
    """Fills with 100.25 of 255, which 8 bits cannot hold; it was asked to keep to the procedure."""

    def __init__(self, options: Any, runtime: Any) -> None:
        assert options.parity

    def fill(self, index: int) -> videdit.Filled | None:
        filled = super().fill(index)
        if filled is not None:
            assert filled.rgb.dtype == np.uint16
            filled.rgb[:] = round(100.25 * 257)
        return filled


class ParityOptions(Options):
    parity: bool = False


class Extra:
    @videdit.hookimpl
    def register_fillers(self, register: Any) -> None:
        register("fraction", Fraction, ParityOptions)


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    for name in ("ants", "bees"):
        folder = tmp_path / "masks" / name
        folder.mkdir(parents=True)
        for index in range(4):
            pixels = np.zeros((72, 96), np.uint8)
            pixels[30:40, 40 + index : 50 + index] = 3
            Image.fromarray(pixels).save(folder / f"{index:05d}.png")
    return tmp_path / "masks"


def evaluated(davis: Path, masks: Path, results: Path, **settings: Any) -> videdit.evaluation.Evaluation:
    plugins = Plugins(installed=False, objects={"extra": Extra()})
    chosen = NetworkSettings(masks, SIZE, filler="fraction", **settings)
    return evaluate_network(davis, results, chosen, plugins=plugins, runtime=plugins.runtime(Runtime()))


def test_figures_are_those_of_the_composite_before_it_is_rounded(davis: Path, masks: Path, tmp_path: Path) -> None:
    found = evaluated(davis, masks, tmp_path / "out")
    errors, similarities = [], []
    for name in ("ants", "bees"):
        folder = davis / "JPEGImages/480p" / name
        for index, path in enumerate(sorted(folder.iterdir())[:4]):
            truth = np.asarray(Image.open(path)).astype(np.float64)
            grown = np.zeros((72, 96), np.uint8)
            grown[30:40, 40 + index : 50 + index] = 1
            cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
            hole = cv2.dilate(grown, cross, iterations=4) > 0
            made = np.where(hole[..., None], 100.25, truth)
            errors.append(10 * np.log10(255**2 / np.mean((made - truth) ** 2)))
            similarities.append(structural_similarity(truth, made, data_range=255, channel_axis=2, win_size=65))
    assert found.rows[-1]["psnr"] == pytest.approx(np.mean(errors), abs=2e-3)
    assert found.rows[-1]["ssim"] == pytest.approx(np.mean(similarities), abs=1e-5)
    assert found.rows[-1]["frames"] == 8
    with av.open(str(tmp_path / "out/films/ants.mp4")) as film:
        assert film.streams.video[0].frames == 4
        assert film.streams.video[0].width == 3 * 96
    assert (tmp_path / "out/sheet.png").is_file()


def test_frames_are_scaled_as_pillow_does_and_masks_before_they_grow(davis: Path, masks: Path) -> None:
    folder = davis / "JPEGImages/480p/ants"
    first = Image.open(sorted(folder.iterdir())[0])
    assert np.array_equal(
        read_frames(folder, 1, (48, 36))[0], np.asarray(first.resize((48, 36), Image.Resampling.BICUBIC))
    )
    small = read_masks(masks / "ants", 1, (48, 36))[0]
    # 10 px wide, 5 when scaled, and four more on either side.
    assert np.count_nonzero(small.any(axis=0)) == 13


def test_wrong_folders_are_refused(davis: Path, masks: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no such folder of masks"):
        evaluated(davis, tmp_path / "nowhere", tmp_path / "out")
    (masks / "wasps").mkdir()
    with pytest.raises(OptionError, match="no sequence 'wasps'"):
        evaluated(davis, masks, tmp_path / "out")
