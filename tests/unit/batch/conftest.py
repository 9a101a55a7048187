"""A small film of three shots, what a batch needs to edit it in any process, and how it is killed."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videdit.batch import BatchRequest
from videdit.media import open_video
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.shot_lists import write_shots
from videdit.shots import Shot

ENGINES = Path(__file__).parent / "plugins_for_tests"
RED = (230, 20, 20)
SIZE = (48, 64)
SHOTS = [Shot(0, 12, "start"), Shot(12, 30), Shot(30, 40)]

# Counts what is written in the work folder and every frame that is done, and ends itself at a count. Files that other
# languages' libraries write are not seen, but the frames are that they are made of.
RUN = """
import os, pickle, signal, sys
from pathlib import Path

work, at = Path(sys.argv[1]), int(sys.argv[2])
seen = 0

def count(*about):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)

def hook(event, arguments):
    if event == "open":
        writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    else:
        writes = event in ("os.rename", "os.remove", "os.mkdir", "sqlite3.connect")
    if writes and str(arguments[0]).startswith(str(work)):
        count()

sys.addaudithook(hook)
from videdit.batch import run_batch

request, plugins = pickle.loads(Path(sys.argv[3]).read_bytes())
run_batch(work, request, plugins, report=count)
"""


def drawn(index: int) -> np.ndarray:
    """A red square that moves right over a ground that is another one in each shot."""
    number = next(number for number, shot in enumerate(SHOTS) if index in shot)
    ramp = np.roll(np.linspace(40, 180, SIZE[1]), 20 * number).astype(np.uint8)
    rgb = np.repeat(np.repeat(ramp[None, :, None], SIZE[0], 0), 3, 2).copy()
    rgb[8:24, 4 + index : 20 + index] = RED
    return rgb


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    sound = np.sin(np.arange(80000) / 20).astype(np.float32)[:, None].repeat(2, 1) * 0.2
    pictures = (drawn(index) for index in range(SHOTS[-1].stop))
    write_film(path, pictures, frames_per_second=25, sound=sound, samples_per_second=48000, quality=4)
    return path


@pytest.fixture(scope="session")
def shot_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shots") / "shots.json"
    write_shots(path, SHOTS)
    return path


@pytest.fixture
def plugins() -> Plugins:
    return Plugins(directories=[ENGINES], only=("executors",), environment=False)


def pipeline_text(effect: str, options: str = "") -> str:
    """A pipeline that points at the square in each shot; in the second in its middle."""
    prompts = "".join(
        f'[[prompts]]\nkind = "click"\nobject = "square"\nat = {at}\nx = {6 + at}\ny = 12\n' for at in (0, 20, 30)
    )
    return f'{prompts}[[effects]]\nname = "{effect}"\noptions = {{ {options} }}\n'


@pytest.fixture
def request_for(film: Path, shot_list: Path, tmp_path: Path) -> Callable[..., BatchRequest]:
    """Return a function that makes the request for an effect."""

    def make(effect: str = "invert", options: str = "", **more: Any) -> BatchRequest:
        pipeline = tmp_path / f"{effect}.toml"
        pipeline.write_text(pipeline_text(effect, options), encoding="utf-8")
        given: dict[str, Any] = {
            "films": (film,), "pipeline": pipeline, "shot_list": shot_list, "executor": "inline", "device": "cpu",
        }  # fmt: skip
        return BatchRequest(**{**given, **more})

    return make


@pytest.fixture
def looking(request_for: Callable[..., BatchRequest]) -> Callable[..., BatchRequest]:
    """Return a function that makes a request that points at nothing: a detector finds what is red."""

    def make(detector: str = "red", marker: Path | None = None, **more: object) -> BatchRequest:
        wanted = request_for(**more)
        assert wanted.pipeline is not None
        options = f'{{ marker = "{marker}" }}' if marker else "{}"
        wanted.pipeline.write_text(
            f'[[detections]]\nfind = "squares"\nobject = "square"\ndetector = "{detector}"\noptions = {options}\n'
            '[[effects]]\nname = "invert"\n',
            encoding="utf-8",
        )
        return wanted

    return make


def pictures(path: Path) -> list[np.ndarray]:
    with open_video(path) as reader:
        return [picture.to_frame().rgb8 for picture in reader.pictures()]


@pytest.fixture
def changed(film: Path) -> Callable[[Path], list[int]]:
    """Return a function that tells which frames look different: inverted, and not only encoded anew."""

    def tell(out: Path) -> list[int]:
        pairs = zip(pictures(film), pictures(out), strict=True)
        return [index for index, (one, other) in enumerate(pairs) if np.abs(one.astype(int) - other).max() > 100]

    return tell


@pytest.fixture
def killed_at(plugins: Plugins, tmp_path: Path) -> Callable[..., bool]:
    """Return a function that runs a batch in a process of its own, which ends itself at a count; whether it did."""

    def start(work: Path, request: BatchRequest, at: int = 0) -> bool:
        told = tmp_path / "request.pickle"
        told.write_bytes(pickle.dumps((request, plugins)))
        command = [sys.executable, "-c", RUN, str(work), str(at), str(told)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode != 0

    return start
