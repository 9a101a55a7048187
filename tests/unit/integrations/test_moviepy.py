"""videdit's edits in MoviePy, and clips in videdit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from moviepy import VideoClip

import videdit
from videdit.errors import OptionError
from videdit.example.face import FaceFilm
from videdit.integrations.moviepy import BlurFaces, Edit, RemoveObject, ReplaceBackground, clip_of, film_of, open_clip
from videdit.media import open_video
from videdit.testing.clips import make_clip

RATE = 12.5
FRAMES = 5
SIZE = (48, 64)
MASK = np.zeros(SIZE, bool)
MASK[12:30, 20:44] = True


def drawn(seconds: float) -> np.ndarray:
    index = round(seconds * RATE)
    return np.random.default_rng(index).integers(0, 255, (*SIZE, 3), np.uint8)


@pytest.fixture
def clip() -> VideoClip:
    clip = VideoClip(frame_function=drawn, duration=FRAMES / RATE)
    clip.fps = RATE
    return clip


def times() -> list[float]:
    return [index / RATE for index in range(FRAMES)]


def masked(**options: object) -> Edit:
    return Edit(lambda project: project.mask(MASK).effect("blur", masks={"feather": "0"}, **options), device="cpu")


def test_pixels_go_there_and_back_as_they_are(clip: VideoClip, tmp_path: Path) -> None:
    again = clip_of(film_of(clip, tmp_path / "film.mkv"))
    assert again.fps == RATE
    assert again.duration == pytest.approx(FRAMES / RATE)
    for at in times():
        assert np.array_equal(again.get_frame(at), drawn(at))
        assert np.array_equal(again.get_frame(at + 0.9 / RATE), drawn(at))


def test_an_edit_changes_the_object_and_nothing_else(clip: VideoClip) -> None:
    edited = clip.with_effects([masked(style="solid", colour="#010203")])
    first = edited.get_frame(0)
    changed = (first != drawn(0)).any(axis=2)
    assert changed[MASK].all()
    assert changed.sum() < 1.5 * MASK.sum()
    assert (first[MASK] == (1, 2, 3)).all()
    assert edited.duration == clip.duration
    assert edited.fps == clip.fps


def test_work_begins_with_the_first_frame_and_is_done_once(clip: VideoClip) -> None:
    called = []

    def describe(project: videdit.Project) -> None:
        called.append(project)
        project.mask(MASK).blur()

    edited = clip.with_effects([Edit(describe, device="cpu")])
    assert called == []
    edited.get_frame(0)
    edited.get_frame(2 / RATE)
    assert len(called) == 1


def test_edits_follow_one_another(clip: VideoClip) -> None:
    both = clip.with_effects([masked(style="solid", colour="#102030"), masked(style="solid", colour="#405060")])
    assert (both.get_frame(0)[MASK] == (0x40, 0x50, 0x60)).all()


def test_faces_are_covered() -> None:
    film = FaceFilm(4)
    clip = VideoClip(frame_function=lambda seconds: film.draw(min(3, round(seconds * 25))), duration=4 / 25)
    clip.fps = 25
    covered = clip.with_effects([BlurFaces(style="solid", device="cpu")])
    for index in (0, 3):
        box = film.box(index)
        y, x = round((box.y0 + box.y1) / 2), round((box.x0 + box.x1) / 2)
        inside = covered.get_frame(index / 25)[y - 20 : y + 20, x - 20 : x + 20]
        assert inside.max() == 0
        assert np.array_equal(covered.get_frame(index / 25)[-30:], film.draw(index)[-30:])


def test_a_transparent_background_is_a_mask(clip: VideoClip) -> None:
    prompt = videdit.MaskPrompt(mask=MASK)
    cut_out = clip.with_effects([ReplaceBackground(prompt, behind="transparent", edge="hard", device="cpu")])
    assert cut_out.mask is not None
    matte = cut_out.mask.get_frame(0)
    assert matte[MASK].min() == 1
    assert matte[:4].max() == 0


def test_a_clip_as_a_project(clip: VideoClip, tmp_path: Path) -> None:
    with open_clip(clip, tmp_path / "p", device="cpu") as project:
        assert project.reader.frame_count == FRAMES
        assert project.reader.video.size == SIZE
    with open_clip(clip, tmp_path / "p", device="cpu") as project:
        assert project.reader.frame_count == FRAMES


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    truth = make_clip(tmp_path / "vfr.mkv", frames=4, pts=[0, 100, 250, 600])
    clip = clip_of(truth.path)
    with open_video(truth.path) as reader:
        seen = [picture.rgb(max_bits=8) for picture in reader.pictures()]
        starts = [float(pts * reader.video.time_base) for pts in reader.timestamps]
    for index, start in enumerate(starts):
        assert np.array_equal(clip.get_frame(start), seen[index])
        assert index == 0 or np.array_equal(clip.get_frame(start - 0.1 * (start - starts[index - 1])), seen[index - 1])


def test_what_is_missing_is_said_at_once(clip: VideoClip) -> None:
    with pytest.raises(OptionError, match="pointed at"):
        RemoveObject()
    with pytest.raises(OptionError, match="frame rate"):
        VideoClip(frame_function=drawn, duration=1).with_effects([BlurFaces()])
    endless = VideoClip(frame_function=drawn)
    endless.fps = 25
    with pytest.raises(OptionError, match="duration"):
        endless.with_effects([BlurFaces()])
