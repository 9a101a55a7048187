"""What a mask missed of its object is taken away with it; what is not the object's stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from videdit import ArrayFrames, Region
from videdit.evaluation.davis import open_davis
from videdit.filler import HoledFrames
from videdit.media import open_video
from videdit.ops import grow
from videdit.shots import Shot
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.likeness import motion_apart
from videdit_plugins.builtin.filler.pictures import Pictures, joined
from videdit_plugins.builtin.filler.pieces import Piece
from videdit_plugins.builtin.filler.remnants import Remnants, _opened
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.workers import Workers

Make = Callable[..., Any]
BITTEN = (6, 7, 8)
INDEX = 7
SIDE, LIMB = 24, 4
COUNT = 40


def bitten(make_clip: Make) -> tuple[Any, list[NDArray[np.bool_]]]:
    """A clip whose masks miss a corner of the square on some frames; and what they miss."""
    clip = make_clip()
    missed = []
    for index, hole in enumerate(clip.holes):
        left, top = corner_of(hole)
        corner = np.zeros_like(hole)
        if index in BITTEN:
            corner[top : top + LIMB, left + SIDE - LIMB : left + SIDE] = True
        hole &= ~corner
        missed.append(corner)
    return clip, missed


def corner_of(hole: NDArray[np.bool_]) -> tuple[int, int]:
    rows, columns = np.nonzero(hole)
    return int(columns.min()), int(rows.min())


def found_in(clip: Any, index: int, shown: Any = None, reach: int = 40) -> NDArray[np.bool_] | None:
    frames = ArrayFrames(clip.shown) if shown is None else shown
    pictures = Pictures(frames, clip.holes, Scale.of(frames.size, 360), kept=len(clip.shown))
    return Remnants(frames.shot, pictures, pictures, Camera(pictures, frames.shot), reach)[index]


def result_of(clip: Any, filler: Any, index: int) -> NDArray[np.uint8]:
    filled = filler.fill(index)
    result = np.asarray(clip.shown[index].copy())
    result[filled.region.slices] = filled.rgb
    return result


def test_a_corner_that_was_missed_is_found(make_clip: Make) -> None:
    clip, missed = bitten(make_clip)
    found = found_in(clip, INDEX)
    assert found is not None
    assert found[missed[INDEX]].mean() > 0.9
    around = missed[INDEX] | clip.holes[INDEX]
    assert not (found & ~grow(around, 3)).any()


def test_the_ground_is_shown_in_its_place_and_kept_off_other_frames(make_clip: Make, started: Make) -> None:
    clip, missed = bitten(make_clip)
    for index in (INDEX, INDEX + 4):
        place = missed[INDEX] | clip.holes[index]
        truth = clip.truth[index].astype(int)
        result = result_of(clip, started(clip, grain=False), index)
        assert np.abs(result - truth)[place if index == INDEX else clip.holes[index]].mean() < 3


def test_no_seam_stays_where_motion_is_estimated_at_a_smaller_size(make_clip: Make, started: Make) -> None:
    # A pixel of the small picture that the hole touches is of the hole, though parts of it are not at full size.
    clip, missed = bitten(make_clip)
    result = result_of(clip, started(clip, grain=False, alignment_height=64), INDEX)
    away = np.abs(result - clip.truth[INDEX].astype(int)).max(axis=2)
    assert np.count_nonzero(away[missed[INDEX]] > 60) < 0.02 * np.count_nonzero(missed[INDEX])


def test_it_stays_if_it_is_not_asked_for(make_clip: Make, started: Make) -> None:
    clip, missed = bitten(make_clip)
    result = result_of(clip, started(clip, remnants=False), INDEX)
    assert np.array_equal(result[missed[INDEX]], clip.shown[INDEX][missed[INDEX]])


def test_no_byte_changes_elsewhere(make_clip: Make, started: Make) -> None:
    clip, _ = bitten(make_clip)
    found = found_in(clip, INDEX)
    assert found is not None
    filler = started(clip, shadows=False)
    filled = filler.fill(INDEX)
    hole = clip.holes[INDEX]
    outside = ~(hole | joined(found, hole, Scale.of(hole.shape, 360)))
    assert np.array_equal(result_of(clip, filler, INDEX)[outside], clip.shown[INDEX][outside])
    assert (filled.origin[outside[filled.region.slices]] == INDEX).all()


def test_the_fill_depends_on_neither_threads_nor_order(make_clip: Make, started: Make) -> None:
    clip, _ = bitten(make_clip)

    def filled(threads: int, order: tuple[int, ...]) -> dict[int, Any]:
        filler = started(clip)
        filler._workers = Workers(threads)
        started(clip, filler=filler)
        return {index: filler.fill(index) for index in order}

    alone = filled(1, (5, 6, 7, 8, 9))
    for threads, order in ((3, (5, 6, 7)), (2, (9, 7))):
        for index, one in filled(threads, order).items():
            assert one.region == alone[index].region
            assert np.array_equal(one.rgb, alone[index].rgb)
            assert np.array_equal(one.origin, alone[index].origin)


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=9)))
def test_what_is_thin_is_noise_and_the_rest_stays_where_it_is(mask: NDArray[np.bool_]) -> None:
    expected = np.zeros_like(mask)
    for y, x in np.ndindex(mask.shape[0] - 1, mask.shape[1] - 1):
        expected[y : y + 2, x : x + 2] |= mask[y : y + 2, x : x + 2].all()
    # Beyond the border may be more of it.
    inside = slice(1, -1), slice(1, -1)
    assert np.array_equal(_opened(mask)[inside], expected[inside])


def test_nothing_is_missed_by_a_mask_that_holds_it_all(clip: Any) -> None:
    assert all(found_in(clip, index) is None for index in (2, INDEX, 13))


def test_a_frame_without_a_hole_is_left_alone(make_clip: Make) -> None:
    clip, _ = bitten(make_clip)
    clip.holes[INDEX][:] = False
    assert found_in(clip, INDEX) is None


def test_an_object_that_was_made_black_has_nothing_to_compare_with(make_clip: Make) -> None:
    clip, _ = bitten(make_clip)
    assert found_in(clip, INDEX) is not None
    assert found_in(clip, INDEX, HoledFrames(ArrayFrames(clip.shown), clip.holes)) is None


def test_the_shadow_of_an_object_that_was_made_black_is_nothing_to_go_by(make_clip: Make, started: Make) -> None:
    clip = make_clip(count=30, pan=0.6, speed=2.6)
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        left, top = corner_of(hole)
        shadow = frame[top + SIDE : top + SIDE + 16, left : left + SIDE]
        shadow[:] = (shadow * 0.5).astype(np.uint8)
        frame[hole] = 0
        # Something else, as dark, that touches the hole.
        if index in (13, 14, 15):
            frame[top + SIDE : top + SIDE + 12, left + SIDE : left + SIDE + 8] //= 2
    filled, plain = (started(clip, remnants=one).fill(14) for one in (True, False))
    assert filled.region == plain.region
    assert np.array_equal(filled.rgb, plain.rgb)


def test_something_of_other_colours_that_touches_the_object_stays(make_clip: Make) -> None:
    clip = make_clip()
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        left, top = corner_of(hole)
        if index in BITTEN:
            frame[top + 4 : top + 4 + LIMB, left + SIDE : left + SIDE + LIMB] = (30, 160, 60)
    assert found_in(clip, INDEX) is None


def test_a_blurred_edge_that_sticks_out_is_taken_though_its_colours_are_nobodys(make_clip: Make) -> None:
    clip = make_clip()
    edges = []
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        left, top = corner_of(hole)
        edge = np.zeros_like(hole)
        if index in BITTEN:
            edge[top + 6 : top + 16, left + SIDE] = True
            frame[edge] = frame[edge] // 2 + np.array([15, 80, 30], np.uint8)
        edges.append(edge)
    found = found_in(clip, INDEX)
    assert found is not None
    assert found[edges[INDEX]].mean() > 0.9
    assert not (found & ~grow(edges[INDEX] | clip.holes[INDEX], 3)).any()


def test_the_faster_an_object_the_more_its_parts_may_move_apart() -> None:
    scale = Scale.of((240, 320), 240)
    left, right = (Piece(Region(x, 0, x + 4, 4), np.ones((4, 4), np.bool_)) for x in (0, 4))

    def apart(speed: float, difference: float) -> float:
        motion = np.zeros((4, 8, 2), np.float32)
        motion[:, 4:, 0] = speed
        motion[:, :4, 0] = speed - difference
        return motion_apart([motion], left, right, scale)

    assert apart(5, 2) == apart(-5, 2) == 2
    assert 1 < apart(15, 2) < 2
    assert apart(50, 3) < 0
    assert apart(50, 20) > 15


@pytest.mark.parametrize("drift", [0, 3])
def test_something_large_like_it_stays_unless_it_moves_along(make_clip: Make, drift: int) -> None:
    # A second checked square, as large, behind the first on some frames; the checks of the first stand still.
    clip = make_clip(count=24, pan=0.3, speed=3.0, side=20)
    checks = np.indices(clip.holes[0].shape).sum(axis=0) // 4 % 2 * 200
    for index in range(8, 15):
        left, top = corner_of(clip.holes[index])
        moved = np.roll(checks, drift * index, axis=1)[top : top + 20, left - 20 : left]
        clip.shown[index][top : top + 20, left - 20 : left] = moved[..., None]
    found = found_in(clip, 11)
    assert (found is None) == (drift > 0)


@pytest.mark.parametrize("kept", [False, True])
def test_a_limb_that_looks_and_swings_otherwise_is_taken_if_the_hole_of_a_frame_beside_has_it(
    make_clip: Make, kept: bool
) -> None:
    clip = make_clip(count=24, size=(160, 216), speed=4.0, side=40)
    skin = make_clip(count=1, size=(12, 14), side=4).truth[0] // 2 + np.array([110, 60, 20], np.uint8)
    limbs = []
    for index, hole in enumerate(clip.holes):
        left, top = corner_of(hole)
        place = slice(top + 3 * (index % 8), top + 3 * (index % 8) + 12), slice(left + 40, left + 54)
        limb = np.zeros_like(hole)
        limb[place] = True
        width = clip.shown[index][place].shape[1]
        clip.shown[index][place] = skin[:, :width]
        limbs.append(limb)
        if kept and not 11 <= index <= 12:
            hole |= limb
    found = found_in(clip, 12)
    if not kept:
        assert found is None
        return
    assert found is not None
    assert found[limbs[12]].mean() > 0.8
    assert not (found & ~grow(limbs[12] | clip.holes[12], 3)).any()


def test_where_the_ground_never_shows_nothing_is_known(make_clip: Make) -> None:
    # The object stands still, so what its mask misses shows at the same place on all frames that show the place at all.
    clip = make_clip(pan=0.0, tilt=0.0, speed=0.0)
    for hole in clip.holes:
        left, top = corner_of(hole)
        hole[top : top + LIMB, left + SIDE - LIMB : left + SIDE] = False
    assert found_in(clip, INDEX) is None


def test_while_the_object_creeps_frames_from_before_are_asked(make_clip: Make) -> None:
    clip = make_clip(count=60, pan=0.0, tilt=0.0, speed=0.0)
    square = clip.shown[0][32:56, 8:32].copy()
    missed = np.zeros_like(clip.holes[0])
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        left = 8 + index if index < 20 else 60 + (index - 20) // 4
        frame[:] = clip.truth[index]
        frame[32:56, left : left + 24] = square
        hole[:] = False
        hole[32:56, left : left + 24] = True
        if index >= 20:
            hole[50:56, left : left + 6] = False
        if index == 34:
            missed[50:56, left : left + 6] = True
    found = found_in(clip, 34)
    assert found is not None
    assert found[missed].mean() > 0.9


def test_two_frames_that_differ_tell_nothing(make_clip: Make) -> None:
    clip, _ = bitten(make_clip)
    assert found_in(clip, INDEX, reach=2) is None


@pytest.mark.footage
def test_most_of_a_bite_into_a_real_object_is_found(footage: Path) -> None:
    """A mask that misses a disc at the object's edge on three frames; and one that holds it all, and a rim."""
    sequence = open_davis(footage).sequence("breakdance", COUNT, one_object=True)
    with open_video(sequence.folder) as reader:
        shown = reader.shot_frames(Shot(0, COUNT, "start"))
        frames = ArrayFrames(
            [cv2.resize(shown[index].rgb8, (640, 360), interpolation=cv2.INTER_AREA) for index in range(COUNT)]
        )

    def whole(index: int) -> NDArray[np.bool_]:
        return cv2.resize(sequence.mask(index, 1).view(np.uint8), (640, 360), interpolation=cv2.INTER_AREA) > 0

    index, truth = 25, whole(25)
    rows, columns = np.nonzero(truth)
    centre = int(columns[rows.argmin()]), int(rows.min())
    disc = cv2.circle(np.zeros(truth.shape, np.uint8), centre, 18, 1, -1) > 0
    holes = [grow(whole(one), 4) for one in range(COUNT)]

    def found(masks: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
        pictures = Pictures(frames, masks, Scale.of(frames.size, 360), kept=COUNT)
        result = Remnants(frames.shot, pictures, pictures, Camera(pictures, frames.shot), 40)[index]
        return np.zeros_like(truth) if result is None else result

    bite = holes[index] & disc
    assert np.count_nonzero(bite & truth) > 200
    missed = [hole & ~disc if abs(one - index) <= 1 else hole for one, hole in enumerate(holes)]
    assert found(missed)[bite & truth].mean() > 0.7
    generous = [grow(whole(one), 0.04 * 360) for one in range(COUNT)]
    assert np.count_nonzero(found(generous)) < 0.02 * np.count_nonzero(generous[index])
