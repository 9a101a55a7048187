"""What a box alone finds, and the two measures that only it uses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from videdit.example.ball import BALL, BallFilm
from videdit.frames import ArrayFrames, Region
from videdit.prompts import Box
from videdit_plugins.builtin.maxflow import nested_cuts
from videdit_plugins.builtin.segmenter import cutting
from videdit_plugins.builtin.segmenter.barrier import FAR, barrier_distance
from videdit_plugins.builtin.segmenter.belief import CERTAIN
from videdit_plugins.builtin.segmenter.evidence import picture
from videdit_plugins.builtin.segmenter.motion import no_motion
from videdit_plugins.builtin.segmenter.nearby import nearby_colours


def test_a_barrier_is_the_span_of_what_is_crossed():
    values = np.array([[0, 3, 1, 5, 5, 2]], np.float32)[..., None]
    start = np.array([[True, False, False, False, False, False]])
    assert barrier_distance(start, values).tolist() == [[0, 3, 3, 5, 5, 5]]


def test_ground_behind_a_gap_is_near_however_long_the_way():
    wall = np.zeros((20, 20, 1), np.float32)
    wall[5:15, 5] = wall[5:15, 14] = wall[5, 5:15] = wall[14, 5:14] = 9
    start = np.zeros((20, 20), bool)
    start[0] = True
    distance = barrier_distance(start, wall)
    assert distance[10, 10] == 9
    wall[14, 9] = 0
    assert barrier_distance(start, wall)[10, 10] == 0


def test_there_is_no_way_from_nowhere():
    assert (barrier_distance(np.zeros((3, 4), bool), np.zeros((3, 4, 2), np.float32)) == FAR).all()


@given(arrays.arrays(np.float32, (6, 7, 2), elements=st.integers(-5, 5).map(float)), st.integers(0, 41))
@settings(max_examples=30, deadline=None)
def test_no_barrier_is_lower_than_the_difference_to_the_start(features, place):
    start = np.zeros((6, 7), bool)
    start.flat[place] = True
    distance = barrier_distance(start, features)
    least = np.linalg.norm(features - features.reshape(-1, 2)[place], axis=2)
    assert (distance >= least - 1e-4).all()
    assert distance.max() < FAR


def test_one_colour_is_the_objects_here_and_the_grounds_there():
    pixels = np.full((60, 120, 3), 128, np.uint8)
    mask = np.zeros((60, 120), bool)
    mask[:, :40] = True
    seen = picture(pixels, no_motion((60, 120)))
    ratio = nearby_colours(seen, mask, Region(0, 0, 120, 60))
    assert (ratio[:, :20] > 1).all()
    assert (ratio[:, 70:] < -1).all()
    assert (nearby_colours(seen, mask, Region(0, 0, 50, 60))[:, 50:] == 0).all()


def test_cuts_of_a_part_are_cuts_of_the_whole():
    random = np.random.default_rng(2)
    seen = picture(random.integers(0, 256, (40, 50, 3)).astype(np.uint8), no_motion((40, 50)))
    edges = cutting.edges_of(seen)
    field = np.full((40, 50), -CERTAIN, np.float32)
    field[12:30, 7:33] = random.normal(6, 4, (18, 26))
    whole = nested_cuts(field, edges.links)[0]
    assert whole.any()
    assert np.array_equal(cutting.best_cut(field, edges), whole)
    assert not cutting.best_cut(np.full((40, 50), -CERTAIN, np.float32), edges).any()


def test_ground_between_the_legs_is_left_out(segmenter, iou):
    """A table on speckled ground: the box also holds the ground under it."""
    random = np.random.default_rng(7)
    speckled = random.integers(0, 24, (120, 160, 3))
    truth = np.zeros((120, 160), bool)
    truth[30:50, 40:120] = truth[50:95, 40:55] = truth[50:95, 105:120] = True
    pixels = np.where(truth[..., None], (150, 90, 50), (190, 180, 160)) + speckled
    frames = ArrayFrames([cv2.blur(pixels.astype(np.uint8), (3, 3))])
    mask = segmenter.segment(frames, 0, [Box(40, 30, 120, 95)])[0].mask
    assert not mask[70:90, 65:95].any()
    assert iou(mask, truth) > 0.9


@pytest.mark.parametrize(
    "box", [Box(50, 40, 52, 42), Box(0, 0, 130, 100), Box(0, 0, 130, 1), Box(129.5, 99.5, 140, 130)]
)
def test_boxes_of_any_size_are_answered(still_clip, segmenter, box):
    for answer in segmenter.segment(still_clip.frames, 0, [box]):
        assert answer.mask.shape == still_clip.truth.shape
        assert 0 <= answer.score <= 1


def test_a_box_in_which_nothing_stands_out_is_taken_whole(segmenter):
    frames = ArrayFrames([np.full((60, 80, 3), 90, np.uint8)])
    (answer,) = segmenter.segment(frames, 0, [Box(30, 20, 40, 28)])
    assert answer.mask.sum() == 80
    assert answer.mask[20:28, 30:40].all()
    assert answer.score < 0.5


def test_a_box_around_the_whole_frame_finds_what_is_unlike_the_border(still_clip, segmenter, iou):
    mask = segmenter.segment(still_clip.frames, 0, [Box(0, 0, 130, 100)])[0].mask
    assert iou(mask, still_clip.truth) > 0.8


def test_a_part_as_grey_as_the_gravel_behind_is_the_balls_though_the_ball_hides_it_on_most_frames(segmenter, iou):
    """The example's ball rolls on by less than its own width, and its shaded white might be a shadow on the gravel."""
    first, index = 71, 95
    looked_at = sorted(index + offset for offset in (-24, -20, -16, -12, -8, -4, -2, -1, 0, 1, 2, 4))
    film = BallFilm()
    drawn = {number: film.draw(number) for number in looked_at}
    # The frames between are not looked at.
    frames = ArrayFrames([drawn[number if number in drawn else index].rgb for number in range(first, film.frame_count)])
    ball = drawn[index].labels == BALL
    box = Region.of(ball).grown(3, ball.shape)
    answer = segmenter.segment(frames, index - first, [Box(box.x0, box.y0, box.x1, box.y1)])[0]
    assert iou(answer.mask, ball) > 0.9
