"""The finished film: every frame, time, sound packet and tag of its source."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.media.conftest import UNEQUAL, render
from videdit.frames import Region
from videdit.media import (
    EncodeSettings,
    Picture,
    open_video,
    probe,
    transcode,
)  # fmt: skip
from videdit.media.joining import decode_times
from videdit.media.subtitles import words_of
from videdit.testing.clips import make_clip


def sound_of(path: Path) -> list[list[tuple[bytes, float]]]:
    with av.open(str(path)) as container:
        found: dict[int, list[tuple[bytes, float]]] = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux(container.streams.audio):
            if packet.size:
                assert packet.pts is not None
                found[packet.stream.index].append((bytes(packet), float(packet.pts * packet.time_base)))
    return list(found.values())


TIMES: dict[str, dict[str, Any]] = {
    "equal": {},
    "unequal": {"pts": UNEQUAL, "time_base": Fraction(1, 1000)},
    "late": {"offset": Fraction(12, 25)},
    "ntsc": {"rate": Fraction(30000, 1001)},
}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("source", [".mp4", ".mkv"])
@pytest.mark.parametrize("target", [".mp4", ".mkv"])
def test_times_and_sound_come_out_as_they_went_in(tmp_path: Path, times: str, source: str, target: str) -> None:
    clip = make_clip(
        tmp_path / f"in{source}", size=(48, 64), audio=2, b_frames=3, options={"preset": "medium"}, **TIMES[times]
    )
    out = tmp_path / f"out{target}"
    with open_video(clip.path) as reader:
        verified = render(reader, out, EncodeSettings(quality=30))
    before, after = probe(clip.path), probe(out)
    assert after.frame_count == 12
    shift = _shift(before, after)
    exact = (before.time_base / after.time_base).denominator == 1
    assert shift == 0 if exact else shift <= after.time_base
    theirs, ours = sound_of(clip.path), sound_of(out)
    assert [[data for data, _ in track] for track in ours] == [[data for data, _ in track] for track in theirs]
    start, began = before.first_pts * before.time_base, after.first_pts * after.time_base
    for a, b in zip(theirs, ours, strict=True):
        assert max(abs(x - float(start) - y + float(began)) for (_, x), (_, y) in zip(a, b, strict=True)) < 0.0021
    assert "2 audio streams copied bit for bit" in verified.sentence
    assert ("timestamps identical" in verified.sentence) == (verified.max_shift_seconds == 0)
    assert json.dumps(verified.as_dict())


def _shift(before: Any, after: Any) -> Fraction:
    pairs = zip(before.timestamps, after.timestamps, strict=True)
    return max(
        abs((a - before.first_pts) * before.time_base - (b - after.first_pts) * after.time_base) for a, b in pairs
    )


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("libx264", "yuv420p"), ("libx264", "yuv444p"), ("libx264", "yuv420p10le"), ("libx264", "yuv422p10le"),
        ("ffv1", "yuv420p"), ("ffv1", "yuv444p10le"), ("ffv1", "yuv422p"), ("ffv1", "bgr0"), ("libx265", "yuv420p10le"),
    ],
)  # fmt: skip
def test_without_loss_only_what_has_alpha_changes(tmp_path: Path, rotation: int, codec: str, pix_fmt: str) -> None:
    deep = pix_fmt.endswith("le")
    clip = make_clip(
        tmp_path / "in.mkv", frames=7, size=(66, 70), codec=codec, pix_fmt=pix_fmt, deep=deep, rotation=rotation,
        colour="bt709" if pix_fmt != "bgr0" else "",
    )  # fmt: skip
    regions = {index: Region(3 + index, 5, 20 + index, 18) for index in (0, 2, 3, 6)}
    expected: dict[int, list[Any]] = {}

    def change(picture: Picture) -> None:
        if picture.index in regions:
            region = regions[picture.index]
            rgb = np.full((region.height, region.width, 3), (220, 40, 90), np.uint8)
            picture.lay(region, rgb, np.full((region.height, region.width), 0.8, np.float32))
        expected[picture.index] = [plane.copy() for plane in picture.planes]

    with open_video(clip.path) as reader:
        render(reader, tmp_path / "out.mkv", EncodeSettings(preset="ultrafast", lossless=True), length=3, change=change)
        made = open_video(tmp_path / "out.mkv")
        assert (made.video.rotation, made.video.size) == (rotation, (66, 70))
        assert made.video.colour == reader.video.colour
        for old, new in zip(reader.pictures(), made.pictures(), strict=True):
            assert old.pix_fmt == new.pix_fmt
            for a, b in zip(expected[new.index], new.planes, strict=True):
                assert np.array_equal(a, b)
            if new.index not in regions:
                assert all(np.array_equal(a, b) for a, b in zip(old.planes, new.planes, strict=True))


def test_everything_beside_the_picture_survives(tmp_path: Path) -> None:
    facts: dict[str, Any] = {
        "size": (48, 64), "rotation": 90, "sample_aspect": Fraction(4, 3), "colour": "bt709", "audio": 2,
        "subtitles": [(0.08, 0.2, "first"), (0.24, 0.4, "second")],
        "chapters": [(0, 0.2, "one"), (0.2, 0.48, "two")], "metadata": {"title": "A film"},
    }  # fmt: skip
    make_clip(tmp_path / "in.mkv", attachments=[("note.txt", "text/plain", b"kept")], **facts)
    make_clip(tmp_path / "in.mp4", stream_metadata={"timecode": "01:00:00:00"}, **facts)
    for source, target in (("in.mkv", "a.mkv"), ("in.mkv", "b.mp4"), ("in.mp4", "c.mp4"), ("in.mp4", "d.mkv")):
        with open_video(tmp_path / source) as reader:
            verified = render(reader, tmp_path / target)
            before, after = reader.video, probe(tmp_path / target)
        assert (after.rotation, after.sample_aspect, after.size) == (90, Fraction(4, 3), (48, 64))
        assert after.colour.tags == before.colour.tags
        assert [c.title for c in after.chapters] == ["one", "two"]
        assert after.metadata["title"] == "A film"
        assert [s.language for s in after.streams if s.kind == "audio"] == ["eng", "fra"]
        assert _words(tmp_path / target) == ["first", "second"]
        if target == "a.mkv":
            assert [(a.name, a.size_bytes) for a in after.attachments] == [("note.txt", 4)]
        if target == "b.mp4":
            assert any("note.txt" in note for note in verified.notes)
            assert any("converted from subrip to mov_text" in note for note in verified.notes)
        if source == "in.mp4":
            assert after.timecode == "01:00:00:00"


def _words(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        return [words for data in packets if (words := words_of(stream.codec_context.name, data))]


def test_hdr10_side_data_is_written_again(tmp_path: Path) -> None:
    master = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    options = {"x265-params": f"log-level=none:hdr10=1:master-display={master}:max-cll=1000,400"}
    clip = make_clip(
        tmp_path / "in.mkv", codec="libx265", pix_fmt="yuv420p10le", deep=True, colour="pq", options=options
    )
    with open_video(clip.path) as reader:
        render(reader, tmp_path / "out.mp4")
        assert reader.video.hdr is not None
        assert reader.video.hdr.mastering_text == master
        after = probe(tmp_path / "out.mp4")
    assert (after.hdr, after.colour.tags, after.bit_depth) == (reader.video.hdr, reader.video.colour.tags, 10)
    assert any("HDR" in remark for remark in reader.video.remarks)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mov", "prores_ks", "yuva444p10le"), ("a.webm", "libvpx-vp9", "yuva420p"), ("a.mkv", "ffv1", "bgra")],
)
def test_an_alpha_channel_is_kept_and_read_back(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    options = {"auto-alt-ref": "0"} if "vp9" in codec else {}
    clip = make_clip(tmp_path / name, size=(48, 64), codec=codec, pix_fmt=pix_fmt, alpha=True, options=options)
    with open_video(clip.path) as reader:
        assert reader.video.has_alpha
        render(reader, tmp_path / f"out{name}", alpha=True)
    with open_video(tmp_path / f"out{name}") as made:
        for picture in made.pictures():
            truth = clip.masks[picture.index]
            assert ((picture.matte() > 0.5) == truth).mean() > 0.97


@pytest.mark.parametrize("suffix", [".mov", ".webm", ".mkv"])
def test_a_film_without_alpha_gets_one(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=4, size=(48, 64))
    matte = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    with open_video(clip.path) as reader:
        out = tmp_path / f"out{suffix}"
        render(reader, out, alpha=True, length=2, change=lambda p: p.lay_matte(Region(0, 0, 64, 48), matte))
    with open_video(out) as made:
        for picture in made.pictures():
            assert np.abs(picture.matte() - matte).max() < 0.08


@pytest.mark.parametrize(("codec", "size"), [("libx264", (67, 85)), ("libx265", (67, 85)), ("libvpx-vp9", (67, 85))])
def test_odd_sizes_are_kept(tmp_path: Path, codec: str, size: tuple[int, int]) -> None:
    fine = codec != "libvpx-vp9"
    clip = make_clip(tmp_path / "in.mkv", frames=4, size=size, codec=codec, pix_fmt="yuv444p" if fine else "yuv420p")
    make_clip(tmp_path / "odd.mkv", frames=4, size=size, codec="ffv1")
    for source in (clip.path, tmp_path / "odd.mkv"):
        with open_video(source) as reader:
            render(
                reader,
                tmp_path / "out.mp4",
                EncodeSettings(codec="hevc" if codec == "libx265" else "auto", preset="ultrafast"),
            )
        assert probe(tmp_path / "out.mp4").size == size


def test_interlaced_films_stay_marked(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=6, size=(96, 96), top_first=True)
    with open_video(clip.path) as reader:
        render(reader, tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4").field_order == "top first"


def test_pictures_out_and_in_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", frames=11, size=(48, 64), codec="ffv1", pix_fmt="gbrp16le", deep=True)
    (tmp_path / "folder").mkdir()
    with open_video(clip.path) as reader:
        verified = render(reader, tmp_path / "folder")
    assert verified.frame_count == 11
    assert not [path for path in (tmp_path / "folder").iterdir() if path.name.startswith(".")]
    with open_video(tmp_path / "folder", frames_per_second=Fraction(30000, 1001)) as again:
        assert again.video.average_rate == Fraction(30000, 1001)
        for picture in again.pictures():
            assert np.array_equal(picture.rgb(), clip.pixels[picture.index])
        render(again, tmp_path / "film.mkv")
        assert probe(tmp_path / "film.mkv").codec == "ffv1"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_decode_times_ascend_and_never_lie_after_the_frame(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.integers(1, 1000), min_size=1, max_size=40))
    pts = np.cumsum(np.array(steps, np.int64)) - data.draw(st.integers(0, 5000))
    groups = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=40))
    order: list[int] = []
    for length in groups:
        start = len(order)
        run = list(range(start, min(start + length, len(pts))))
        order += [run[-1], *run[:-1]] if run else []
    order += range(len(order), len(pts))
    frames = np.array(order, np.int64)
    times = decode_times(pts, frames)
    assert times.size == frames.size
    assert (np.diff(times) > 0).all()
    assert (times <= pts[frames]).all()


def test_the_same_film_is_the_same_file(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", size=(48, 64), audio=1)
    for name in ("a.mkv", "b.mkv", "a.mp4", "b.mp4"):
        with open_video(clip.path) as reader:
            render(reader, tmp_path / name, EncodeSettings(preset="ultrafast", threads=1))
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_real_footage_keeps_sound_and_timecode(tmp_path: Path, footage: Path) -> None:
    with open_video(footage / "clips" / "dog.mp4") as reader:
        verified = transcode(reader, tmp_path / "dog.mov", EncodeSettings(preset="ultrafast", quality=35))
        assert verified.sentence == "verified: 289 frames, timestamps identical, 1 audio stream copied bit for bit"
        assert probe(tmp_path / "dog.mov").timecode == reader.video.timecode == "00:00:00:00"
