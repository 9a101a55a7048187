"""Runs of `videdit evaluate inpainting` with fillers whose result is known."""

from __future__ import annotations

import csv
import json
import math
import mmap
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import videdit
from videdit.cli.evaluate_commands import evaluate_commands
from videdit.cli.session import Session
from videdit.errors import BrokenPlugin, Interrupted, OptionError
from videdit.evaluation import InpaintingSettings, evaluate_inpainting, psnr
from videdit.evaluation.costs import Meter
from videdit.evaluation.davis import open_davis
from videdit.evaluation.filling import CAP_DB, fill_sequence
from videdit.evaluation.holes import ObjectHoles, free_form_hole
from videdit.evaluation.inpainting import read_size
from videdit.plugins import Plugins
from videdit.progress import Progress
from videdit.runtime import Runtime
from videdit.testing.fakes import FakePlugin, GreyFiller

GREY = InpaintingSettings(sizes=("full",), filler="grey")


class Partial(GreyFiller):
    """Fills a region that does not hold the whole hole."""

    def fill(self, index: int) -> videdit.Filled | None:
        filled = super().fill(index)
        assert filled is not None
        region = filled.region
        small = videdit.Region(region.x0, region.y0, region.x1, region.y1 - 1)
        return videdit.Filled(small, filled.rgb[:-1], filled.origin[:-1])


class Lazy(GreyFiller):
    def fill(self, index: int) -> videdit.Filled | None:
        return None


class Raising(GreyFiller):
    def fill(self, index: int) -> videdit.Filled | None:
        raise ZeroDivisionError("oh")


class Extra:
    @videdit.hookimpl
    def register_fillers(self, register: Any) -> None:
        register("partial", Partial)
        register("lazy", Lazy)
        register("raising", Raising)


@pytest.fixture
def plugins(fakes: FakePlugin) -> Plugins:
    return Plugins(installed=False, objects={"fakes": fakes, "extra": Extra()})


def textured(frames: int = 4) -> list[np.ndarray]:
    picture = np.random.default_rng(5).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    return [np.roll(picture, 2 * index, axis=1) for index in range(frames)]


class Knowing(GreyFiller):
    """Knows the truth, off by `error` levels."""

    def __init__(self, truth: list[np.ndarray], error: int) -> None:
        self._truth, self._error = truth, error
        self.seen: list[np.ndarray] = []

    def fill(self, index: int) -> videdit.Filled | None:
        self.seen.append(self._frames[index].rgb)
        rgb = np.clip(self._truth[index].astype(int) + self._error, 0, 255).astype(np.uint8)
        return videdit.Filled(videdit.Region.whole((72, 96)), rgb, np.full((72, 96), index, np.int32))


def square_hole(size: tuple[int, int] = (72, 96)) -> np.ndarray:
    hole = np.zeros(size, bool)
    hole[30:50, 36:60] = True
    return hole


def filled_by(filler: videdit.Filler, truth: list[np.ndarray], own: np.ndarray, ticks: list[int]) -> Any:
    return fill_sequence(
        filler,
        videdit.ArrayFrames(truth),
        [square_hole()] * len(truth),
        lambda index: own,
        meter=Meter(),
        tick=lambda: ticks.append(1),
        keep_worst=2,
    )


def test_who_knows_the_truth_is_perfect() -> None:
    ticks: list[int] = []
    truth = textured()
    found = filled_by(Knowing(truth, 0), truth, np.zeros((72, 96), bool), ticks)
    assert found.figures["psnr_hole"] == [CAP_DB] * 4
    assert found.figures["ssim_frame"] == pytest.approx([1] * 4)
    # As flickering as the truth itself, and no more.
    assert found.figures["warp_hole"][:3] == found.figures["warp_true"][:3]
    assert math.isnan(found.figures["warp_hole"][3])
    assert found.made_up == 0
    assert len(ticks) == 4


def test_figures_of_hole_and_background() -> None:
    truth = [np.full((72, 96, 3), 100, np.uint8)] * 3
    own = np.zeros((72, 96), bool)
    own[30:40] = True
    found = filled_by(Knowing(truth, 10), truth, own, [])
    assert found.figures["psnr_hole"] == pytest.approx([28.1308036] * 3)
    assert found.figures["psnr_background"] == pytest.approx([28.1308036] * 3)
    share = 20 * 24 / (72 * 96)
    assert found.figures["psnr_frame"] == pytest.approx([28.1308036 - 10 * math.log10(share)] * 3)
    assert found.figures["warp_hole"][:2] == pytest.approx([0, 0])


def test_flicker_on_the_own_object_is_none_of_the_background() -> None:
    truth = [np.full((72, 96, 3), 100, np.uint8)] * 2
    own = np.zeros((72, 96), bool)
    own[:40] = True

    class Flickering(Knowing):
        def fill(self, index: int) -> videdit.Filled | None:
            filled = super().fill(index)
            assert filled is not None
            filled.rgb[:40] += 51 * index
            return filled

    found = filled_by(Flickering(truth, 0), truth, own, [])
    # Rows 30 to 49 are the hole; the upper half of it differs by a fifth of full scale.
    assert found.figures["warp_hole"][0] == pytest.approx(0.04 / 2)
    assert found.figures["warp_background"][0] == pytest.approx(0)
    assert found.figures["warp_frame"][0] == pytest.approx(0.04 * 10 * 24 / (72 * 96))


def test_nothing_is_compared_before_all_is_filled() -> None:
    """Else a filler that works ahead would do so while its time is not counted."""
    truth, order = textured(), []

    class Telling(Knowing):
        def fill(self, index: int) -> videdit.Filled | None:
            order.append(f"fill {index}")
            return super().fill(index)

    fill_sequence(
        Telling(truth, 0),
        videdit.ArrayFrames(truth),
        [square_hole()] * 4,
        lambda index: np.zeros((72, 96), bool),
        meter=Meter(),
        tick=lambda: None,
        keep_worst=0,
        look=lambda index, rgb, hole, result: order.append(f"look {index}, {np.array_equal(result, rgb)}"),
    )
    assert order == [f"fill {index}" for index in range(4)] + [f"look {index}, True" for index in range(4)]


def test_a_meter_counts_its_own_work_alone() -> None:
    first = Meter()
    # Pages of its own: an array may be laid where freed memory is still held, and then the peak does not move.
    with first.running(), mmap.mmap(-1, 80_000_000) as held:
        np.frombuffer(held, np.uint8)[:: mmap.PAGESIZE] = 1
    high = first.record(2)
    assert high["wall_ms"] == pytest.approx(1000 * first.wall_seconds / 2)
    assert first.cpu_seconds > 0
    low = Meter().record(0)
    assert low["wall_ms"] == 0
    if sys.platform == "linux" and os.access("/proc/self/clear_refs", os.W_OK):
        assert high["peak_mib"] is not None
        assert low["peak_mib"] is not None
        assert low["peak_mib"] < high["peak_mib"] - 50


def test_the_filler_cannot_see_the_truth() -> None:
    truth = textured(2)
    filler = Knowing(truth, 0)
    filled_by(filler, truth, np.zeros((72, 96), bool), [])
    assert not filler.seen[0][square_hole()].any()
    assert np.array_equal(filler.seen[0][~square_hole()], truth[0][~square_hole()])


def test_the_worst_frames_are_kept() -> None:
    truth = textured(5)

    class Tiring(Knowing):
        def fill(self, index: int) -> videdit.Filled | None:
            self._error = [0, 40, 5, 20, 1][index]
            return super().fill(index)

    found = filled_by(Tiring(truth, 0), truth, np.zeros((72, 96), bool), [])
    assert [one.index for one in found.worst] == [1, 3]
    assert np.array_equal(found.worst[0].pictures[0], truth[1])


@pytest.mark.parametrize(
    ("name", "says"), [("partial", "whole hole"), ("lazy", "hole for none"), ("raising", "ZeroDivisionError")]
)
def test_a_filler_that_breaks_its_promises_is_named(
    name: str, says: str, davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime
) -> None:
    settings = InpaintingSettings(sizes=("full",), filler=name)
    with pytest.raises(BrokenPlugin, match=says):
        evaluate_inpainting(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime)


def test_grey_holes_have_the_psnr_of_grey(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    found = evaluate_inpainting(davis, tmp_path / "out", GREY, plugins=plugins, runtime=runtime, sequences=["ants"])
    stationary, _, _, shaped, _, mean = found.rows
    assert (stationary["holes"], shaped["holes"], mean["sequence"]) == ("stationary", "object", "mean")
    assert stationary["made_up"] == 1
    truth = cv2.cvtColor(cv2.imread(str(davis / "JPEGImages/480p/ants/00000.png")), cv2.COLOR_BGR2RGB)
    grey = np.full_like(truth, 128)
    frames = json.loads((tmp_path / "out/finished/ants-full-stationary.json").read_text())["frames"]
    assert frames["psnr_hole"][0] == pytest.approx(psnr(grey, truth, free_form_hole((72, 96), 0, "ants")))
    # Of two sequences the other one's object is the hole.
    frames = json.loads((tmp_path / "out/finished/ants-full-object.json").read_text())["frames"]
    hole = ObjectHoles(open_davis(davis).sequence("bees"), (72, 96), 6)[0]
    assert frames["psnr_hole"][0] == pytest.approx(psnr(grey, truth, hole))


def test_means_of_sequences_and_of_frames(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    settings = InpaintingSettings(sizes=("full",), holes=("stationary",), filler="grey")
    found = evaluate_inpainting(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime)
    ants, bees, frames, mean = found.rows
    assert mean["psnr_hole"] == pytest.approx((ants["psnr_hole"] + bees["psnr_hole"]) / 2)  # type: ignore[operator]
    assert frames["psnr_hole"] == pytest.approx(mean["psnr_hole"])  # both have six frames
    assert found.lines()[-1].startswith("mean")


def test_a_stopped_inpainting_run_goes_on(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    def stop(step: Progress) -> None:
        if step.done == 8:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        evaluate_inpainting(davis, tmp_path / "out", GREY, plugins=plugins, runtime=runtime, report=stop)
    assert [path.name for path in (tmp_path / "out/finished").iterdir()] == ["ants-full-stationary.json"]
    seen: list[Progress] = []
    evaluate_inpainting(davis, tmp_path / "out", GREY, plugins=plugins, runtime=runtime, report=seen.append)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (6, 24, 24)


def test_another_seed_is_another_run(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    settings = InpaintingSettings(sizes=("full",), holes=("stationary",), filler="grey")
    evaluate_inpainting(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime, sequences=["ants"])
    with pytest.raises(OptionError, match="another seed"):
        evaluate_inpainting(
            davis, tmp_path / "out", InpaintingSettings(seed=1, filler="grey"), plugins=plugins, runtime=runtime
        )


def test_sizes_are_read() -> None:
    assert read_size("432x240") == (240, 432)
    assert read_size("full") is None
    for wrong in ("432", "x", "432x", "-5x90", "64x240"):
        with pytest.raises(OptionError):
            read_size(wrong)


def test_the_inpainting_command(davis: Path, tmp_path: Path, plugins: Plugins) -> None:
    app = evaluate_commands(Session(plugins))
    out = tmp_path / "out"
    arguments = ["inpainting", str(davis), "--results", str(out), "--filler", "grey", "--device", "cpu", "--quiet"]
    done = CliRunner().invoke(app, [*arguments, "--size", "120x80", "--holes", "object", "--sequences", "bees"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].split()[:3] == ["mean", "120x80", "object"]
    for name in ("inpainting.csv", "worst-120x80-object.png", "plots/sequences-120x80-object.png"):
        assert (out / name).is_file()
    with (out / "frames.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
