"""A small film on disk and plug-ins that go by colour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import videdit
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.project import Project
from videdit.testing.fakes import FakePlugin, KnownCuts

RED, BLUE = (230, 20, 20), (20, 20, 230)
SIZE = (48, 64)


def drawn(index: int) -> np.ndarray:
    """A red square that moves right, a blue one that stands, over a grey ramp; another ground from frame 20 on."""
    ramp = np.linspace(60, 160, SIZE[1]).astype(np.uint8)
    rgb = np.repeat(np.repeat(ramp[None, :, None], SIZE[0], 0), 3, 2).copy()
    if index >= 20:
        rgb = 255 - rgb
    rgb[8:24, 4 + index % 20 : 20 + index % 20] = RED
    rgb[30:42, 44:56] = BLUE
    return rgb


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    sound = np.sin(np.arange(64000) / 20).astype(np.float32)[:, None].repeat(2, 1) * 0.2
    write_film(
        path, (drawn(index) for index in range(32)), frames_per_second=25, sound=sound, samples_per_second=48000,
        quality=4,
    )  # fmt: skip
    return path


class Invert(videdit.Effect):
    def render(self, window: videdit.Window) -> Any:
        return (65535 if window.rgb.dtype == np.uint16 else 255) - window.rgb


class Fail(videdit.Effect):
    def render(self, window: videdit.Window) -> Any:
        if window.index >= 12:
            raise ZeroDivisionError("oh")
        return window.rgb


class Extra:
    @videdit.hookimpl
    def register_effects(self, register: Any) -> None:
        register("invert", Invert)
        register("fail", Fail)

    @videdit.hookimpl
    def register_shot_detectors(self, register: Any) -> None:
        register("cut-at-20", lambda options, runtime: KnownCuts(20), rank=10_000)


@pytest.fixture
def fakes() -> FakePlugin:
    return FakePlugin()


@pytest.fixture
def plugins(fakes: FakePlugin) -> Plugins:
    return Plugins(installed=False, objects={"fakes": fakes, "extra": Extra()})


@pytest.fixture
def extra() -> object:
    return Extra()


def pointed_only(project: Project) -> Project:
    """Return the project with nothing looked for where nobody pointed."""
    known = project.description
    return project.decide(replace(known, engines=replace(known.engines, reidentify={"enabled": False})))
