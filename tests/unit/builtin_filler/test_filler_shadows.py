"""The shadow of a moving object is taken away with it; other dark things stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from videdit import ArrayFrames, Shot
from videdit.frames import Frame
from videdit.ops import grow
from videdit_plugins.builtin.filler import votes
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.ground import WHOLE_FRAMES, stretch_of
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.shadows import Shadows

Make = Callable[..., Any]


def shaded(make_clip: Make, shadow: Callable[[int], slice], strength: float = 0.55) -> Any:
    """A clip in which the ground is darker in a band below the object, at the columns that `shadow` gives."""
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    for index, frame in enumerate(clip.shown):
        band = frame[50:68, shadow(index)]
        keep = clip.holes[index][50:68, shadow(index)]
        band[~keep] = (band[~keep] * strength).astype(np.uint8)
    return clip


def object_left(index: int) -> int:
    return 8 + int(2.6 * index)


def test_a_shadow_that_follows_the_object_goes_with_it(make_clip: Make, started: Make) -> None:
    clip = shaded(make_clip, lambda index: slice(object_left(index), object_left(index) + 24))
    index = 14
    filled = started(clip, grain=False).fill(index)
    result = clip.shown[index].copy()
    result[filled.region.slices] = filled.rgb
    left = object_left(index)
    shadow = np.zeros(clip.holes[index].shape, np.bool_)
    shadow[56:68, left : left + 24] = True
    shadow &= ~clip.holes[index]
    truth = clip.truth[index].astype(int)
    assert np.abs(clip.shown[index] - truth)[shadow].mean() > 40
    assert np.abs(result - truth)[shadow].mean() < 10


def test_it_stays_if_it_is_not_asked_for(make_clip: Make, started: Make) -> None:
    clip = shaded(make_clip, lambda index: slice(object_left(index), object_left(index) + 24))
    filled = started(clip, shadows=False).fill(14)
    assert filled.region.y1 == 56


def test_a_dark_place_of_the_ground_is_no_shadow(make_clip: Make, started: Make) -> None:
    # It moves with the ground, 0.6 px a frame to the left, and the object passes over it.
    clip = shaded(make_clip, lambda index: slice(round(50 - 0.6 * index), round(74 - 0.6 * index)))
    filled = started(clip).fill(14)
    assert filled.region.y1 == 56


def found_in(clip: Any, index: int) -> NDArray[np.bool_]:
    """Return the shadow that is found on a frame, nothing where there is none."""
    frames = ArrayFrames(clip.shown)
    pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=len(clip.shown))
    found = Shadows(frames.shot, pictures, Camera(pictures, frames.shot))[index]
    return np.zeros(frames.size, np.bool_) if found is None else found


def shade(clip: Any, place: Callable[[int], tuple[slice, slice]], left_over: tuple[float, float, float]) -> None:
    for index, frame in enumerate(clip.shown):
        rows, columns = place(index)
        keep = clip.holes[index][rows, columns]
        frame[rows, columns][~keep] = (frame[rows, columns][~keep] * np.array(left_over)).astype(np.uint8)


def below(index: int) -> tuple[slice, slice]:
    left = object_left(index)
    return slice(50, 68), slice(left, left + 24)


@pytest.mark.parametrize("left_over", [(0.55, 0.55, 0.55), (0.5, 0.55, 0.6), (0.8, 0.8, 0.8)], ids=str)
def test_shadows_may_be_bluish_or_faint(make_clip: Make, left_over: tuple[float, float, float]) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    shade(clip, below, left_over)
    found = found_in(clip, 14)
    left = object_left(14)
    assert found[58:66, left + 2 : left + 22].mean() > 0.9
    found[45:80, left - 10 : left + 34] = False
    assert not found.any()


def test_the_ground_may_have_been_lit_long_before(make_clip: Make) -> None:
    # From frame 20 on the object creeps, and its shadow covers the same ground until the end.
    clip = make_clip(count=60, pan=0.0, speed=0.0)

    def left(index: int) -> int:
        return 8 + 2 * index if index < 20 else 48 + (index - 20) // 10

    square = clip.shown[0][32:56, 8:32].copy()
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        frame[:] = clip.truth[index]
        hole[:] = False
        hole[32:56, left(index) : left(index) + 24] = True
        frame[32:56, left(index) : left(index) + 24] = square
    shade(clip, lambda index: (slice(56, 68), slice(left(index), left(index) + 24)), (0.55, 0.55, 0.55))
    assert found_in(clip, 50)[58:66, 54:72].mean() > 0.9


def test_what_jumps_leaves_its_shadow_on_the_ground(make_clip: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    shade(clip, lambda index: (slice(64, 74), slice(object_left(index), object_left(index) + 24)), (0.5, 0.5, 0.5))
    left = object_left(14)
    assert found_in(clip, 14)[66:72, left + 2 : left + 22].mean() > 0.9


def test_a_shadow_that_stays_beside_the_fill_is_told(make_clip: Make, started: Make) -> None:
    # On a few frames alone, and not deep: too little to take it along, but a person would see it.
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    on_a_few_frames(clip, 0.85)
    filler = started(clip, grain=False)
    filler.fill(14)
    assert filler.report() == {"frames_with_shadow_left": 1}
    assert filler.report() == {}


def test_what_is_filled_for_another_reason_is_not_told(make_clip: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    on_a_few_frames(clip, 0.85)
    frames = ArrayFrames(clip.shown)
    pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=30)
    shadows = Shadows(frames.shot, pictures, Camera(pictures, frames.shot))
    assert shadows.left(14)
    assert shadows.left(14, clip.holes[14])
    assert not shadows.left(14, grow(clip.holes[14], 24))


def test_nothing_is_told_where_the_shadow_was_found(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    shade(clip, below, (0.55, 0.55, 0.55))
    filler = started(clip, grain=False)
    filler.fill(14)
    assert filler.report() == {}


def test_of_a_long_shot_only_the_frames_around_are_read(make_clip: Make) -> None:
    clip = make_clip(count=240, pan=0.0, speed=0.1, size=(32, 48), side=8)
    asked: set[int] = set()

    class Watched(ArrayFrames):
        def __getitem__(self, index: int) -> Frame:
            asked.add(index)
            return super().__getitem__(index)

    frames = Watched(clip.shown)
    pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=200)
    assert Shadows(frames.shot, pictures, Camera(pictures, frames.shot))[120] is None
    assert 120 - 80 <= min(asked) < 120 - 50
    assert 120 + 50 < max(asked) <= 120 + 80


def test_an_object_that_the_lower_border_cuts_off_has_its_shadow_outside(
    make_clip: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        left = object_left(index)
        hole[32:, left : left + 24] = True
        frame[hole] = 60
    # Something dark that goes along beside it.
    shade(clip, lambda index: (slice(76, 94), slice(object_left(index) + 24, object_left(index) + 42)), (0.5,) * 3)
    assert not found_in(clip, 14).any()
    monkeypatch.setattr(votes, "_cut_off", lambda hole: False)
    assert found_in(clip, 14).any()


def test_dark_places_that_come_and_go_are_no_shadow(make_clip: Make) -> None:
    # Ripples: on each frame other places around the object are dark, as often beside it as anywhere.
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    random = np.random.default_rng(1)
    for index in range(30):
        for y, x in random.integers((0, 0), (88, 120), (24, 2)):
            place = slice(y, y + 8), slice(x, x + 8)
            keep = clip.holes[index][place]
            clip.shown[index][place][~keep] = (clip.shown[index][place][~keep] * 0.6).astype(np.uint8)
    assert not any(found_in(clip, index).any() for index in (7, 14, 21))


def on_a_few_frames(clip: Any, strength: float) -> None:
    for index in range(12, 17):
        rows, columns = below(index)
        keep = clip.holes[index][rows, columns]
        clip.shown[index][rows, columns][~keep] = (clip.shown[index][rows, columns][~keep] * strength).astype(np.uint8)


def test_a_faint_shadow_on_a_few_frames_is_of_something_else(make_clip: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    on_a_few_frames(clip, 0.85)
    assert not found_in(clip, 14).any()


def test_a_deep_one_at_the_foot_is_the_object_s(make_clip: Make) -> None:
    # It crosses a place in the sun.
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    on_a_few_frames(clip, 0.55)
    left = object_left(14)
    assert found_in(clip, 14)[58:66, left + 2 : left + 22].mean() > 0.9
    assert not found_in(clip, 22).any()


def test_what_is_found_does_not_depend_on_the_order_of_questions(make_clip: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    shade(clip, below, (0.55, 0.55, 0.55))
    frames = ArrayFrames(clip.shown)

    def asked(order: list[int]) -> dict[int, bytes]:
        pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=30)
        finder = Shadows(frames.shot, pictures, Camera(pictures, frames.shot))
        return {index: np.asarray(finder[index]).tobytes() for index in order}

    assert asked([3, 14, 20]) == asked([20, 3, 14])


@given(st.integers(1, 700), st.integers(0, 50), st.data())
def test_a_stretch_holds_its_frame_and_what_is_around_it(length: int, start: int, data: st.DataObject) -> None:
    shot = Shot(start, start + length, "start")
    index = data.draw(st.integers(start, start + length - 1))
    stretch = stretch_of(index, shot)
    assert len(stretch) <= WHOLE_FRAMES
    assert shot.start <= stretch.start < stretch.stop <= shot.stop
    assert all(one in stretch for one in range(max(shot.start, index - 30), min(shot.stop, index + 31)))


def test_the_object_may_leave_the_sun_later_in_the_shot(make_clip: Make) -> None:
    clip = make_clip(count=96, pan=0.3, speed=0.8)

    def place(index: int) -> tuple[slice, slice]:
        left = 8 + int(0.8 * index)
        return slice(50, 68), slice(left, left + 24 if index < 24 else left)

    shade(clip, place, (0.55, 0.55, 0.55))
    left = 8 + int(0.8 * 15)
    assert found_in(clip, 15)[58:66, left + 2 : left + 22].mean() > 0.9
    assert not found_in(clip, 80).any()
