"""A small film of three shots, and what a batch needs to edit it in any process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videdit.batch import BatchRequest
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.shot_lists import write_shots
from videdit.shots import Shot

ENGINES = Path(__file__).parent / "plugins_for_tests"
RED = (230, 20, 20)
SIZE = (48, 64)
SHOTS = [Shot(0, 12, "start"), Shot(12, 30), Shot(30, 40)]


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
