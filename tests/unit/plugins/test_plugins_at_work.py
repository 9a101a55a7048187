"""Plug-ins while a film is made: they follow the work, change masks, and what they are is part of every key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import videdit
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.progress import Progress
from videdit.testing.fakes import FakePlugin, KnownCuts

Write = Callable[[str, str], Path]
FRAMES = 4

DIM = """
    import videdit

    class Dim(videdit.Effect):
        def render(self, window):
            return window.rgb // 2

    @videdit.hookimpl
    def register_effects(register):
        register("dim", Dim)
"""


class Shots:
    @videdit.hookimpl
    def register_shot_detectors(self, register: Any) -> None:
        register("one", lambda options, runtime: KnownCuts())


class Follows:
    def __init__(self) -> None:
        self.seen: list[Progress] = []

    @videdit.hookimpl
    def pipeline_event(self, event: Progress) -> None:
        self.seen.append(event)
        raise RuntimeError("not your concern")


class Nowhere:
    """Masks with nothing in them."""

    def __init__(self, masks: Any) -> None:
        self.object_ids, self.shot, self.size = masks.object_ids, masks.shot, masks.size

    def mask(self, object_id: int, index: int) -> None:
        return None

    def union(self, index: int) -> Any:
        return np.zeros(self.size, dtype=bool)


class Hides:
    @videdit.hookimpl
    def masks_ready(self, masks: Any) -> Any:
        return Nowhere(masks)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = np.full((48, 64, 3), 90, np.uint8)
    picture[12:36, 16:40] = (20, 20, 230)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    silence = np.zeros((48000 * FRAMES // 25, 2), np.float32)
    write_film(path, [picture] * FRAMES, frames_per_second=25, sound=silence, samples_per_second=48000, quality=4)
    return path


def render(film: Path, folder: Path, plugins_folder: Path, **objects: object) -> tuple[int, float]:
    """Return how many chunks were there already, and the mean of the square where it is in the film."""
    known = {"fakes": FakePlugin(), "shots": Shots(), **objects}
    plugins = Plugins(installed=False, directories=[plugins_folder], objects=known)
    out = folder / "out.mp4"
    with videdit.open(film, folder / "project", plugins=plugins) as project:
        if not project.objects.all:
            project.click(28, 24).effect("dim")
        reused = project.save(out).reused
    with videdit.open(out, plugins=plugins) as made:
        (first, *_) = made.reader.pictures()
        return reused, float(first.to_frame().rgb8[16:32, 20:36, 2].mean())


def test_plugins_follow_every_stage(film: Path, tmp_path: Path, write: Write) -> None:
    follows = Follows()
    render(film, tmp_path, write("dim.py", DIM), follows=follows)
    assert {step.stage for step in follows.seen} == {"shots", "track", "render", "join"}
    rendered = [step.done for step in follows.seen if step.stage == "render"]
    assert rendered == list(range(1, FRAMES + 1))  # once each


def test_a_chunk_is_made_again_when_a_plugins_file_changes(film: Path, tmp_path: Path, write: Write) -> None:
    folder = write("dim.py", DIM)
    assert render(film, tmp_path, folder)[0] == 0
    reused, before = render(film, tmp_path, folder)
    assert reused == 1
    write("dim.py", DIM.replace("// 2", "// 10"))
    reused, after = render(film, tmp_path, folder)
    assert reused == 0
    assert after < before / 2


def test_a_chunk_is_made_again_when_masks_are_changed(film: Path, tmp_path: Path, write: Write) -> None:
    folder = write("dim.py", DIM)
    _, dimmed = render(film, tmp_path, folder)
    reused, left_alone = render(film, tmp_path, folder, hides=Hides())
    assert reused == 0
    assert left_alone > dimmed * 1.5
