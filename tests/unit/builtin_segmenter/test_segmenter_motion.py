"""Motion against the camera, and the contour at full size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from videdit_plugins.builtin.segmenter.contour import guide, to_full_size
from videdit_plugins.builtin.segmenter.motion import no_motion, residual_motion


def gray(frames, index):
    return cv2.cvtColor(frames[index].rgb, cv2.COLOR_RGB2GRAY)


def test_the_object_moves_against_the_camera_and_the_ground_does_not(moving_clip):
    frames, index = moving_clip.frames, moving_clip.index
    neighbours = {offset: gray(frames, index + offset) for offset in (-2, -1, 1, 2)}
    motion = residual_motion(gray(frames, index), neighbours)
    core = cv2.erode(moving_clip.truth.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    away = cv2.dilate(moving_clip.truth.astype(np.uint8), np.ones((25, 25), np.uint8)) == 0
    # 3 px a frame to the right, seen from ground that goes 1 px a frame to the left.
    assert np.median(motion.residual[core][:, 0]) == pytest.approx(4, abs=0.3)
    assert np.median(motion.speed[away]) < 0.3


@pytest.mark.parametrize("offsets", [(1, 2, 4), (-4, -2, -1)])
def test_one_side_of_time_is_enough(moving_clip, offsets):
    frames, index = moving_clip.frames, moving_clip.index
    motion = residual_motion(gray(frames, index), {offset: gray(frames, index + offset) for offset in offsets})
    assert motion.residual[70, 80, 0] == pytest.approx(4, abs=0.5)


def test_what_will_be_covered_does_not_move_with_what_covers_it(moving_clip):
    frames, index = moving_clip.frames, moving_clip.index
    motion = residual_motion(gray(frames, index), {offset: gray(frames, index + offset) for offset in (1, 2, 4)})
    ys, xs = np.nonzero(moving_clip.truth)
    middle = slice(int(np.quantile(ys, 0.3)), int(np.quantile(ys, 0.7)))
    ahead = motion.speed[middle, xs.max() + 2 : xs.max() + 5]
    assert ahead.mean() < 1


def test_without_neighbours_nothing_moves():
    pixels = np.zeros((40, 50), np.uint8)
    assert np.array_equal(residual_motion(pixels, {}).residual, no_motion((40, 50)).residual)


def test_the_contour_follows_the_edge_at_full_size(iou):
    ys, xs = np.mgrid[:240, :320]
    truth = (xs - 150.3) ** 2 / 90**2 + (ys - 118.6) ** 2 / 60**2 < 1
    rgb = np.where(truth[..., None], (200, 60, 40), (40, 90, 160)).astype(np.uint8)
    small_rgb = cv2.resize(rgb, (80, 60), interpolation=cv2.INTER_AREA)
    small = cv2.resize(truth.astype(np.float32), (80, 60), interpolation=cv2.INTER_AREA) > 0.5
    plain = cv2.resize(small.astype(np.float32), (320, 240), interpolation=cv2.INTER_LINEAR) > 0.5
    refined = to_full_size(small, np.where(small, 3, -3).astype(np.float32), guide(rgb, small_rgb))
    assert iou(refined, truth) > 0.995 > iou(plain, truth)


@pytest.mark.parametrize("value", [False, True])
def test_a_mask_without_a_contour_keeps_its_value(value):
    rgb = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    small = cv2.resize(rgb, (35, 25), interpolation=cv2.INTER_AREA)
    assert (to_full_size(np.full((25, 35), value), np.zeros((25, 35), np.float32), guide(rgb, small)) == value).all()


def test_belief_says_where_between_two_pixels_the_contour_runs():
    # One colour all over, so the picture says nothing; each pixel of the mask is four wide at full size.
    rgb = np.full((80, 160, 3), 90, np.uint8)
    seen = guide(rgb, rgb[::4, ::4])
    mask = np.zeros((20, 40), bool)
    mask[:, 20:] = True
    sure_inside, sure_outside = np.full((20, 40), -0.5, np.float32), np.full((20, 40), -9.0, np.float32)
    sure_inside[:, 20:], sure_outside[:, 20:] = 9, 0.5
    wide, narrow = (np.count_nonzero(to_full_size(mask, belief, seen)[40]) for belief in (sure_inside, sure_outside))
    assert narrow < 80 < wide
    assert wide - narrow <= 8, "no more than a pixel of the mask to either side"


def test_a_pixel_of_the_mask_stays_in_it_whatever_is_believed(iou):
    rgb = np.full((80, 160, 3), 90, np.uint8)
    mask = np.zeros((20, 40), bool)
    mask[5:15, 10:30] = True
    against = np.where(mask, -50, 50).astype(np.float32)
    full = to_full_size(mask, against, guide(rgb, rgb[::4, ::4]))
    assert iou(full, np.kron(mask, np.ones((4, 4))) > 0) > 0.9
