"""What cannot be written, or does not come out as it should: one clear sentence, and no file."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.unit.media.conftest import FAST, UNEQUAL, render, write_segment
from videdit.errors import CannotEncode, CannotOpen
from videdit.media import (
    EncodeSettings,
    join,
    open_video,
    probe,
    transcode,
    verify,
)  # fmt: skip
from videdit.testing.clips import make_clip


@pytest.mark.parametrize(
    ("target", "peculiar", "alpha", "sentence"),
    [
        ("out.mp4", {}, True, "holds no alpha channel.*ProRes 4444.*VP9.*FFV1"),
        ("out.avi", {}, True, "holds no alpha channel"),
        ("out.avi", {"pts": UNEQUAL, "time_base": Fraction(1, 1000)}, False, "unequal distances.*mp4"),
        ("out.avi", {"rotation": 90}, False, "turned.*mp4"),
        ("out.webm", {"audio": 1}, False, "does not take aac sound.*mkv"),
        ("out.xyz", {}, False, "names no kind of video file.*mkv"),
        ("out", {}, False, "has no ending"),
    ],
)
def test_what_cannot_work_is_refused_first(
    tmp_path: Path, target: str, peculiar: dict[str, Any], alpha: bool, sentence: str
) -> None:
    clip = make_clip(tmp_path / "in.mp4", size=(48, 64), **peculiar)
    with open_video(clip.path) as reader, pytest.raises(CannotEncode) as caught:
        render(reader, tmp_path / target, alpha=alpha)
    assert_matches(sentence, str(caught.value))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


def assert_matches(pattern: str, text: str) -> None:
    assert re.search(pattern, text), text


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"codec": "nonsense"}, "no codec 'nonsense'.*h264"),
        ({"codec": "vp9"}, None),
        ({"codec": "ffv1"}, "mp4 file does not take ffv1.*mkv"),
        ({"pix_fmt": "nonsense"}, "no pixel format"),
        ({"codec": "mpeg4", "lossless": True}, "always loses"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, how: dict[str, Any], sentence: str | None) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=3, size=(48, 64))
    with open_video(clip.path) as reader:
        if sentence is None:
            render(reader, tmp_path / "out.mp4", EncodeSettings(**how))
            return
        with pytest.raises(CannotEncode) as caught:
            render(reader, tmp_path / "out.mp4", EncodeSettings(**how))
    assert_matches(sentence, str(caught.value))


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full, which Linux has")
    clip = make_clip(tmp_path / "in.mp4", frames=6, size=(48, 64))
    with open_video(clip.path) as reader:
        (tmp_path / ".a.seg.part").symlink_to(full)
        with pytest.raises(CannotEncode, match="the disk is full"):
            write_segment(tmp_path / "a.seg", reader, range(6))
        write_segment(tmp_path / "b.seg", reader, range(6))
        (tmp_path / ".out.part.mkv").symlink_to(full)
        with pytest.raises(CannotEncode, match="the disk is full"):
            join([tmp_path / "b.seg"], reader, tmp_path / "out.mkv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.seg", "in.mp4"]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=6, size=(48, 64), audio=1)
    with open_video(clip.path) as reader:
        with pytest.raises(KeyboardInterrupt):
            write_segment(tmp_path / "a.seg", reader, range(2), stop=KeyboardInterrupt())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]

        def interrupted(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("videdit.media.joining.verify", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transcode(reader, tmp_path / "out.mp4", FAST)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


def test_an_existing_file_stays_when_the_check_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=6, size=(48, 64))
    (tmp_path / "out.mp4").write_bytes(b"older")
    monkeypatch.setattr("videdit.media.joining.decode_times", lambda pts, order: pts - 100)
    monkeypatch.setattr("videdit.media.joining._times", lambda v, c: (v.index.pts * 2, v.index.durations, v.time_base))
    with open_video(clip.path) as reader, pytest.raises(CannotEncode, match="time is off by"):
        transcode(reader, tmp_path / "out.mp4", FAST)
    assert (tmp_path / "out.mp4").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_verify_finds_what_is_wrong(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", size=(48, 64), audio=1)
    other: dict[str, tuple[dict[str, Any], str]] = {
        "frames": ({"frames": 11, "size": (48, 64), "audio": 1}, "11 frames in place of 12"),
        "size": ({"size": (48, 66), "audio": 1}, "size is 66x48"),
        "turn": ({"size": (48, 64), "audio": 1, "rotation": 180}, "rotation is 180"),
        "shape": ({"size": (48, 64), "audio": 1, "sample_aspect": Fraction(2)}, "shape of pixels is 2"),
        "silent": ({"size": (48, 64)}, "0 sound streams in place of 1"),
        "sound": ({"size": (48, 64), "audio": 1, "sound_seconds": 2.0}, "packets in place of"),
        "times": ({"size": (48, 64), "audio": 1, "pts": UNEQUAL, "time_base": Fraction(1, 1000)}, "time is off"),
    }
    video = probe(tmp_path / "a.mp4")
    assert verify(tmp_path / "a.mp4", video).sentence == (
        "verified: 12 frames, timestamps identical, 1 audio stream copied bit for bit"
    )
    for name, (facts, sentence) in other.items():
        make_clip(tmp_path / f"{name}.mp4", **facts)
        with pytest.raises(CannotEncode, match=sentence):
            verify(tmp_path / f"{name}.mp4", video)


def test_segments_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", frames=8, size=(48, 64))
    with open_video(clip.path) as reader:
        other = EncodeSettings(preset="medium")
        for name, start, stop, how in (("a", 0, 4, FAST), ("b", 4, 8, FAST), ("c", 4, 8, other), ("d", 5, 8, FAST)):
            writer = write_segment(tmp_path / name, reader, range(start, stop), how)
            assert writer.info is not None
            assert (writer.info.first_frame, writer.info.frame_count) == (start, stop - start)
            assert writer.info.last_pts == reader.timestamps[stop - 1]
        parts = {name: tmp_path / name for name in "abcd"}
        for chosen, sentence in (
            ("a", "hold 4 frames"),
            ("ba", "does not hold"),
            ("ad", "does not hold"),
            ("ac", "different settings"),
        ):
            with pytest.raises(CannotEncode, match=sentence):
                join([parts[name] for name in chosen], reader, tmp_path / "out.mp4")
        with pytest.raises(CannotOpen, match="no segment"):
            join([clip.path], reader, tmp_path / "out.mp4")
        assert join([parts["a"], parts["b"]], reader.video, tmp_path / "out.mp4").frame_count == 8
        with pytest.raises(CannotEncode, match="does not follow"):
            write_segment(tmp_path / "e", reader, range(1, 5, 2))
    assert not (tmp_path / "e").exists()
