"""Everything in examples/ does what it says, on films as short as will do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import videdit
from videdit.cli.app import run
from videdit.example import make_example
from videdit.example.ball import BallFilm
from videdit.example.face import FaceFilm
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.project import read_description
from videdit.testing.contracts import check_plugin

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FRAMES = 4


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pipelines and, as they expect, `videdit-example`."""
    folder = tmp_path_factory.mktemp("examples")
    make_example(folder / "videdit-example", ball=BallFilm(FRAMES), face=FaceFilm(FRAMES))
    for path in (EXAMPLES / "pipelines").glob("*.toml"):
        shutil.copy(path, folder)
    return folder


def frames_of(path: Path) -> list[np.ndarray]:
    with videdit.open(path) as project:
        return [picture.to_frame().rgb8.astype(int) for picture in project.reader.pictures()]


def command(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    assert ended.value.code in (0, None)


def test_sepia_by_the_command_in_its_docstring(tmp_path: Path) -> None:
    ramp = np.linspace(60, 160, 64).astype(np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], 48, 0), 3, 2).copy()
    picture[12:36, 16:40] = (20, 20, 230)
    film, aged = tmp_path / "film.mp4", tmp_path / "aged.mp4"
    silence = np.zeros((5760, 2), np.float32)
    write_film(film, [picture] * 3, frames_per_second=25, sound=silence, samples_per_second=48000, quality=4)
    folder = str(EXAMPLES / "plugins")
    command("--plugins-dir", folder, "sepia", str(film), "--click", "28,24", "-o", str(aged), "--quiet")
    before, after = frames_of(film)[1], frames_of(aged)[1]
    red, green, blue = after[16:32, 20:36].mean(axis=(0, 1))
    assert red > green + 5 > blue + 10
    assert np.abs(after[:, 50:] - before[:, 50:]).max() <= 6


def test_the_files_in_plugins_keep_the_contract() -> None:
    plugins = Plugins(installed=False, directories=[EXAMPLES / "plugins"])
    assert [one.error for one in plugins.found] == [""] * len(plugins.found)
    assert [one.line for one in check_plugin(plugins, "sepia") if not one.passed] == []


def test_steady_masks_drops_specks_alone() -> None:
    large = np.zeros((20, 20), dtype=bool)
    large[2:10, 2:10] = True
    speck = np.zeros((20, 20), dtype=bool)
    speck[15, 15:19] = True
    known = {1: large, 2: speck}
    masks = SimpleNamespace(
        object_ids=(1, 2, 3),
        shot=videdit.Shot(0, 5),
        size=(20, 20),
        mask=lambda object_id, index: known.get(object_id),
        union=lambda index: large | speck,
    )
    plugins = Plugins(installed=False, directories=[EXAMPLES / "plugins"])
    changed = plugins.masks_ready(masks.shot, masks)
    assert np.array_equal(changed.mask(1, 0), large)
    assert changed.mask(2, 0) is None
    assert changed.mask(3, 0) is None
    assert np.array_equal(changed.union(0), large)


def test_glow_installs_and_passes_its_own_tests(
    tmp_path: Path, pip_install: Callable[[Path, Path], None], run_tests: Callable[[Path, Path], str]
) -> None:
    package = tmp_path / "videdit-glow"
    shutil.copytree(EXAMPLES / "videdit-glow", package, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    pip_install(package, tmp_path / "site")
    assert "5 passed" in run_tests(package, tmp_path / "site")


def test_remove_ball(tmp_path: Path) -> None:
    script = [sys.executable, str(EXAMPLES / "remove_ball.py"), "--folder", str(tmp_path), "--frames", str(FRAMES)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0].startswith(f"ball: on {FRAMES} frames")
    # What cannot be seen on so few frames is made up; the ball left in gives 18 dB.
    assert float(told[-1].removeprefix("like the film without a ball: ").removesuffix(" dB")) > 28


@pytest.mark.parametrize("pipeline", sorted(path.name for path in (EXAMPLES / "pipelines").glob("*.toml")))
def test_every_pipeline_names_effects_and_options_that_are_there(films: Path, pipeline: str) -> None:
    described = read_description(films / pipeline)
    plugins = Plugins()
    for step in described.effects:
        plugins.check_options(plugins.find("effect", step.effect), step.options)
    assert described.source is not None
    assert described.source.is_file()
    pointed_at = {prompt.object for prompt in described.prompts}
    assert pointed_at >= {one for step in described.effects for one in step.objects}


def test_hide_face(films: Path) -> None:
    command("run", str(films / "hide_face.toml"), "--preset", "veryfast", "--quiet")
    before, after = frames_of(films / "videdit-example" / "face.mp4"), frames_of(films / "face_hidden.mp4")
    assert len(before) == len(after) == FRAMES
    face = FaceFilm().box(0)
    inside = np.s_[round(face.y0) : round(face.y1), round(face.x0) : round(face.x1)]
    assert np.abs(after[0][inside] - before[0][inside]).mean() > 8
    assert np.abs(after[0][:, 400:] - before[0][:, 400:]).mean() < 2


def test_two_effects(films: Path) -> None:
    command("run", str(films / "two_effects.toml"), "--preset", "veryfast", "--quiet")
    before, after = frames_of(films / "videdit-example" / "ball.mp4"), frames_of(films / "two_effects.mp4")
    assert len(after) == FRAMES
    ball, shadow = np.s_[110:150, 100:130], np.s_[297:304, 240:265]
    assert np.abs(after[0][ball] - before[0][ball]).mean() > 25
    assert np.abs(after[0][shadow].mean(axis=(0, 1)) - (0x20, 0x40, 0x80)).max() < 12
    assert np.abs(after[0][:60] - before[0][:60]).mean() < 2
