"""Frames come out exactly, in any order, from any start, with bounded memory."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from videdit.errors import CannotDecode, OutsideFrame
from videdit.frames import Region
from videdit.media import VideoReader, open_video
from videdit.media import reader as reading
from videdit.media.decoding import Decoding
from videdit.prompts import Moment
from videdit.shots import Shot
from videdit.testing.clips import ClipTruth, make_clip

UNEQUAL = [0, 40, 70, 150, 155, 200, 260, 300, 310, 400, 450, 600, 640, 700, 710, 780, 820, 900, 990, 1000]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipTruth:
    folder = tmp_path_factory.mktemp("reading")
    return make_clip(folder / "clip.mp4", frames=40, gop=8, b_frames=3, options={"preset": "medium", "qp": "0"})


@pytest.fixture(scope="module")
def whole(clip: ClipTruth) -> list[bytes]:
    with open_video(clip.path) as reader:
        return [picture.rgb().tobytes() for picture in reader.pictures()]


@pytest.mark.parametrize("start", [0, 1, 7, 8, 9, 15, 23, 38, 39])
@pytest.mark.parametrize("ahead", [1, 4])
def test_reading_from_any_frame_gives_that_frame(clip: ClipTruth, whole: list[bytes], start: int, ahead: int) -> None:
    with open_video(clip.path) as reader:
        read = list(reader.pictures(start, min(40, start + 3), ahead=ahead))
    assert [picture.index for picture in read] == list(range(start, min(40, start + 3)))
    assert [picture.rgb().tobytes() for picture in read] == whole[start : start + 3]


def test_the_clip_is_what_was_drawn(clip: ClipTruth) -> None:
    with open_video(clip.path) as reader:
        worst = max(np.abs(p.rgb().astype(int) - clip.pixels[p.index]).mean() for p in reader.pictures())
    # All that is lost is the coarse chroma of 4:2:0.
    assert worst < 6


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".ts"])
def test_seeking_is_exact_in_every_container(tmp_path: Path, suffix: str) -> None:
    make_clip(tmp_path / f"clip{suffix}", frames=24, size=(48, 64), gop=6, b_frames=2, options={"preset": "medium"})
    with open_video(tmp_path / f"clip{suffix}") as reader:
        expected = [picture.rgb().tobytes() for picture in reader.pictures()]
        assert len(expected) == 24
        for start in (23, 13, 12, 11, 5, 1):
            assert next(reader.pictures(start)).rgb().tobytes() == expected[start]


def test_an_open_file_decodes_again_after_a_jump(clip: ClipTruth, whole: list[bytes]) -> None:
    with open_video(clip.path) as reader:
        decoding = Decoding(reader.video)
        for start in (30, 3, 17, 0, 39):
            index, frame = next(decoding.frames(start))
            assert index == start
            assert reader._picture(index, frame).rgb().tobytes() == whole[start]
        decoding.close()


def test_shot_frames_in_any_order(clip: ClipTruth, whole: list[bytes]) -> None:
    order = [20, 21, 22, *range(35, 9, -1), 11, 30, 12, 29, 35, 10, *range(10, 36)]
    with open_video(clip.path) as reader:
        frames = reader.shot_frames(Shot(10, 36))
        for index in order:
            assert (frames[index].index, frames[index].rgb.tobytes()) == (index, whole[index])
        for outside in (9, 36, -1):
            with pytest.raises(IndexError, match="outside the shot"):
                frames[outside]


def test_shot_frames_never_hold_more_than_they_may(clip: ClipTruth) -> None:
    one = 72 * 96 * 3
    with open_video(clip.path) as reader:
        frames = reader.shot_frames(Shot(0, 40), cache_bytes=6 * one)
        for index in [*range(40), *range(39, -1, -1), 5, 33]:
            frames[index]
            assert frames.held_bytes <= 6 * one


def test_frames_for_a_walk_hold_few_frames(clip: ClipTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WALK_FRAMES", 6)
    with open_video(clip.path) as reader:
        frames = reader.walk_frames(Shot(0, 40))
        assert [frame.index for frame in frames] == list(range(40))
        assert frames.held_bytes == 6 * 72 * 96 * 3


def test_going_down_decodes_each_run_once(clip: ClipTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []
    plain = Decoding.frames
    monkeypatch.setattr(Decoding, "frames", lambda self, start: starts.append(start) or plain(self, start))
    with open_video(clip.path) as reader:
        frames = reader.shot_frames(Shot(0, 40), cache_bytes=20 * 72 * 96 * 3)
        for index in range(39, -1, -1):
            frames[index]
    assert len(starts) <= 1 + 40 // 10


def test_going_up_never_seeks(clip: ClipTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []
    plain = Decoding.frames
    monkeypatch.setattr(Decoding, "frames", lambda self, start: starts.append(start) or plain(self, start))
    with open_video(clip.path) as reader:
        list(reader.shot_frames(Shot(3, 40)))
    assert starts == [3]


def test_threads_may_share_the_frames_of_a_shot(clip: ClipTruth, whole: list[bytes]) -> None:
    wrong: list[int] = []
    with open_video(clip.path) as reader:
        frames = reader.shot_frames(Shot(0, 40), cache_bytes=8 * 72 * 96 * 3)

        def look(seed: int) -> None:
            for index in np.random.default_rng(seed).integers(0, 40, 25):
                if frames[int(index)].rgb.tobytes() != whole[int(index)]:
                    wrong.append(int(index))

        threads = [threading.Thread(target=look, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_reader_left_early_stops_its_thread(clip: ClipTruth) -> None:
    before = threading.active_count()
    with open_video(clip.path) as reader:
        pictures = reader.pictures()
        next(pictures)
        pictures.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_drawing_on_a_picture_does_not_disturb_later_ones(clip: ClipTruth, whole: list[bytes]) -> None:
    with open_video(clip.path) as reader:
        for picture in reader.pictures():
            assert picture.rgb().tobytes() == whole[picture.index]
            picture.lay(Region(0, 0, 96, 72), np.zeros((72, 96, 3), np.uint8), np.ones((72, 96), np.float32))


def test_a_moment_is_the_frame_shown_then(tmp_path: Path) -> None:
    make_clip(
        tmp_path / "v.mp4", frames=20, size=(32, 32), pts=UNEQUAL, time_base=Fraction(1, 1000), offset=Fraction(1, 2)
    )
    with open_video(tmp_path / "v.mp4") as reader:
        assert [pts - reader.timestamps[0] for pts in reader.timestamps] == [
            round(pts / 1000 / reader.video.time_base) for pts in UNEQUAL
        ]
        assert reader.video.variable_rate
        for text, frame in (("0s", 0), ("0.039s", 0), ("0.04s", 1), ("0.154s", 3), ("0.155s", 4), ("1.0s", 19)):
            assert reader.frame_index(Moment.parse(text)) == frame
        assert reader.frame_index(Moment.parse("7")) == 7
        for beyond in ("20", "2s", "00:01:00"):
            with pytest.raises(OutsideFrame, match=r"there is no frame|is over"):
                reader.frame_index(Moment.parse(beyond))


def test_a_frame_that_is_not_the_promised_one_is_named(clip: ClipTruth) -> None:
    with open_video(clip.path) as reader:
        pts = reader.video.index.pts.copy()
        pts[20] -= 1
        reader.video.index.pts.setflags(write=True)
        reader.video.index.pts[:] = pts
        with pytest.raises(CannotDecode, match="missing or broken") as caught:
            list(reader.pictures())
    assert "frame 20" in caught.value.where
    assert "20 of 40" in caught.value.next_step


def test_interlaced_films_can_be_deinterlaced(tmp_path: Path) -> None:
    make_clip(tmp_path / "i.mp4", frames=10, size=(96, 96), top_first=True, options={"qp": "4", "preset": "medium"})
    with open_video(tmp_path / "i.mp4") as woven, open_video(tmp_path / "i.mp4", deinterlace=True) as smooth:
        assert woven.video.field_order == "top first"
        assert not smooth.video.interlaced
        combs = [_comb(picture) for picture in woven.pictures()]
        smoothed = list(smooth.pictures())
        assert [picture.pts for picture in smoothed] == woven.timestamps
        assert np.mean([_comb(picture) for picture in smoothed]) < 0.8 * np.mean(combs)
        later = next(smooth.pictures(6))
        assert np.array_equal(later.planes[0], smoothed[6].planes[0])


def _comb(picture: object) -> float:
    """Return how much neighbouring rows differ over rows two apart."""
    luma = picture.planes[0].astype(float)  # type: ignore[attr-defined]
    return float(np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2).mean())


def test_a_range_outside_the_film_is_refused(clip: ClipTruth) -> None:
    with open_video(clip.path) as reader:
        assert isinstance(reader, VideoReader)
        assert list(reader.pictures(5, 5)) == []
        for start, stop in ((-1, 3), (3, 41), (5, 4)):
            with pytest.raises(IndexError, match="lies outside"):
                reader.pictures(start, stop)
