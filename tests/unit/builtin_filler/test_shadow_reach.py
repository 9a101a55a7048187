"""A shadow is found to its tip, below an object in the air, and at its foot alone; what stays is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from videdit import ArrayFrames
from videdit_plugins.builtin.filler.beside import SHAPE
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.darkening import Darkening
from videdit_plugins.builtin.filler.foot import at_foot, shadow_left
from videdit_plugins.builtin.filler.jumps import lowering
from videdit_plugins.builtin.filler.outwards import followed
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.shadows import Shadows

UNIT = 0.5


def cells(down: int, strength: float = 1.0) -> NDArray[np.float32]:
    """Evidence for a shadow so many cells below its usual place, and against it elsewhere."""
    seen = np.full(SHAPE, -0.5, np.float32)
    seen[40 + down : 46 + down, 30:80] = strength
    return seen


SHAPE_OF_SHADOW = np.where(cells(0) > 0, np.float32(5), np.float32(0))


@given(st.sampled_from(range(-6, 29, 2)))
def test_a_height_that_one_frame_shows_is_found(down: int) -> None:
    assert lowering(SHAPE_OF_SHADOW, {7: cells(down)}, 7) == down


@given(st.integers(2, 4), st.integers(0, 20))
def test_a_half_hidden_shadow_lies_between_those_before_and_after(rise: int, start: int) -> None:
    heights = {frame: start // 2 * 2 + (rise - abs(frame - 4)) * 2 for frame in range(9)}
    seen = {frame: cells(down) for frame, down in heights.items()}
    # On frame 4 a third of it is to be seen, and something else is dark in another place.
    seen[4] = cells(28 if heights[4] < 14 else -6, 0.6)
    seen[4][40 + heights[4] : 46 + heights[4], 30:46] = 1
    assert lowering(SHAPE_OF_SHADOW, seen, 4) == heights[4]
    assert lowering(SHAPE_OF_SHADOW, {4: seen[4]}, 4) != heights[4]


def test_what_shows_no_shadow_is_not_lowered() -> None:
    nothing = np.full(SHAPE, -0.5, np.float32)
    assert lowering(SHAPE_OF_SHADOW, dict.fromkeys(range(5), nothing), 2) == 0


class Scene:
    """A shadow at the foot of an object, and its tip beyond a leg; even, lit ground around."""

    def __init__(self) -> None:
        self.hole = np.zeros((120, 200), np.bool_)
        self.hole[20:70, 60:110] = True
        self.hole[70:90, 100:110] = True
        self.found = np.zeros_like(self.hole)
        self.found[84:90, 80:100] = True
        self.tip = np.zeros_like(self.hole)
        self.tip[84:90, 111:125] = True
        self.light = np.zeros(self.hole.shape, np.float32)
        self.light[self.found | self.tip] = np.log(0.6)
        self.voted = np.where(self.tip, np.float32(1), np.float32(-2))
        self.plain = np.ones_like(self.hole)

    @property
    def own(self) -> Darkening:
        return Darkening(self.light, ~self.hole, self.plain)

    def left(self, gone: NDArray[np.bool_]) -> bool:
        return shadow_left(self.own, self.voted, self.hole, self.hole | gone, UNIT)

    def followed(self) -> NDArray[np.bool_]:
        evidence = np.where(self.light < -0.1, np.float32(1.5), np.float32(-1)) * ~self.hole
        return followed(self.found, self.own, evidence, self.voted, self.hole, UNIT)


def test_the_tip_beyond_a_leg_is_followed_and_a_little_farther() -> None:
    scene = Scene()
    grown = scene.followed()
    assert grown[scene.found | scene.tip].all()
    beyond = grown & ~scene.found & ~scene.tip
    assert beyond[84:90, 125:128].all()
    beyond[84:90, 105:131] = False
    assert not beyond.any()


def moved_away(scene: Scene) -> None:
    for plane in (scene.light, scene.voted):
        plane[:] = np.where(scene.found, plane, np.roll(plane, 40, axis=1))


def on_restless_ground(scene: Scene) -> None:
    scene.light[76:98:4, 105:140] = np.log(0.8)


def not_going_along(scene: Scene) -> None:
    scene.voted[:] = -1


def of_another_colour(scene: Scene) -> None:
    scene.plain &= ~scene.tip


def beside_the_head(scene: Scene) -> None:
    for plane in (scene.light, scene.voted):
        plane[20:26, 111:125] = plane[84:90, 111:125]
        plane[84:90, 111:125] = 0


@pytest.mark.parametrize(
    "change",
    [moved_away, on_restless_ground, not_going_along, of_another_colour, beside_the_head],
    ids=lambda one: one.__name__,
)
def test_what_may_be_something_else_is_not_followed(change: Callable[[Scene], None]) -> None:
    scene = Scene()
    change(scene)
    assert (scene.followed() == scene.found).all()


def test_without_a_shadow_nothing_is_followed() -> None:
    scene = Scene()
    scene.found[:] = False
    assert not scene.followed().any()


def large(scene: Scene) -> None:
    scene.light[84:118, 111:160] = np.log(0.6)
    scene.voted[84:118, 111:160] = 1


def test_something_as_large_as_the_object_is_not_followed() -> None:
    scene = Scene()
    large(scene)
    assert (scene.followed() == scene.found).all()


def at_the_foot(light: float) -> Scene:
    """A shadow right below the object, and none that was found before."""
    scene = Scene()
    scene.light[:] = 0
    scene.light[90:96, 96:126] = np.log(light)
    scene.voted[:] = 1
    scene.found = scene.light < 0
    return scene


def test_a_deep_shadow_at_the_foot_is_found_on_a_frame_alone() -> None:
    scene = at_the_foot(0.5)
    assert (at_foot(scene.own, scene.voted, scene.hole, UNIT) == scene.found).all()


def faint(scene: Scene) -> None:
    scene.light[scene.found] = np.log(0.75)


def small(scene: Scene) -> None:
    scene.light[90:96, 101:] = 0


def away(scene: Scene) -> None:
    scene.light[:] = np.roll(scene.light, 6, axis=0)


def restless(scene: Scene) -> None:
    scene.light[98:101] = np.log(0.8)


def coloured(scene: Scene) -> None:
    scene.plain &= ~scene.found


@pytest.mark.parametrize(
    "change", [faint, small, away, restless, coloured, not_going_along], ids=lambda one: one.__name__
)
def test_what_may_be_something_else_is_not_taken_for_a_shadow_at_the_foot(change: Callable[[Scene], None]) -> None:
    scene = at_the_foot(0.5)
    change(scene)
    assert not at_foot(scene.own, scene.voted, scene.hole, UNIT).any()


def test_a_tip_that_stays_is_told_until_it_is_taken_along() -> None:
    scene = Scene()
    assert scene.left(scene.found)
    assert not scene.left(scene.found | scene.tip)


@pytest.mark.parametrize(
    "change", [on_restless_ground, not_going_along, of_another_colour], ids=lambda one: one.__name__
)
def test_what_may_be_something_else_is_not_told(change: Callable[[Scene], None]) -> None:
    scene = Scene()
    change(scene)
    assert not scene.left(scene.found)


def test_a_shadow_at_the_foot_is_told_though_too_faint_to_be_sure() -> None:
    scene = at_the_foot(0.75)
    assert scene.left(np.zeros_like(scene.hole))
    assert not scene.left(scene.found)


def test_a_shadow_is_found_below_a_jump_although_a_post_hides_most_of_it(make_clip: Callable[..., Any]) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    posts = {index: slice(48 - round(0.6 * index), 64 - round(0.6 * index)) for index in range(30)}
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        square, left = frame[32:56, 8 + int(2.6 * index) :][:, :24].copy(), 8 + int(2.6 * index)
        up = 2 * max(0, 9 - abs(index - 14))
        frame[:] = clip.truth[index]
        shadow = frame[56:68, left : left + 24]
        shadow[:] = (shadow * 0.5).astype(np.uint8)
        frame[56:68, posts[index]] = 230
        hole[:] = False
        hole[32 - up : 56 - up, left : left + 24] = True
        frame[hole] = square.reshape(-1, 3)
    frames = ArrayFrames(clip.shown)
    pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=30)
    found = Shadows(frames.shot, pictures, Camera(pictures, frames.shot))[14]
    assert found is not None
    left = 8 + int(2.6 * 14)
    beside_the_post = slice(posts[14].stop + 2, left + 22)
    assert found[58:66, beside_the_post].mean() > 0.9
    assert not found[:50].any()
