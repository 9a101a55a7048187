"""From a film to a finished film, through a project."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import videdit
from tests.unit.project.conftest import pointed_only
from videdit.errors import BrokenPlugin, Interrupted, OptionError, OutsideFrame, ProjectError
from videdit.media import EncodeSettings, open_video
from videdit.pipeline import render as rendering
from videdit.plugins import Plugins
from videdit.progress import Progress
from videdit.project import Project, open_project, read_description, read_prompts
from videdit.prompts import Box, Click, Moment, Stroke
from videdit.testing.fakes import FakePlugin

LOSSLESS = EncodeSettings(lossless=True)
NO_EDGE = {"feather": "0", "specks": "0", "pinholes": "0"}


def planes_of(path: Path) -> list[list[np.ndarray]]:
    with open_video(path) as reader:
        return [[plane.copy() for plane in picture.planes] for picture in reader.pictures()]


def opened(film: Path, folder: Path | None, plugins: Plugins) -> Project:
    return open_project(film, folder, plugins=plugins)


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "CHUNK_FRAMES", 9)


def test_pixels_outside_the_mask_keep_their_bytes(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    out = tmp_path / "out.mp4"
    with opened(film, None, plugins) as project:
        pointed_only(project).click(8, 12, object="red").effect("invert", masks=NO_EDGE)
        rendered = project.save(out, settings=LOSSLESS)
        masks = [project.track.union(index) for index in range(32)]
    assert "32 frames" in rendered.verified.sentence
    for index, (before, after) in enumerate(zip(planes_of(film), planes_of(out), strict=True)):
        changed = before[0] != after[0]
        assert not (changed & ~masks[index]).any()
        assert changed.any() == (index < 20), "the object was pointed at in the first shot alone"
        for number in (1, 2):
            cells = masks[index].reshape(24, 2, 32, 2).any(axis=(1, 3))
            assert not ((before[number] != after[number]) & ~cells).any()


def test_a_stopped_render_goes_on_and_ends_the_same(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    whole, again = tmp_path / "whole.mp4", tmp_path / "again.mp4"
    with opened(film, None, plugins) as project:
        project.click(8, 12).effect("invert").save(whole)

    def stop(progress: Progress) -> None:
        if progress.stage == "render" and progress.done == 15:
            raise Interrupted("stopped")

    with opened(film, tmp_path / "project", plugins) as project:
        project.click(8, 12).effect("invert")
        with pytest.raises(Interrupted):
            project.save(again, report=stop)
        assert not again.exists()
    with opened(film, tmp_path / "project", plugins) as project:
        rendered = project.save(again)
    assert rendered.reused == 1
    assert digest(whole) == digest(again)


def test_a_correction_renders_only_the_chunks_of_its_shot(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, tmp_path / "project", plugins) as project:
        project.click(8, 12, object="red").click(50, 36, at=22, object="blue").effect("invert", masks=NO_EDGE)
        first = project.save(tmp_path / "one.mp4", settings=LOSSLESS)
        project.click(52, 38, at=25, object="blue", positive=True)
        second = project.save(tmp_path / "two.mp4", settings=LOSSLESS)
    assert first.reused == 0
    assert second.reused == 2, "frames 0..17 lie in the first shot alone"


def test_effects_follow_one_another(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, None, plugins) as project:
        project.click(8, 12, object="red").effect("invert", masks=NO_EDGE).effect("invert", masks=NO_EDGE)
        project.save(tmp_path / "out.mp4", settings=LOSSLESS)
    for before, after in zip(planes_of(film), planes_of(tmp_path / "out.mp4"), strict=True):
        assert np.abs(before[0].astype(int) - after[0]).max() <= 3, "twice inverted is as before, but for rounding"


def test_an_effect_for_one_object(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, None, plugins) as project:
        project.click(8, 12, object="red").click(50, 36, object="blue")
        project.effect("invert", objects=["blue"], masks=NO_EDGE).save(tmp_path / "out.mp4", settings=LOSSLESS)
    before, after = planes_of(film)[3][0], planes_of(tmp_path / "out.mp4")[3][0]
    assert np.array_equal(before[:28], after[:28])
    assert not np.array_equal(before[28:], after[28:])


def test_the_range_leaves_the_rest_alone(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, None, plugins) as project:
        project.click(8, 12, at=6).limit(5, 10).effect("invert").save(tmp_path / "out.mp4", settings=LOSSLESS)
    for index, (before, after) in enumerate(zip(planes_of(film), planes_of(tmp_path / "out.mp4"), strict=True)):
        assert np.array_equal(before[0], after[0]) == (not 5 <= index < 10)


def test_effects_see_nothing_outside_the_range(film: Path, tmp_path: Path, extra: object) -> None:
    seen: list[tuple[int, int]] = []

    class Look(videdit.Effect):
        context = videdit.WHOLE_SHOT

        def start(self, shot: videdit.ShotView) -> None:
            seen.append((shot.shot.start, shot.shot.stop))
            with pytest.raises(IndexError):
                shot.frames[shot.shot.stop]

        def render(self, window: videdit.Window) -> None:
            return None

    class Plugin:
        @videdit.hookimpl
        def register_effects(self, register: Any) -> None:
            register("look", Look)

    plugins = Plugins(installed=False, objects={"fakes": FakePlugin(), "look": Plugin(), "more": extra})
    with opened(film, None, plugins) as project:
        project.click(8, 12, at=6).click(8, 12, at=25).limit(5, 28).effect("look").save(tmp_path / "out.mp4")
    assert seen == [(5, 20), (20, 28)]


def test_an_effect_that_raises_leaves_no_file(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, None, plugins) as project:
        project.click(8, 12).effect("fail")
        with pytest.raises(BrokenPlugin, match="effect fail, frame 12: it raised ZeroDivisionError: oh"):
            project.save(tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["film.mp4", "nothing.mp4"])
def test_what_may_not_be_saved(film: Path, tmp_path: Path, plugins: Plugins, name: str) -> None:
    out = film if name == "film.mp4" else tmp_path / name
    message = "would overwrite its source" if name == "film.mp4" else "nothing was pointed at"
    with opened(film, None, plugins) as project, pytest.raises(OptionError, match=message):
        project.effect("invert").save(out)
    assert not (tmp_path / name).exists()


def test_prompts_outside_are_refused_and_not_kept(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, None, plugins) as project:
        with pytest.raises(OutsideFrame, match="outside the picture of 64x48"):
            project.click(64, 3)
        with pytest.raises(OutsideFrame):
            project.click(3, 3, at=32)
        with pytest.raises(OutsideFrame):
            project.box(0, 0, 65, 10, at="00:00:00.5")
        assert project.description.prompts == ()


def test_a_project_is_taken_up_where_it_was_left(
    film: Path, tmp_path: Path, plugins: Plugins, fakes: FakePlugin
) -> None:
    folder = tmp_path / "project"
    mask = np.zeros((48, 64), bool)
    mask[30:42, 44:56] = True
    with opened(film, folder, plugins) as project:
        project.click(8, 12, object="red").mask(mask, object="blue", at=2).track_objects()
        digest = project.track.digest()
    made = len(fakes.trackers)
    with open_project(None, folder, plugins=plugins) as project:
        assert [one.name for one in project.objects] == ["red", "blue"]
        project.track_objects()
        assert project.track.digest() == digest
    assert len(fakes.trackers) == made


def test_another_film_is_refused(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    opened(film, tmp_path / "project", plugins).close()
    other = tmp_path / "other.mp4"
    other.write_bytes(film.read_bytes() + b"\0" * 64)
    with pytest.raises(ProjectError, match="about another film"):
        opened(other, tmp_path / "project", plugins)
    with pytest.raises(ProjectError, match="this is no project"):
        open_project(None, tmp_path / "nowhere", plugins=plugins)


def test_undo_and_redo(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, tmp_path / "project", plugins) as project:
        project.click(8, 12, object="red")
        project.click(50, 36, object="blue")
        assert project.undo()
        assert [one.name for one in project.objects] == ["red"]
        assert project.redo()
        assert [one.name for one in project.objects] == ["red", "blue"]
        assert not project.redo()


def test_ids_are_never_given_out_again(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, tmp_path / "project", plugins) as project:
        project.click(8, 12, object="red").click(50, 36, object="blue").track_objects()
        kept = project.track.digest(1)
        project.drop_object("blue").rename_object("red", "crimson").click(50, 36, object="new")
        assert {one.name: one.object_id for one in project.objects} == {"crimson": 1, "new": 3}
        project.track_objects()
        assert project.track.object_ids() == [1, 3]
        assert project.track.digest(1) == kept


def test_the_description_round_trips(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with opened(film, tmp_path / "project", plugins) as project:
        project.point(
            Click(8, 12, object="red"),
            Click(30, 40, False, at=Moment(seconds=Moment.parse("0.4s").seconds), object="red"),
            Box(40, 28, 60, 44, at=Moment(frame=3), object="blue"),
            Stroke(((44.0, 30.0), (50.0, 36.5)), 3.5, object="blue"),
        )
        project.limit(2, "1.2s").effect("invert", objects=["red"], masks={"grow": "2"})
        described = project.description
        assert read_description(tmp_path / "project" / "project.toml") == described
        assert read_prompts(tmp_path / "project" / "project.toml") == described.prompts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[prompts]]\nkind = 'click'\nx = 3\n", r"prompts.0.click.y: Field required"),
        ("[[prompts]]\nkind = 'clack'\n", "prompts.0"),
        ("nonsense = 1\n", "nonsense: Extra inputs"),
        ("[[prompts]\n", "cannot be understood"),
        ("[[prompts]]\nkind = 'click'\nx = 3\ny = 4\nat = 'soon'\n", "no moment"),
    ],
)
def test_files_that_do_not_say_what_they_must(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text(text)
    with pytest.raises(OptionError, match=message) as caught:
        read_prompts(file)
    assert str(file) in str(caught.value)


def test_shots_are_found_once_and_may_be_edited(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    seen: list[Any] = []
    with opened(film, tmp_path / "project", plugins) as project:
        shots = project.shots(report=seen.append)
        assert [(shot.start, shot.stop) for shot in shots] == [(0, 20), (20, 32)]
        count = len(seen)
        assert project.shots(report=seen.append) == shots
        assert len(seen) == count
        with pytest.raises(OptionError, match="the shots end at frame 20, but the film has 32 frames"):
            project.set_shots(shots[:1])


def test_an_object_is_recognised_after_the_cut_unless_that_is_switched_off(
    film: Path, tmp_path: Path, plugins: Plugins
) -> None:
    with opened(film, tmp_path / "project", plugins) as project:
        project.click(8, 12, object="red").track_objects()
        later = list(project.track.entries(1, 20, 32))
        assert [entry.origin for entry in later] == ["reidentified"] * 12
        assert all(entry.mask.area_px > 200 for entry in later)
        pointed_only(project)
    with opened(film, tmp_path / "project", plugins) as again:
        assert again.description.engines.reidentify == {"enabled": False}
        again.track_objects()
        assert again.track.frames(1) == list(range(20))
