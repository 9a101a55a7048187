"""Whole batches in this process: what they make, and that nothing is made twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videdit.batch import BatchRequest, Selection, read_request, run_batch, status_of
from videdit.errors import CannotOpen, OptionError, OutsideFrame, ProjectError, VideditError
from videdit.media import EncodeSettings, open_video
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.project import open_project, read_description

Make = Callable[..., BatchRequest]
Changed = Callable[[Path], list[int]]


def pictures(path: Path) -> list[np.ndarray]:
    with open_video(path) as reader:
        return [picture.to_frame().rgb8 for picture in reader.pictures()]


@pytest.mark.parametrize(("chunk", "overlap", "once"), [(500, 50, False), (7, 0, False), (500, 50, True), (8, 3, True)])
def test_a_batch_makes_what_one_run_makes(
    request_for: Make,
    film: Path,
    changed: Changed,
    plugins: Plugins,
    tmp_path: Path,
    chunk: int,
    overlap: int,
    once: bool,
) -> None:
    # Shots in chunks too: the tracker's memory is carried over, so that even the scores, which count steps, are equal.
    # Pointed at but once, the square is looked for in the other shots.
    wanted = request_for(encode={"lossless": True}, chunk_frames=chunk, overlap_frames=overlap)
    assert wanted.pipeline is not None
    if once:
        head, _, tail = wanted.pipeline.read_text().split("[[prompts]]")[1:]
        wanted.pipeline.write_text(f"[[prompts]]{head}[[effects]]{tail.split('[[effects]]')[1]}", encoding="utf-8")
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert made.finished is not None
    assert made.finished.verified.max_shift_seconds == 0
    assert made.finished.verified.audio_streams == 1
    assert changed(made.out) == list(range(40))
    assert wanted.shot_list is not None
    with open_project(film, tmp_path / "single", plugins=plugins) as single:
        single.use(read_description(wanted.pipeline)).take_shots(wanted.shot_list)
        single.save(tmp_path / "single.mp4", settings=EncodeSettings(lossless=True))
        masks = single.track.digest()
    for one, other in zip(pictures(made.out), pictures(tmp_path / "single.mp4"), strict=True):
        assert np.array_equal(one, other)
    with open_project(None, tmp_path / "work" / "film", plugins=plugins) as project:
        assert project.track.digest() == masks
        # The film's folder is a project like any other, and knows its masks for fresh.
        assert project.track_objects().track.digest() == masks


@pytest.mark.parametrize("chunk", [500, 7])
def test_objects_that_stay_are_tracked_for_what_takes_others_away(
    request_for: Make, film: Path, changed: Changed, plugins: Plugins, tmp_path: Path, chunk: int
) -> None:
    wanted = request_for("take-away", encode={"lossless": True}, chunk_frames=chunk, overlap_frames=0)
    assert wanted.pipeline is not None
    # In the first shot are both, in the second what stays alone, in the third the square alone.
    points = [("square", 0, 6, 12), ("ground", 0, 50, 40), ("ground", 20, 50, 40), ("square", 30, 36, 12)]
    prompts = (
        f'[[prompts]]\nkind = "click"\nobject = "{who}"\nat = {at}\nx = {x}\ny = {y}\n' for who, at, x, y in points
    )
    effect = '[[effects]]\nname = "take-away"\nobjects = ["square"]\n'
    wanted.pipeline.write_text("".join(prompts) + "[engines.reidentify]\nenabled = false\n" + effect, encoding="utf-8")
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert changed(made.out) == [*range(12), *range(30, 40)]
    assert wanted.shot_list is not None
    with open_project(film, tmp_path / "single", plugins=plugins) as single:
        single.use(read_description(wanted.pipeline)).take_shots(wanted.shot_list)
        single.save(tmp_path / "single.mp4", settings=EncodeSettings(lossless=True))
    one, other = pictures(made.out), pictures(tmp_path / "single.mp4")
    for index in (*range(12), *range(30, 40)):
        assert np.array_equal(one[index], other[index])
    assert int(one[5][12, 16, 0]) < int(one[35][12, 46, 0]) - 5


def test_nothing_is_done_twice(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (first,) = run_batch(work, request_for(), plugins)
    made = {path: path.stat().st_mtime_ns for path in work.rglob("film.segment")}
    written = first.out.stat().st_mtime_ns
    (second,) = run_batch(work, request_for(), plugins)
    assert (first.reused, second.reused) == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in work.rglob("film.segment")} == made
    assert second.out.stat().st_mtime_ns == written
    assert second.finished == first.finished


def test_a_correction_does_its_shot_anew(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    wanted = request_for()
    run_batch(tmp_path / "work", wanted, plugins)
    assert wanted.pipeline is not None
    wanted.pipeline.write_text(
        wanted.pipeline.read_text().replace("at = 20\nx = 26", "at = 21\nx = 27"), encoding="utf-8"
    )
    (again,) = run_batch(tmp_path / "work", wanted, plugins)
    assert (again.jobs, again.reused) == (3, 2)


def test_a_torn_result_is_made_again(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (first,) = run_batch(work, request_for(), plugins)
    whole = first.out.read_bytes()
    segments = sorted(work.rglob("film.segment"))
    segments[0].write_bytes(segments[0].read_bytes()[:100])
    first.out.unlink()
    (second,) = run_batch(work, request_for(), plugins)
    assert second.reused == 2
    assert second.out.read_bytes() == whole


@pytest.mark.parametrize(
    ("chosen", "frames"),
    [
        (Selection(shots="2"), range(12, 30)),
        (Selection(ranges=("5..15",)), range(5, 15)),  # nobody pointed at anything in 12..15, but it is found there
        (Selection(containing=("square",), shots="1,3"), [*range(12), *range(30, 40)]),
    ],
)
def test_what_is_not_chosen_passes_through(
    request_for: Make, changed: Changed, plugins: Plugins, tmp_path: Path, chosen: Selection, frames: list[int]
) -> None:
    wanted = request_for(selection=chosen)
    if chosen.ranges:
        assert wanted.pipeline is not None
        text = wanted.pipeline.read_text().replace("at = 0\nx = 6", "at = 5\nx = 11")
        wanted.pipeline.write_text(text, encoding="utf-8")
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert changed(made.out) == list(frames)


def test_what_is_drawn_stands_in_every_shot(
    request_for: Make, changed: Changed, plugins: Plugins, tmp_path: Path
) -> None:
    wanted = request_for(chunk_frames=10, overlap_frames=2)
    assert wanted.pipeline is not None
    wanted.pipeline.write_text(
        '[engines]\nstatic = true\n[[prompts]]\nkind = "box"\nobject = "logo"\nat = 3\nx0 = 4\ny0 = 8\nx1 = 60\n'
        'y1 = 24\n[[effects]]\nname = "invert"\n',
        encoding="utf-8",
    )
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert changed(made.out) == list(range(40))
    with open_project(None, tmp_path / "work" / "film", plugins=plugins) as project:
        assert len({project.track.digest(1, index, index + 1) for index in range(40)}) == 40
        assert all(entry.mask.area_px == 56 * 16 for entry in project.track.entries(1))


def test_several_films_and_projects(
    request_for: Make, film: Path, changed: Changed, plugins: Plugins, tmp_path: Path
) -> None:
    wanted = request_for()
    assert wanted.pipeline is not None
    text = wanted.pipeline.read_text()
    wanted.pipeline.write_text(f"[engines]\nreidentify = {{ enabled = false }}\n{text}", encoding="utf-8")
    with open_project(film, tmp_path / "mine", plugins=plugins) as project:
        project.use(read_description(wanted.pipeline)).take_shots(wanted.shot_list)  # type: ignore[arg-type]
        project.drop_object("square").box(0, 0, 64, 48, at=13, object="all")
    films = (film, tmp_path / "mine")
    one, other = run_batch(tmp_path / "work", replace(wanted, films=films, shot_list=None), plugins)
    assert [one.name, other.name] == ["film", "mine"]
    assert (len(changed(one.out)), changed(other.out)) == (40, list(range(12, 30)))


def test_a_broken_film_does_not_keep_the_others_waiting(
    request_for: Make, film: Path, plugins: Plugins, tmp_path: Path
) -> None:
    work, broken, short = tmp_path / "work", tmp_path / "broken.mp4", tmp_path / "short.mp4"
    broken.write_text("hello")
    write_film(short, iter(pictures(film)[:9]), frames_per_second=25, sound=None)  # its prompts lie behind its end
    wanted = request_for(films=(broken, film, short), shot_list=None)
    with pytest.raises(CannotOpen, match=r"broken\.mp4: it is no video file"):
        run_batch(work, wanted, plugins)
    assert not list(work.rglob("result.json"))
    made = run_batch(work, replace(wanted, keep_going=True), plugins)
    assert [one.finished is not None for one in made] == [False, True, False]
    assert [type(one.failed[0]) for one in made if one.failed] == [CannotOpen, OutsideFrame]


def test_a_failure_stops_the_batch_and_retry_mends_it(
    request_for: Make, plugins: Plugins, tmp_path: Path, film: Path, changed: Changed
) -> None:
    work, marker = tmp_path / "work", tmp_path / "marker"
    wanted = request_for("fail-until", f'marker = "{marker}"')
    with pytest.raises(VideditError, match=r"film, shot 2, frames 12\.\.29: .*frame 20: it raised ZeroDivisionError"):
        run_batch(work, wanted, plugins)
    (status,) = status_of(work)
    assert [row.number for row in status.failed] == [2]
    assert "ZeroDivisionError" in status.failed[0].trace
    marker.touch()
    with pytest.raises(VideditError, match="failed in an earlier run"):
        run_batch(work, wanted, plugins)
    (made,) = run_batch(work, read_request(work), plugins, retry=True)
    assert made.finished is not None
    assert status_of(work)[0].states == {"done": 3}
    assert changed(made.out) == list(range(40))


def test_the_rest_goes_on(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    wanted = request_for("fail-until", f'marker = "{tmp_path / "no"}"', keep_going=True)
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert made.finished is None
    assert not made.out.exists()
    assert len(made.failed) == 1
    assert status_of(tmp_path / "work")[0].states == {"done": 2, "failed": 1}


@pytest.mark.parametrize("chunk", [500, 6])
def test_a_shot_that_failed_is_let_through(
    request_for: Make, changed: Changed, plugins: Plugins, tmp_path: Path, chunk: int
) -> None:
    options = f'marker = "{tmp_path / "no"}"'
    wanted = request_for("fail-until", options, pass_failed=True, chunk_frames=chunk, overlap_frames=0)
    for _ in range(2):  # a second run knows the failure, and makes nothing anew
        (made,) = run_batch(tmp_path / "work", wanted, plugins)
        assert made.finished is not None
        failed = range(12, 30) if chunk == 500 else range(18, 24)
        assert changed(made.out) == [index for index in range(40) if index not in failed]
        assert [list(job.frames) for job in made.passed] == [list(failed)]


def test_two_batches_do_not_work_in_one_folder(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    from videdit.project.lock import FolderLock

    (tmp_path / "work").mkdir()
    with FolderLock(tmp_path / "work"), pytest.raises(ProjectError, match="is at work in this folder"):
        run_batch(tmp_path / "work", request_for(), plugins)


def test_what_cannot_be_is_said_before_anything_is_done(
    request_for: Make, film: Path, plugins: Plugins, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    with pytest.raises(OptionError, match="several films do not fit"):
        run_batch(work, request_for(films=(film, film), shot_list=None, output=tmp_path / "x.mp4"), plugins)
    there = tmp_path / "there.mp4"
    there.touch()
    with pytest.raises(OptionError, match="the file exists"):
        run_batch(work, request_for(output=there), plugins)
    with pytest.raises(OptionError, match="overwrite its source"):
        run_batch(work, request_for(output=film, overwrite=True), plugins)
    with pytest.raises(ProjectError, match="no work folder"):
        status_of(tmp_path / "nowhere")
    assert not list(work.rglob("film.segment"))
