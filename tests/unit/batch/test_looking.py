"""What a detector finds is found by jobs, in parallel, once, and makes what one run makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from videdit.batch import BatchRequest, Selection, read_request, run_batch, status_of
from videdit.batch.estimate import estimate
from videdit.batch.opening import opened
from videdit.errors import OptionError, VideditError
from videdit.media import EncodeSettings, open_video
from videdit.plugins import Plugins
from videdit.project import open_project, read_description
from videdit.project.runtimes import runtime_for

Make = Callable[..., BatchRequest]
Changed = Callable[[Path], list[int]]
Killed = Callable[..., bool]


def test_a_batch_makes_what_one_run_makes(looking: Make, film: Path, plugins: Plugins, tmp_path: Path) -> None:
    wanted = looking(encode={"lossless": True})
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert wanted.pipeline is not None
    assert wanted.shot_list is not None
    with open_project(film, tmp_path / "single", plugins=plugins) as single:
        single.use(read_description(wanted.pipeline)).take_shots(wanted.shot_list)
        single.save(tmp_path / "single.mp4", settings=EncodeSettings(lossless=True))
        masks, objects = single.track.digest(), single.objects
    with open_video(made.out) as one, open_video(tmp_path / "single.mp4") as other:
        for mine, theirs in zip(one.pictures(), other.pictures(), strict=True):
            assert (mine.to_frame().rgb8 == theirs.to_frame().rgb8).all()
    with open_project(None, tmp_path / "work" / "film", plugins=plugins) as project:
        assert project.track.digest() == masks
        assert project.objects == objects


def test_shots_are_looked_through_once(looking: Make, changed: Changed, plugins: Plugins, tmp_path: Path) -> None:
    wanted = looking(chunk_frames=15, overlap_frames=2, selection=Selection(shots="2-3"))
    work = tmp_path / "work"
    (made,) = run_batch(work, wanted, plugins)
    assert changed(made.out) == list(range(12, 40))
    with open_project(None, work / "film", plugins=plugins) as project:
        masks = project.track.digest()
        assert {len(project.track.frames(one.object_id)) for one in project.objects}
    (again,) = run_batch(work, replace(wanted, selection=Selection()), plugins)
    # The looks at three shots, two parts of the second, the third; the first is new.
    assert (again.jobs, again.reused) == (7, 6)
    assert changed(again.out) == list(range(40))
    with open_project(None, work / "film", plugins=plugins) as project:
        assert project.track.digest() == masks


@pytest.mark.parametrize("name", ["square", "square 2"])
def test_the_shots_that_hold_what_was_found(
    looking: Make, changed: Changed, plugins: Plugins, tmp_path: Path, name: str
) -> None:
    (made,) = run_batch(tmp_path / "work", looking(selection=Selection(containing=(name,))), plugins)
    assert changed(made.out) == list(range(40) if name == "square" else range(12, 30))
    with pytest.raises(OptionError, match="there is no object 'square 4'"):
        run_batch(tmp_path / "work", looking(selection=Selection(containing=("square 4",))), plugins)


def test_killed_while_it_looks(looking: Make, killed_at: Killed, plugins: Plugins, tmp_path: Path) -> None:
    (alone,) = run_batch(tmp_path / "alone", looking(), plugins)
    wanted, work = looking("red-dies", tmp_path / "died"), tmp_path / "work"
    assert killed_at(work, wanted)
    found = {path: path.stat().st_mtime_ns for path in work.rglob("result.json")}
    assert len(found) == 2
    (made,) = run_batch(work, wanted, plugins)
    assert made.out.read_bytes() == alone.out.read_bytes()
    assert made.reused == len(found)
    assert {path: path.stat().st_mtime_ns for path in found} == found


def test_a_shot_that_cannot_be_looked_through(
    looking: Make, changed: Changed, plugins: Plugins, tmp_path: Path
) -> None:
    wanted, work = looking("red-fails", tmp_path / "marker"), tmp_path / "work"
    with pytest.raises(VideditError, match=r"film, shot 2, frames 12\.\.29: .*frame 22: the detector raised ZeroDiv"):
        run_batch(work, wanted, plugins)
    (going,) = run_batch(work, replace(wanted, keep_going=True), plugins, retry=True)
    assert going.finished is None
    assert len(going.failed) == 1
    assert status_of(work)[0].states == {"done": 4, "failed": 2}
    for _ in range(2):  # a second run knows the failure
        (passed,) = run_batch(work, replace(wanted, pass_failed=True), plugins)
        assert [job.title for job in passed.passed] == ["shot 2, frames 12..29"]
        assert changed(passed.out) == [*range(12), *range(30, 40)]
    (tmp_path / "marker").touch()
    (mended,) = run_batch(work, read_request(work), plugins, retry=True)
    assert changed(mended.out) == list(range(40))
    assert not mended.failed


def test_a_plan_before_anything_is_looked_at(looking: Make, plugins: Plugins, tmp_path: Path) -> None:
    said: list[str] = []
    runtime = runtime_for(plugins, device="cpu", note=said.append)
    with opened(tmp_path / "work", looking(), plugins, runtime) as there:
        (told,) = estimate(there.films, plugins, "cpu")
    assert (told.jobs, told.frames, told.edited_shots, told.unseen_shots) == (6, 40, 3, 3)
    assert told.seconds is not None
    assert told.seconds > 0
    assert not any("found" in sentence for sentence in said)
    assert not list((tmp_path / "work").rglob("result.json"))


def test_who_looked_and_how_long_is_in_the_report(looking: Make, plugins: Plugins, tmp_path: Path) -> None:
    (made,) = run_batch(tmp_path / "work", looking(), plugins)
    text = made.report.read_text(encoding="utf-8")
    assert "<th>Detector</th><td>red, of " in text
    assert "<th>Tracker</th>" not in text  # nothing was tracked
    assert len(re.findall(r"look \d", text)) == 4  # in all, and in each of three shots
    records = [json.loads(path.read_text())["outcome"]["seconds"] for path in made.report.parent.rglob("result.json")]
    assert sum("look" in one for one in records) == 3
