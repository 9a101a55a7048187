"""What is said of a source, and which sources are refused."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from videdit.errors import CannotDecode, CannotOpen, VideoError
from videdit.media import EncodeSettings, open_video, plan_encoding, probe, transcode
from videdit.media.pixel_formats import layout_of, planar_name, with_alpha
from videdit.testing.clips import ClipTruth, make_clip


def test_a_plain_film(tmp_path: Path) -> None:
    video = probe(make_clip(tmp_path / "a.mp4", size=(48, 64), audio=1).path)
    facts = video.as_dict()
    assert json.loads(json.dumps(facts)) == facts
    expected = {
        "height": 48, "width": 64, "frame_count": 12, "duration_seconds": 0.48, "average_rate": "25", "codec": "h264",
        "bit_depth": 8, "chroma": "4:2:0", "rotation": 0, "variable_rate": False, "field_order": "progressive",
    }  # fmt: skip
    assert {key: facts[key] for key in expected} == expected
    assert video.colour.matrix == "bt601"
    assert not video.colour.matrix_tagged
    assert video.remarks == (
        "The colours are not tagged; BT.601 is assumed from the size.",
        "1 sound stream will be copied bit for bit.",
    )


@pytest.mark.parametrize(("height", "matrix"), [(720, "bt709"), (718, "bt601")])
def test_untagged_colours_are_assumed_by_size(tmp_path: Path, height: int, matrix: str) -> None:
    assert probe(make_clip(tmp_path / "a.mp4", frames=1, size=(height, 64)).path).colour.matrix == matrix


@pytest.mark.parametrize(
    ("peculiar", "remark"),
    [
        ({"pts": [0, 1, 2, 5, 6, 9, 10, 11, 12, 13, 14, 15]}, "unequal distances"),
        ({"offset": Fraction(1)}, "begins at 1.000 s"),
        ({"rotation": 270}, "turned by 270 degrees"),
        ({"rotation": 90, "mirrored": True}, "90 degrees and mirrored"),
        ({"sample_aspect": Fraction(4, 3)}, "not square"),
        ({"size": (47, 63), "codec": "ffv1"}, "63x47 is odd"),
        ({"top_first": True, "size": (64, 64)}, "interlaced \\(top first\\)"),
        ({"pix_fmt": "yuv420p10le"}, "10 bits"),
        ({"colour": "pq", "pix_fmt": "yuv420p10le"}, "HDR \\(PQ\\)"),
        ({"codec": "ffv1", "pix_fmt": "bgra"}, "alpha channel"),
    ],
)
def test_each_hazard_has_its_sentence(tmp_path: Path, peculiar: dict[str, Any], remark: str) -> None:
    facts = {"size": (48, 64), **peculiar}
    remarks = probe(make_clip(tmp_path / "a.mkv", **facts).path).remarks
    assert any(re.search(remark, sentence) for sentence in remarks), remarks


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_stand_upright(tmp_path: Path, turn: int, mirrored: bool) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=2, size=(48, 64), rotation=turn, mirrored=mirrored, options={"qp": "2"})
    with open_video(clip.path) as reader:
        assert reader.video.size == (48, 64)
        assert reader.video.orientation.mirrored == mirrored
        for picture in reader.pictures():
            assert np.abs(picture.rgb().astype(int) - clip.pixels[picture.index]).mean() < 6


def test_a_cover_is_no_film(tmp_path: Path) -> None:
    still = make_clip(tmp_path / "still.mkv", frames=1, size=(32, 32), codec="mjpeg", pix_fmt="yuvj420p").path
    for name, with_film in (("song.m4a", False), ("film.mp4", True)):
        with av.open(str(still)) as source, av.open(str(tmp_path / name), "w", format="mp4") as out:
            film = out.add_stream("mpeg4", rate=25) if with_film else None
            cover = out.add_stream_from_template(source.streams.video[0], opaque=True)
            cover.disposition = av.stream.Disposition.attached_pic
            sound = out.add_stream("aac", rate=48000)
            if film is not None:
                film.width, film.height = 64, 48
                out.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((72, 64), np.uint8), "yuv420p")))
                out.mux(film.encode(None))
            piece = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
            piece.sample_rate, piece.pts = 48000, 0
            out.mux([*sound.encode(piece), *sound.encode(None)])
            packet = next(source.demux(video=0))
            packet.stream = cover
            out.mux(packet)
    with pytest.raises(CannotOpen, match="no film but a cover picture"):
        probe(tmp_path / "song.m4a")
    video = probe(tmp_path / "film.mp4")
    assert (video.size, sorted(s.kind for s in video.streams)) == ((48, 64), ["audio", "cover"])
    for out_name in ("again.mp4", "again.mkv"):
        with open_video(tmp_path / "film.mp4") as reader:
            transcode(reader, tmp_path / out_name)
        assert "cover" in [s.kind for s in probe(tmp_path / out_name).streams]


# -- rows of pictures ---------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, ClipTruth]:
    clip = make_clip(tmp_path / "in.mkv", frames=12, size=(32, 48), codec="ffv1", pix_fmt="gbrp16le", deep=True)
    folder = tmp_path / "pictures"
    folder.mkdir()
    with open_video(clip.path) as reader:
        transcode(reader, folder / "f%d.png")
    return folder, clip


def test_a_folder_a_pattern_and_wildcards(pictures: tuple[Path, ClipTruth]) -> None:
    folder, clip = pictures
    (folder / "notes.txt").write_text("not a picture")
    for source in (folder, folder / "f%d.png", folder / "f*.png"):
        with open_video(source, frames_per_second=24) as reader:
            # f10 comes after f9: natural order, 16 bits kept.
            assert reader.video.time_base == Fraction(1, 24)
            read = list(reader.pictures())
        assert [np.array_equal(p.rgb(), clip.pixels[p.index]) for p in read] == [True] * 12
    with open_video(folder) as reader:
        assert np.array_equal(reader.shot_frames(clip.shots[0])[7].rgb, clip.pixels[7])


def test_pictures_that_do_not_fit_together(pictures: tuple[Path, ClipTruth], tmp_path: Path) -> None:
    folder, _ = pictures
    with open_video(make_clip(tmp_path / "wide.mkv", frames=1, size=(32, 50), codec="ffv1").path) as reader:
        transcode(reader, folder / "g%d.png")
    with pytest.raises(CannotOpen, match=r"g0\.png is 50x32"):
        probe(folder)
    (folder / "f5.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(VideoError) as caught:
        list(open_video(folder / "f%d.png").pictures())
    assert "f5.png" in caught.value.where


def test_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="holds no pictures"):
        probe(tmp_path)
    with pytest.raises(CannotOpen, match="no picture matches"):
        probe(tmp_path / "f%05d.png")


# -- broken files -------------------------------------------------------------------------------------------------


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("words")
    with av.open(str(tmp_path / "sound.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        piece = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        piece.sample_rate, piece.pts = 48000, 0
        container.mux([*stream.encode(piece), *stream.encode(None)])
    for name, sentence in (
        ("absent.mp4", "no such file"),
        ("empty.mp4", "empty"),
        ("text.mp4", "no video file"),
        ("sound.m4a", "only audio"),
    ):
        with pytest.raises(CannotOpen, match=sentence) as caught:
            open_video(tmp_path / name)
        assert caught.value.where.endswith(name)
        assert caught.value.next_step


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    facts: dict[str, Any] = {"frames": 40, "size": (48, 64), "gop": 8, "options": {"preset": "medium"}}
    clip = make_clip(tmp_path / "w.mp4", **facts)
    with open_video(clip.path) as reader:
        transcode(reader, tmp_path / "index-first.mp4")
    make_clip(tmp_path / "w.mkv", **facts)
    return {
        "no-index.mp4": clip.path.read_bytes(),
        "index.mp4": (tmp_path / "index-first.mp4").read_bytes(),
        "cut.mkv": (tmp_path / "w.mkv").read_bytes(),
    }


def test_cut_off_files_are_refused_or_salvaged(tmp_path: Path, whole: dict[str, bytes]) -> None:
    for name, data in whole.items():
        (tmp_path / name).write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(CannotOpen, match="cut off before its table"):
        open_video(tmp_path / "no-index.mp4")
    for name in ("index.mp4", "cut.mkv"):
        with pytest.raises(CannotDecode, match="cut off: it promises") as caught:
            open_video(tmp_path / name)
        assert "frame " in caught.value.where
        assert "salvage" in caught.value.next_step
        with open_video(tmp_path / name, salvage=True) as reader:
            assert 5 < reader.frame_count < 40
            assert len(list(reader.pictures())) == reader.frame_count
            assert any("salvage" in remark for remark in reader.video.remarks)
            assert transcode(reader, tmp_path / "saved.mp4").frame_count == reader.frame_count


@pytest.mark.parametrize("name", ["index.mp4", "cut.mkv"])
def test_a_broken_frame_is_named_and_nothing_is_written(tmp_path: Path, whole: dict[str, bytes], name: str) -> None:
    data = bytearray(whole[name])
    draw = np.random.default_rng(1)
    for place in draw.integers(len(data) // 2, len(data) * 3 // 4, 300):
        data[place] = draw.integers(256)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CannotDecode, match="frame") as caught, open_video(tmp_path / name) as reader:
        transcode(reader, tmp_path / "out.mp4")
    assert ", frame " in caught.value.where
    assert not (tmp_path / "out.mp4").exists()


# -- the choice of encoder ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "target", "encoder", "chosen"),
    [
        ("libx264", "yuv420p", "mp4", "libx264", "yuv420p"),
        ("libx264", "yuv420p10le", "mp4", "libx264", "yuv420p10le"),
        ("libx264", "yuv420p", "webm", "libvpx-vp9", "yuv420p"),
        ("libx265", "yuv444p10le", "mkv", "libx265", "yuv444p10le"),
        ("ffv1", "yuv422p10le", "mkv", "ffv1", "yuv422p10le"),
        ("ffv1", "bgr0", "mkv", "ffv1", "bgr0"),
        ("ffv1", "bgr0", "mp4", "libx264rgb", "rgb24"),
        ("ffv1", "gray", "mp4", "libx264", "gray"),
        ("mpeg4", "yuv420p", "mkv", "mpeg4", "yuv420p"),
        ("mjpeg", "yuvj422p", "mov", "mjpeg", "yuvj422p"),
    ],
)
def test_the_codec_family_depth_and_chroma_are_kept(
    tmp_path: Path, codec: str, pix_fmt: str, target: str, encoder: str, chosen: str
) -> None:
    clip = make_clip(tmp_path / "a.mkv", frames=2, size=(72, 96), codec=codec, pix_fmt=pix_fmt)
    plan = plan_encoding(probe(clip.path), EncodeSettings(), out=tmp_path / f"out.{target}")
    layout, kept = layout_of(planar_name(chosen)), layout_of(planar_name(plan.pix_fmt))
    assert (plan.encoder, kept) == (encoder, layout)
    assert not any("cannot keep all" in note for note in plan.notes)


def test_what_an_encoder_loses_is_said(tmp_path: Path) -> None:
    video = probe(make_clip(tmp_path / "a.mkv", frames=2, codec="ffv1", pix_fmt="yuv444p12le").path)
    plan = plan_encoding(video, EncodeSettings(codec="libsvtav1"), out=tmp_path / "out.mkv")
    assert plan.pix_fmt == "yuv420p10le"
    assert any("12 bits become 10" in note and "4:4:4 becomes 4:2:0" in note for note in plan.notes)


def test_hardware_that_is_not_there_is_replaced_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videdit.media.encoders.works", lambda encoder: False)
    video = probe(make_clip(tmp_path / "a.mp4", frames=2).path)
    plan = plan_encoding(video, EncodeSettings(hardware="auto"))
    assert plan.encoder == "libx264"
    assert any("does not work on this machine" in note for note in plan.notes)


def test_formats_have_planar_relatives() -> None:
    expected = {
        "nv12": "yuv420p", "p010le": "yuv420p10le", "yuyv422": "yuv422p", "rgb24": "gbrp", "bgra": "gbrap",
        "rgb48be": "gbrp16le", "gray16be": "gray16le", "pal8": "gbrap", "yuv420p": "yuv420p", "monob": "gray",
    }  # fmt: skip
    assert {name: planar_name(name) for name in expected} == expected
    assert with_alpha("yuv420p12le") == "yuva420p16le"
    assert with_alpha("gray") == "gbrap"
    layout = layout_of("yuv411p")
    assert layout is not None
    assert (layout.chroma, layout.shift_x, layout.shift_y) == ("4:1:1", 2, 0)
