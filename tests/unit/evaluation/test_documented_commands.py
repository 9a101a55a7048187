"""The commands that docs/evaluation.md gives for the papers' tables, word for word, with engines that go by colour."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import videdit
from videdit.cli.evaluate_commands import evaluate_commands
from videdit.cli.session import Session
from videdit.masks import davis_palette
from videdit.plugins import Plugins
from videdit.testing.fakes import ColourSegmenter, ColourTracker

PAGE = Path(__file__).parents[3] / "docs/evaluation.md"
COMMANDS = re.findall(r"^    videdit evaluate (tracking 201.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


class Official:
    """Engines under the names of those with official weights."""

    @videdit.hookimpl
    def register_trackers(self, register: Any) -> None:
        register("xmem-s012", lambda options, runtime: ColourTracker())

    @videdit.hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("sam-vit-h", lambda options, runtime: ColourSegmenter(), rank=62)


def test_they_run_one_after_the_other_and_write_what_the_server_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sequence_writer: Callable[..., None]
) -> None:
    monkeypatch.chdir(tmp_path)
    for year, names, binary, truths in (("2016", ("ants", "bees"), True, 6), ("2017", ("cats", "dogs"), False, 1)):
        for seed, name in enumerate(names):
            sequence_writer(tmp_path / year, name, seed=seed, binary=binary, truths=truths)
    lists = tmp_path / "2016/ImageSets/480p/val.txt", tmp_path / "2017/ImageSets/2017/test-dev.txt"
    for path in lists:
        path.parent.mkdir(parents=True)
    frames = [f"/JPEGImages/480p/{name}/{index:05d}.jpg" for name in ("ants", "bees") for index in range(6)]
    lists[0].write_text("".join(f"{one} {one.replace('JPEGImages', 'Annotations')[:-3]}png\n" for one in frames))
    lists[1].write_text("cats\ndogs\n")
    app = evaluate_commands(Session(Plugins(installed=False, objects={"official": Official()})))
    assert len(COMMANDS) == 4
    results = []
    for command in COMMANDS:
        arguments = shlex.split(command)
        done = CliRunner().invoke(app, [*arguments, "--device", "cpu"])
        assert done.exit_code == 0, done.output
        results.append(tmp_path / arguments[arguments.index("--results") + 1])
        with (results[-1] / "tracking.csv").open(newline="") as file:
            assert [row["objects"] for row in csv.DictReader(file)][-1] == ("2" if "2016" in command else "4")
    for folder in results[2:]:
        files = sorted(path.relative_to(folder / "masks") for path in (folder / "masks").rglob("*.png"))
        assert files == [Path(name, f"{index:05d}.png") for name in ("cats", "dogs") for index in range(6)]
        with Image.open(folder / "masks/cats/00005.png") as picture:
            assert picture.mode == "P"
            assert picture.getpalette() == list(davis_palette())
            assert set(np.unique(np.asarray(picture))) == {0, 1, 2}
