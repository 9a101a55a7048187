"""Runs of `videdit evaluate segmenting`, and the table, charts and sheets that all runs share."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import videdit
from videdit.cli.evaluate_commands import evaluate_commands
from videdit.cli.session import Session
from videdit.errors import OptionError
from videdit.evaluation import SegmentingSettings, evaluate_segmenting
from videdit.evaluation.ledger import Ledger
from videdit.evaluation.plots import bar_chart, line_chart
from videdit.evaluation.sheets import contact_sheet, marked, worst_apart
from videdit.evaluation.tables import Column, mean_of, table_lines, write_csv
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis
from videdit.testing.fakes import ColourSegmenter, FakePlugin


class Halves(ColourSegmenter):
    """Answers the first click with the upper half of the object, later ones with all; keeps what it was asked."""

    asked: list[tuple[int, bool]]

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        super().__init__()
        self.asked = LOG

    def segment(
        self, frames: videdit.FrameSequence, index: int, prompts: Sequence[videdit.Prompt], previous: Any = None
    ) -> list[Hypothesis]:
        self.asked.append((len(prompts), previous is not None))
        (whole,) = super().segment(frames, index, prompts[:1])
        if len(prompts) == 1 and isinstance(prompts[0], videdit.Click):
            rows = np.flatnonzero(whole.mask.any(axis=1))
            whole.mask[rows[len(rows) // 2] :] = False
        return [whole]


LOG: list[tuple[int, bool]] = []


class Extra:
    @videdit.hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("halves", Halves)


@pytest.fixture
def plugins(fakes: FakePlugin) -> Plugins:
    LOG.clear()
    return Plugins(installed=False, objects={"fakes": fakes, "extra": Extra()})


def test_the_iou_of_a_box_and_of_each_click(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    settings = SegmentingSettings(clicks=3, segmenter="halves")
    found = evaluate_segmenting(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime, sequences=["ants"])
    # Frames 0 and 3, two objects each.
    assert [row["name"] for row in found.rows] == ["ants@0, 1", "ants@0, 2", "ants@3, 1", "ants@3, 2", "mean"]
    mean = found.rows[-1]
    assert (mean["box"], mean["clicks_1"], mean["clicks_2"], mean["clicks_3"]) == (1, 0.5, 1, 1)
    # A box, a click, and a second click that carries the first and its answer; nothing is left for a third.
    assert LOG[:3] == [(1, False), (1, False), (2, True)]
    assert len(LOG) == 4 * 3


def test_the_segmenting_command(davis: Path, tmp_path: Path, plugins: Plugins) -> None:
    arguments = ["segmenting", str(davis), "--results", str(tmp_path / "out"), "--segmenter", "colour"]
    done = CliRunner().invoke(evaluate_commands(Session(plugins)), [*arguments, "--clicks", "2", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].split()[:4] == ["mean", "100.0", "100.0", "100.0"]
    for name in ("segmenting.csv", "worst.png", "plots/clicks.png"):
        assert (tmp_path / "out" / name).is_file()
    for wrong in ("segmenter.speed=3", "tracker.speed=3"):
        other = [*arguments, "--set", wrong, "--device", "cpu"]
        refused = CliRunner().invoke(evaluate_commands(Session(plugins)), other)
        assert (refused.exit_code, "speed" in refused.stderr) == (2, True), refused.stderr


def test_a_table_is_aligned_and_shows_what_is_missing() -> None:
    columns = [Column("name", "name"), Column("j", "J", 1, 100), Column("ms", "ms", 0)]
    rows = [{"name": "dog", "j": 0.755, "ms": 1234.4}, {"name": "mean", "j": float("nan"), "ms": None}]
    assert table_lines(columns, rows) == ["name     J    ms", "dog   75.5  1234", "mean     -     -"]


def test_csv_has_every_key_and_leaves_out_what_is_missing(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"a": 1, "b": float("nan")}, {"a": "x, y", "c": 0.5}])
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["a", "b", "c"], ["1", "", ""], ["x, y", "", "0.5"]]


def test_a_mean_leaves_out_what_is_missing() -> None:
    assert mean_of([1.0, None, float("nan"), 2, "x"]) == 1.5
    assert mean_of([None]) is None


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "out", {"a": 1})
    ledger.keep("dog", {"j": float("inf")})
    assert ledger.find("dog") == {"j": None}
    assert ledger.find("cat") is None
    (tmp_path / "out/finished/dog.json").write_text("{")
    with pytest.raises(OptionError, match=r"dog\.json"):
        ledger.find("dog")
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be made"):
        Ledger(tmp_path / "file" / "out", {})


def test_worst_frames_lie_apart() -> None:
    values = [0.9] * 40
    values[10:13] = [0.2, 0.1, 0.3]
    values[30] = 0.5
    assert worst_apart(values, 2) == [11, 30]
    assert worst_apart([None, 0.5], 3) == [1]


def test_charts_draw_every_value_there_is() -> None:
    empty = line_chart("t", {"J": [None, None]}, low=0.0, high=1.0)
    line = line_chart("t", {"J": [0.0, 1.0]}, low=0.0, high=1.0)
    assert (line != empty).any()
    gap = line_chart("t", {"J": [0.5, None, 0.5]}, low=0.0, high=1.0)
    whole = line_chart("t", {"J": [0.5, 0.5, 0.5]}, low=0.0, high=1.0)
    assert (whole != gap).any(axis=2).sum() > 300
    assert bar_chart("t", {"a": 0.5, "b": None, "c": float("nan")}).shape[1] == 720
    assert line_chart("t", {"x": [1.0] * 12345}).shape == (360, 720, 3)


def test_a_result_is_bright_and_the_truth_outlined() -> None:
    rgb = np.full((30, 30, 3), 90, np.uint8)
    result, truth = np.zeros((30, 30), np.uint8), np.zeros((30, 30), np.uint8)
    result[5:15, 5:15] = 1
    truth[18:28, 18:28] = 1
    picture = marked(rgb, result, truth)
    assert (picture[0, 0] == 30).all()
    assert picture[10, 10].sum() > 3 * 60
    assert (picture[18, 22] == 255).all()
    assert (rgb == 90).all()


def test_a_contact_sheet_of_nothing_is_none(tmp_path: Path) -> None:
    assert contact_sheet([(tmp_path / "absent.png", "x")]) is None
    ledger = Ledger(tmp_path / "out", {})
    path = ledger.picture(np.zeros((24, 48, 3), np.uint8), "a.png")
    sheet = contact_sheet([(path, "café")] * 4, columns=3)
    assert sheet is not None
    assert sheet.shape == (2 * (240 + 22), 3 * 480, 3)
