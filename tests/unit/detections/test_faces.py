"""Faces: the detector on a photograph, the command, and what a film keeps that is lost elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

import videdit
from videdit.cli.app import run
from videdit.example.face import FaceFilm
from videdit.media import open_video
from videdit.media.fabricating import Peculiarities, fabricate
from videdit.plugins import Plugins
from videdit.project.runtimes import runtime_for

FILM = FaceFilm(7)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face in a film with uneven times, an odd size for other programs, colour tags, and two streams of sound."""
    path = tmp_path_factory.mktemp("film") / "face.mkv"
    pictures = [np.ascontiguousarray(FILM.draw(index)[:358, :638]) for index in range(7)]
    times = [0, 40, 80, 200, 240, 280, 330]
    fabricate(path, pictures, Peculiarities(pts=times, colour="bt709", audio=2, codec="libx264", options={"crf": "12"}))
    return path


def command(*arguments: object) -> int:
    try:
        run([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_face_of_the_photograph_is_found() -> None:
    plugins = Plugins()
    offer, _ = plugins.choose_detector("faces", runtime_for(plugins, device="cpu"))
    detector = plugins.create("detector", offer.name, {}, runtime_for(plugins, device="cpu"))
    found = detector.detect(videdit.ArrayFrames([FILM.draw(0)])[0])
    best, box = found[0], FILM.box(0)
    assert best.score > 0.7
    assert best.label == "face"
    assert abs((best.x0 + best.x1) / 2 - (box.x0 + box.x1) / 2) < 15
    assert abs((best.y0 + best.y1) / 2 - (box.y0 + box.y1) / 2) < 20
    eyes = best.points[:2]
    assert len(best.points) == 5
    assert eyes[0][0] < eyes[1][0]


def test_the_face_is_found_in_the_dark() -> None:
    plugins = Plugins()
    detector = plugins.create("detector", "centerface", {}, runtime_for(plugins, device="cpu"))
    noise = np.random.default_rng(3).normal(0, 26, FILM.draw(0).shape)
    dark = np.clip(np.rint(0.25 * FILM.draw(0) + noise), 0, 255).astype(np.uint8)
    best, box = detector.detect(videdit.ArrayFrames([dark])[0])[0], FILM.box(0)
    assert best.score > 0.7
    assert abs((best.x0 + best.x1) / 2 - (box.x0 + box.x1) / 2) < 15


def test_everything_else_of_the_film_stays(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    assert command("faces", film, "-o", out, "--style", "solid", "-q") == 0
    with open_video(film) as before, open_video(out) as after:
        assert after.timestamps == before.timestamps
        assert after.video.size == before.video.size
        assert after.video.colour.tags == before.video.colour.tags
        for index, picture in enumerate(after.pictures()):
            box = FILM.box(index)
            y, x = round((box.y0 + box.y1) / 2), round((box.x0 + box.x1) / 2)
            assert picture.rgb()[y - 20 : y + 20, x - 20 : x + 20].max() < 20
    with av.open(str(film)) as before, av.open(str(out)) as after:
        assert len(after.streams.audio) == 2
        for number in (0, 1):
            packets = [
                [bytes(packet) for packet in one.demux(one.streams.audio[number]) if packet.size]
                for one in (before, after)
            ]
            assert packets[0] == packets[1]


def test_look_edit_and_render_again(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boxes, sheet = tmp_path / "boxes.json", tmp_path / "people.png"
    assert command("faces", film, "--people", sheet, "--boxes-out", boxes, "-q") == 0
    assert sheet.stat().st_size > 1000
    rows = json.loads(boxes.read_text())["boxes"]
    assert {row["frame"] for row in rows if row["id"] == 1} == set(range(7))
    assert command("faces", film, "--boxes", boxes, "--except", "1", "-o", tmp_path / "open.mkv", "-q") == 0
    with open_video(film) as before, open_video(tmp_path / "open.mkv") as after:
        shown = zip(before.pictures(), after.pictures(), strict=True)
        assert max(np.abs(a.rgb().astype(int) - b.rgb()).mean() for a, b in shown) < 3
    capsys.readouterr()
    assert command("faces", film, "--boxes", boxes, "--only", "9", "-o", tmp_path / "x.mkv", "-q") == 2
    assert "there is no face 9" in capsys.readouterr().err


def test_strict_makes_the_film_and_says_what_is_doubtful(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tmp_path / "boxes.json"
    assert command("faces", film, "--people", tmp_path / "p.png", "--boxes-out", boxes, "-q") == 0
    told = json.loads(boxes.read_text())
    told["boxes"] = [row for row in told["boxes"] if row["id"] == 1]
    told["boxes"][-1] |= {"source": "filled", "doubt": "lost"}
    boxes.write_text(json.dumps(told))
    out = tmp_path / "out.mkv"
    assert command("faces", film, "--boxes", boxes, "--strict", "-o", out, "-q") == 9
    assert out.exists()
    assert "face 1, frames 6: lost from sight" in capsys.readouterr().err
    assert command("faces", film, "--boxes", boxes, "--on-lost", "stop", "-o", tmp_path / "no.mkv", "-q") == 9
    assert not (tmp_path / "no.mkv").exists()


def test_blur_finds_faces_too(film: Path, tmp_path: Path) -> None:
    project = tmp_path / "p"
    assert command("track", film, "--faces", "-p", project, "-q") == 0
    assert command("blur", project, "-o", tmp_path / "out.mkv", "--style", "solid", "-q") == 0
    with open_video(tmp_path / "out.mkv") as after:
        (picture,) = after.pictures(0, 1)
        box = FILM.box(0)
        assert picture.rgb()[round((box.y0 + box.y1) / 2), round((box.x0 + box.x1) / 2)].max() < 20


def test_blur_takes_the_shape_of_what_is_found(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    areas = []
    for shape in ("ellipse", "box"):
        project = tmp_path / shape
        assert command("track", film, "--faces", "--shape", shape, "-p", project, "-q") == 0
        with videdit.open(project) as opened:
            areas.append(opened.track.union(0).sum())
    assert areas[0] / areas[1] == pytest.approx(np.pi / 4, rel=0.02)
    assert command("track", film, "--click", "20,20", "--shape", "box", "-p", tmp_path / "no", "-q") == 2
    assert "--faces" in capsys.readouterr().err
    assert command("track", film, "--faces", "--shape", "round", "-p", tmp_path / "no", "-q") == 2
    assert "shape" in capsys.readouterr().err
