"""What other frames show at the same places of the scene."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from videdit.frames import ArrayFrames
from videdit.prompts import Box
from videdit.runtime import Runtime
from videdit_plugins.builtin.ground import Ground
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.neighbours import LADDER, ground_around
from videdit_plugins.builtin.segmenter.options import SegmenterOptions

SIZE = 140, 200
MIDDLE, FRAMES = 24, 49


def scene(random):
    """Return blobs in every colour, among which no outline can be seen, wider than the picture: the camera pans."""
    shape = SIZE[0], SIZE[1] + 2 * FRAMES, 3
    blobs = cv2.GaussianBlur(random.normal(size=shape).astype(np.float32), (0, 0), 2.0)
    return np.clip(128 + 400 * blobs, 0, 255).astype(np.uint8)


def shot(paint, pan=2):
    """Return FRAMES pictures of a panned scene, each painted over by `paint(pixels, number)`."""
    ground = scene(np.random.default_rng(4))
    pixels = [ground[:, pan * number : pan * number + SIZE[1]].copy() for number in range(FRAMES)]
    for number, one in enumerate(pixels):
        paint(one, number)
    return pixels


def square(number):
    """Where it is: it rests around the middle of the shot, and is gone from there eight frames before and after."""
    x = 90 - 2 * (number - MIDDLE)
    for start, step in ((MIDDLE + 6, 40), (MIDDLE - 6, -40)):
        if (number - start) * step > 0:
            x += step
    return np.s_[60:90, x : x + 30]


def paint_a_square(pixels, number):
    pixels[square(number)] = (200, 40, 160)


def paint_a_shadow(pixels, number):
    part = square(number)
    light = (pixels[part] / 255.0) ** 2.2 * np.array([0.3, 0.32, 0.36])
    pixels[part] = np.round(255 * light ** (1 / 2.2))


def compared(pixels, sides=(-1, 1)):
    offsets = [side * distance for distance in LADDER for side in sides]
    return ground_around(pixels[MIDDLE], {offset: pixels[MIDDLE + offset] for offset in offsets})


def mask_of_the_square():
    mask = np.zeros(SIZE, bool)
    mask[square(MIDDLE)] = True
    return mask


def test_a_thing_that_rests_differs_from_the_ground_that_is_seen_there_later():
    ground, mask = compared(shot(paint_a_square)), mask_of_the_square()
    assert ground.trust > 0.9
    assert ground.known[mask].all()
    assert np.quantile(ground.unlike[mask], 0.1) > 0
    away = ~cv2.dilate(mask.view(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ground.known
    assert np.quantile(ground.like[away], 0.95) < -0.5


@pytest.mark.parametrize("side", [-1, 1])
def test_one_side_of_time_is_enough(side):
    ground, mask = compared(shot(paint_a_square), [side]), mask_of_the_square()
    assert ground.known[mask].all()
    assert np.quantile(ground.unlike[mask], 0.1) > 0


def test_few_frames_are_trusted_less():
    pixels = shot(paint_a_square)

    def trust(*offsets):
        return ground_around(pixels[MIDDLE], {offset: pixels[MIDDLE + offset] for offset in offsets}).trust

    all_of_one_side = trust(2, 4, 8, 12, 16, 20)
    assert trust(2, 4, 8, 12) == pytest.approx(all_of_one_side / 2, rel=0.05)
    assert trust(2, 4, 8, 12, 16) == pytest.approx(all_of_one_side * 3 / 4, rel=0.05)
    assert trust(2, 4, 8) == 0


def test_a_shadow_is_no_other_thing_than_the_ground():
    ground, mask = compared(shot(paint_a_shadow)), mask_of_the_square()
    core = cv2.erode(mask.view(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    assert np.median(ground.like[core]) == 0
    assert np.median(ground.unlike[core]) < -0.5
    sure = dataclasses.replace(ground, usual=ground.usual - 5)
    assert np.abs(sure.evidence(mask)[core]).mean() < 0.2


def test_what_never_leaves_its_place_is_not_held_against_the_object():
    def paint(pixels, number):
        x = 90 - 2 * (number - MIDDLE)
        pixels[60:90, max(0, x) : x + 30] = (200, 40, 160)

    assert np.abs(compared(shot(paint)).evidence(mask_of_the_square())).max() < 0.05


def test_what_has_not_gone_far_enough_is_hardly_denied_where_it_covers_itself():
    """Of two things that stand out, one covers half of its place on the other frames, one a twentieth."""
    part = np.zeros(SIZE, bool)
    part[20:120, 50:150] = True

    def least(covered):
        like, unlike = np.full(SIZE, -1.2, np.float32), np.full(SIZE, -1.2, np.float32)
        stays = np.s_[20 : 20 + covered, 50:150]
        like[part], unlike[part] = 0, 2
        like[stays] = unlike[stays] = -1.2
        evidence = Ground(unlike, like, np.ones(SIZE, bool), 1.0, float(unlike.mean())).evidence(part)
        assert (evidence[part & (like == 0)] > 1).all()
        return evidence[stays].min()

    assert least(5) < -1.5
    assert least(50) > -0.75


def test_where_nothing_can_be_compared_nothing_is_known():
    random = np.random.default_rng(5)
    noise = [random.integers(0, 256, (*SIZE, 3)).astype(np.uint8) for _ in range(FRAMES)]
    flat = [np.full((*SIZE, 3), 90, np.uint8)] * FRAMES
    tiny = [one[:6, :5] for one in noise]
    for pixels in (noise, flat, tiny):
        ground = compared(pixels)
        assert ground.trust == 0
        assert not ground.known.any()
    assert ground_around(noise[0], {}).trust == 0
    near = shot(paint_a_square)
    assert not ground_around(near[0], {2: near[2], 4: near[4], 8: near[8]}).known.any()


def test_a_box_around_a_thing_that_rests_finds_it_by_what_is_behind_it(iou):
    skin = scene(np.random.default_rng(7))[:30, :30]

    def paint(pixels, number):
        pixels[square(number)] = skin

    pixels, box = shot(paint), Box(75, 45, 135, 105)
    found = []
    for start, stop in ((0, FRAMES), (MIDDLE - 4, MIDDLE + 5)):
        segmenter = BuiltinSegmenter(SegmenterOptions(), Runtime(learned=False))
        answers = segmenter.segment(ArrayFrames(pixels[start:stop], first_index=start), MIDDLE, [box])
        found.append(iou(answers[0].mask, mask_of_the_square()))
    assert found[0] > 0.8 > found[1] + 0.2
