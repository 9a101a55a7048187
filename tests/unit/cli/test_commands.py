"""The commands at work on a small film."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from videdit.cli.pick_window import Picking
from videdit.cli.prompt_flags import read_flags
from videdit.media import open_video
from videdit.prompts import Box, Click, Moment
from videdit.testing.clips import ClipTruth, make_clip

Run = Callable[..., Any]
CLICK = ("--click", "thing=40,30@2")


def test_effects_keep_frames_times_and_sound(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    for effect, extra in (("blur", ()), ("remove", ()), ("background", ("--behind", "#00ff00", "--edge", "hard"))):
        out = tmp_path / f"{effect}.mp4"
        ran = videdit(effect, clip.path, *CLICK, *extra, "-o", out)
        assert ran.code == 0, ran.err
        assert "verified: 10 frames, timestamps identical, 1 audio stream copied bit for bit" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["background.mp4", "blur.mp4", "remove.mp4"]


def test_a_result_for_machines(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    ran = videdit("blur", clip.path, *CLICK, "-o", tmp_path / "out.mp4", "--json", "-q")
    told = json.loads(ran.out)
    assert told["output"] == str(tmp_path / "out.mp4")
    assert told["verified"]["frame_count"] == 10
    assert [one["name"] for one in told["objects"]] == ["thing"]


def test_a_result_without_a_name_lies_beside_its_source(videdit: Run, tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mkv", frames=4).path
    assert videdit("blur", film, *CLICK).code == 0
    assert (tmp_path / "film.blur.mkv").is_file()


def test_an_alpha_channel(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    out = tmp_path / "cut.mov"
    ran = videdit("background", clip.path, *CLICK, "--behind", "transparent", "--edge", "hard", "-o", out)
    assert ran.code == 0, ran.err
    with open_video(out) as reader:
        matte = next(iter(reader.pictures(2, 3))).matte()
    assert matte[30, 40] == 1
    assert matte[5, 90] == 0
    ran = videdit("background", clip.path, *CLICK, "--behind", "transparent", "-o", tmp_path / "cut.mp4")
    assert ran.code == 3
    assert ".mov" in ran.err


def test_track_then_work_from_the_project(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    project = tmp_path / "project"
    ran = videdit("track", clip.path, *CLICK, "--box", "other=60,5,80,20", "--project", project)
    assert ran.code == 0, ran.err
    assert "thing: 10 frames" in ran.out
    assert videdit("objects", "rename", project, "other", "corner").code == 0
    rows = json.loads(videdit("objects", "list", project, "--json").out)
    assert {row["name"]: row["frames"] for row in rows} == {"thing": 10, "corner": 10}
    assert sorted(row["id"] for row in rows) == [1, 2]
    ran = videdit("blur", project, "--object", "corner", "--style", "solid", "-o", tmp_path / "out.mp4")
    assert ran.code == 0, ran.err
    assert videdit("render", project, "-o", tmp_path / "again.mp4").code == 0
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()
    assert videdit("objects", "drop", project, "thing").code == 0
    assert len(json.loads(videdit("objects", "list", project, "--json").out)) == 1
    assert videdit("objects", "review", project, "--json").code == 0


@pytest.mark.parametrize(("kind", "name"), [("palette", "masks"), ("png", "masks"), ("coco", "masks.json")])
def test_masks_go_out_and_come_in(videdit: Run, clip: ClipTruth, tmp_path: Path, kind: str, name: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    videdit("track", clip.path, *CLICK, "--project", first)
    assert videdit("masks", "export", first, tmp_path / name, "-f", kind).code == 0
    ran = videdit("masks", "import", second, tmp_path / name, "-f", kind, "--film", clip.path)
    assert ran.code == 0, ran.err
    assert ran.out.strip() == "10 masks"
    assert json.loads(videdit("objects", "list", second, "--json").out)[0]["frames"] == 10
    ran = videdit("blur", second, "-o", tmp_path / "out.mp4")
    assert ran.code == 0, ran.err


def test_a_pipeline_file(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    pipeline = tmp_path / "pipeline.toml"
    pipeline.write_text(
        f"source = {str(clip.path)!r}\noutput = 'out.mp4'\n"
        "[[prompts]]\nkind = 'click'\nobject = 'thing'\nx = 40\ny = 30\n"
        "[[effects]]\nname = 'blur'\nobjects = ['thing']\noptions = { style = 'solid', colour = '#ff0000' }\n"
        "masks = { grow = '0', feather = '0' }\n"
    )
    ran = videdit("run", pipeline)
    assert ran.code == 0, ran.err
    with open_video(tmp_path / "out.mp4") as reader:
        red = next(iter(reader.pictures(0, 1))).rgb()[30, 40]
    assert red[0] > 200
    assert red[1] < 60


def test_a_still_before_anything_is_tracked(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    ran = videdit("remove", clip.path, *CLICK, "--preview", tmp_path / "still.png")
    assert ran.code == 0, ran.err
    assert "thing, frame 2" in ran.err
    still = cv2.imread(str(tmp_path / "still.png"))
    assert still.shape[0] > 72
    assert still.shape[1] > 96
    assert sorted(path.name for path in tmp_path.iterdir()) == ["still.png"]


def test_probe_shots_and_the_rest_speak_json(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    assert json.loads(videdit("probe", clip.path, "--json").out)["frame_count"] == 10
    assert "10" in videdit("probe", clip.path).out
    rows = json.loads(videdit("shots", clip.path, "--json", "-q", "-o", tmp_path / "shots.json").out)
    assert [(row["start"], row["stop"]) for row in rows] == [(0, 10)]
    ran = videdit("blur", clip.path, *CLICK, "--shots", tmp_path / "shots.json", "-o", tmp_path / "out.mp4")
    assert ran.code == 0, ran.err
    names = {offer["name"] for one in json.loads(videdit("plugins", "--json").out) for offer in one["offers"]}
    assert {"builtin", "remove", "blur", "background", "auto"} <= names
    assert any(row["id"] == "xmem" for row in json.loads(videdit("checkpoints", "list", "--json").out))
    assert "XMem" in videdit("checkpoints", "path", "xmem").out
    assert videdit("--version").out.strip() == "0.1.0"


def test_ctrl_c_leaves_no_half_file_and_the_next_run_goes_on(clip: ClipTruth, tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", frames=120).path
    fakes = str(Path(__file__).parent / "plugins_for_tests")
    out = tmp_path / "out.mp4"
    flags = ["blur", str(film), "--click", "40,30", "-o", str(out), "--preset", "veryslow"]
    command = [sys.executable, "-m", "videdit", "--plugins-dir", fakes, *flags]
    wide = {**os.environ, "COLUMNS": "200"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=wide) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("rendering"):
                break
        running.send_signal(signal.SIGINT)
        told = running.stderr.read()
        assert running.wait(60) == 130, told
    assert "run the same command again" in told
    assert not out.exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "going on with an earlier run" in done.stderr
    assert "tracking" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4"]


def test_flags_become_prompts() -> None:
    prompts = read_flags(clicks=["dog=3,4@12", "5.5,6"], not_clicks=["dog=7,8@2.5s"], boxes=["1,2,3,4@00:00:02.5"])
    assert prompts == [
        Box(1, 2, 3, 4, at=Moment.parse("2.5s")),
        Click(3, 4, at=Moment(frame=12), object="dog"),
        Click(5.5, 6),
        Click(7, 8, False, at=Moment.parse("2.5s"), object="dog"),
    ]


def test_what_is_picked_reads_back_as_flags() -> None:
    picking = Picking(Moment(frame=12), scale=0.5)
    picking.press(100, 80)
    assert picking.release(101, 81)
    picking.press(10, 10)
    assert picking.release(110, 60)
    assert picking.exclude(30, 30)
    picking.name = "two words"
    assert picking.exclude(40, 40)
    picking.undo()
    assert picking.flags() == "--click 200,160@12 --box 20,20,220,120@12 --not 60,60@12"
    assert not Picking(Moment(frame=0)).undo()


def test_the_window_of_pick_is_free_of_pyav() -> None:
    code = "import sys, videdit.cli.pick_window; assert 'av' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pick_without_a_display(videdit: Run, clip: ClipTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    ran = videdit("pick", clip.path)
    assert ran.code == 2
    assert "--preview" in ran.err


def test_a_terminal_shows_bars(clip: ClipTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    from videdit.cli import console
    from videdit.progress import Progress

    shown = console._Shown()
    with shown:
        shown.show(Progress("track", 1, 4))
        time.sleep(0.01)
        shown.show(Progress("track", 4, 4))
    assert shown._bars.finished


def test_correct_tracks_again_what_it_concerns(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert videdit("track", clip.path, *CLICK, "--box", "other=60,5,80,20", "--project", project).code == 0
    assert videdit("masks", "export", project, tmp_path / "a.json", "--format", "scores").code == 0
    rows = json.loads((tmp_path / "a.json").read_text())
    ran = videdit("correct", project, "--object", "thing", "--click", "42,31@6", "--json", "-q")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert {one["name"] for one in told["objects"]} == {"thing", "other"}
    assert 0 < told["tracked_frames"] < 12
    assert videdit("masks", "export", project, tmp_path / "b.json", "--format", "scores").code == 0
    after = json.loads((tmp_path / "b.json").read_text())
    origin = {(row["object"], row["frame"]): row["origin"] for row in after}
    assert origin["thing", 6] == "corrected"
    assert [row for row in after if row["object"] == "other"] == [row for row in rows if row["object"] == "other"]
    ran = videdit("correct", project, "--object", "other", "--confirm", "@4", "--later")
    assert ran.code == 0, ran.err
    assert "written down" in ran.err
    assert "prompts/" in (project / "project.toml").read_text()


def test_correct_says_what_it_misses(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert videdit("track", clip.path, *CLICK, "--box", "other=60,5,80,20", "--project", project).code == 0
    for arguments, words in (
        ((clip.path, "--click", "3,3@4"), "only a project has masks"),
        ((project,), "there is no correction"),
        ((project, "--click", "3,3@4"), "which object is meant"),
        ((project, "--object", "cat", "--click", "3,3@4"), "there is no object 'cat'"),
    ):
        ran = videdit("correct", *arguments)
        assert ran.code == 2
        assert words in ran.err


def test_the_summary_has_a_line_for_each_shot_up_to_a_point() -> None:
    from videdit.cli.finishing import MOST_SHOTS, _of_effect

    one = {"pixels_made_up": 3, "check": "31.4 dB"}
    figures = {"pixels_made_up": 30, "shots": {f"{10 * n}-{10 * n + 9}": one for n in range(MOST_SHOTS + 2)}}
    lines = _of_effect("remove", figures)
    assert lines[0] == "remove: pixels made up 30"
    assert lines[1] == "remove, frames 0-9: pixels made up 3, check 31.4 dB"
    assert len(lines) == MOST_SHOTS + 2
    assert lines[-1] == "remove: 2 more shots (--json tells of all)"
    assert _of_effect("blur", {}) == []


def test_static_masks_hold_on_every_frame_of_the_range(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    project = tmp_path / "project"
    arguments = ("--box", "mark=4,4,20,12@7", "--static", "--range", "2..9", "--project", project)
    ran = videdit("track", clip.path, *arguments)
    assert ran.code == 0, ran.err
    assert "mark: 7 frames" in ran.out
    # Static stays until it is taken back.
    assert "mark: 7 frames" in videdit("track", project).out
    ran = videdit("track", clip.path, "--click", "5,5", "--static", "--project", tmp_path / "other")
    assert ran.code == 2
    assert "draws no area" in ran.err
