"""What the built-in segmenter answers on clips whose truth is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from videdit.errors import OutsideFrame, PromptError, ShapeError
from videdit.frames import ArrayFrames
from videdit.prompts import Box, Click, MaskPrompt, Phrase, Stroke
from videdit.runtime import Runtime
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter, working_size
from videdit_plugins.builtin.segmenter.options import SegmenterOptions


def test_a_click_finds_what_moves_though_it_looks_like_the_ground(moving_clip, iou):
    found = []
    for motion in (True, False):
        # The network sees the object's rim even in a still.
        segmenter = BuiltinSegmenter(SegmenterOptions(motion=motion), Runtime(learned=False))
        answers = segmenter.segment(moving_clip.frames, moving_clip.index, [Click(80, 70)])
        found.append(iou(answers[0].mask, moving_clip.truth))
    assert found[0] > 0.8
    assert found[1] < 0.5


def test_a_box_finds_what_moves_in_it(moving_clip, segmenter, iou):
    answers = segmenter.segment(moving_clip.frames, moving_clip.index, [Box(50, 40, 110, 100)])
    assert iou(answers[0].mask, moving_clip.truth) > 0.8


@pytest.mark.parametrize("prompt", [Click(50, 45), Box(26, 22, 75, 68), Stroke(((45, 40), (56, 52)), 3.0)])
def test_a_still_thing_of_its_own_colour_is_found_in_a_shot_of_one_frame(still_clip, segmenter, iou, prompt):
    answers = segmenter.segment(still_clip.frames, 0, [prompt])
    assert iou(answers[0].mask, still_clip.truth) > 0.9


@pytest.mark.parametrize("index", [10, 18])
def test_the_first_and_last_frame_of_a_shot_have_one_side_of_time(moving_clip, segmenter, iou, index):
    x = 80 + 3 * (index - moving_clip.index)
    truth = np.roll(moving_clip.truth, x - 80, axis=1)
    answers = segmenter.segment(moving_clip.frames, index, [Click(x, 70)])
    assert iou(answers[0].mask, truth) > 0.7


def test_no_frame_outside_the_shot_is_asked_for(moving_clip, segmenter):
    class Watched(ArrayFrames):
        def __getitem__(self, index):
            assert index in self.shot
            return super().__getitem__(index)

    pixels = [frame.rgb for frame in moving_clip.frames]
    for index in (0, 8):
        BuiltinSegmenter(SegmenterOptions(), Runtime()).segment(Watched(pixels), index, [Click(80, 70)])


def test_frames_of_16_bits_give_the_masks_of_8(still_clip, iou):
    deep = ArrayFrames([still_clip.frames[0].rgb.astype(np.uint16) * 257])
    masks = [
        BuiltinSegmenter(SegmenterOptions(), Runtime()).segment(frames, 0, [Click(50, 45)])[0].mask
        for frames in (deep, still_clip.frames)
    ]
    assert np.array_equal(*masks)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (32, 32), (31, 90), (300, 41), (401, 642)])
def test_any_size_of_frame_gets_masks_of_its_size(size, segmenter):
    random = np.random.default_rng(3)
    pixels = [cv2.blur(random.integers(0, 256, (*size, 3)).astype(np.uint8), (5, 5)) for _ in range(2)]
    for prompt in (Click(size[1] / 2, size[0] / 2), Box(0, 0, size[1], size[0])):
        for answer in segmenter.segment(ArrayFrames(pixels), 0, [prompt]):
            assert answer.mask.shape == size
            assert answer.mask.dtype == bool


def test_the_working_size_keeps_shape_and_never_grows():
    assert working_size((480, 854)) == (240, 427)
    assert working_size((1920, 1080)) == (427, 240)
    assert working_size((32, 32)) == (32, 32)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (129.9, 99.9), (130, 100), (0, 99.5)])
def test_clicks_at_the_border_are_clicks(still_clip, segmenter, x, y):
    mask = segmenter.segment(still_clip.frames, 0, [Click(x, y)])[0].mask
    assert mask[min(int(y), 99), min(int(x), 129)]


def test_hypotheses_differ_and_scores_fall(moving_clip, iou):
    segmenter = BuiltinSegmenter(SegmenterOptions(hypotheses=5), Runtime())
    answers = segmenter.segment(moving_clip.frames, moving_clip.index, [Click(60, 70)])
    assert len(answers) > 1
    scores = [answer.score for answer in answers]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    for number, one in enumerate(answers):
        assert all(iou(one.mask, other.mask) < 1 for other in answers[:number])
    single = BuiltinSegmenter(SegmenterOptions(hypotheses=1), Runtime())
    assert len(single.segment(moving_clip.frames, moving_clip.index, [Click(60, 70)])) == 1


def test_two_instances_and_two_calls_give_equal_bytes(moving_clip):
    prompts = [Click(80, 70), Click(110, 70, False)]
    one, other = (BuiltinSegmenter(SegmenterOptions(), Runtime()) for _ in range(2))
    first = one.segment(moving_clip.frames, moving_clip.index, prompts)
    # What the other instance was asked before must not matter.
    other.segment(moving_clip.frames, moving_clip.index, [Box(10, 10, 50, 60)])
    for again in (one, other):
        answers = again.segment(moving_clip.frames, moving_clip.index, prompts)
        assert [a.score for a in answers] == [a.score for a in first]
        assert [a.mask.tobytes() for a in answers] == [a.mask.tobytes() for a in first]


def test_a_changed_answer_does_not_change_later_ones(still_clip, segmenter):
    first = segmenter.segment(still_clip.frames, 0, [Click(50, 45)])[0].mask
    kept = first.copy()
    first[:] = False
    assert np.array_equal(segmenter.segment(still_clip.frames, 0, [Click(50, 45)])[0].mask, kept)


def test_an_unclear_thing_scores_lower_than_a_clear_one(still_clip, segmenter):
    clear = segmenter.segment(still_clip.frames, 0, [Click(50, 45)])[0].score
    random = np.random.default_rng(6)
    noise = cv2.blur(random.integers(0, 256, still_clip.frames[0].rgb.shape).astype(np.uint8), (5, 5))
    unclear = BuiltinSegmenter(SegmenterOptions(), Runtime()).segment(ArrayFrames([noise]), 0, [Click(50, 45)])[0].score
    assert clear > 0.85
    assert unclear < 0.75


def test_only_a_negative_click_selects_nothing(still_clip, segmenter):
    answers = segmenter.segment(still_clip.frames, 0, [Click(50, 45, False)])
    assert not answers[0].mask.any()
    assert answers[0].score == 0


def test_a_mask_prompt_alone_is_the_answer_and_several_are_joined(still_clip, segmenter):
    left, right = still_clip.truth.copy(), still_clip.truth.copy()
    left[:, 50:] = False
    right[:, :50] = False
    alone = segmenter.segment(still_clip.frames, 0, [MaskPrompt(mask=left)])
    both = segmenter.segment(still_clip.frames, 0, [MaskPrompt(mask=left), MaskPrompt(mask=right)])
    assert np.array_equal(alone[0].mask, left)
    assert np.array_equal(both[0].mask, still_clip.truth)


def test_what_cannot_be_used_is_refused(still_clip, segmenter):
    ask = segmenter.segment
    with pytest.raises(PromptError, match="nothing was pointed at"):
        ask(still_clip.frames, 0, [])
    with pytest.raises(OutsideFrame, match="131,5"):
        ask(still_clip.frames, 0, [Click(131, 5)])
    with pytest.raises(OutsideFrame, match="the box"):
        ask(still_clip.frames, 0, [Box(200, 5, 220, 20)])
    with pytest.raises(OutsideFrame, match="the stroke"):
        ask(still_clip.frames, 0, [Stroke(((-20, 5), (-30, 9)))])
    with pytest.raises(PromptError, match="phrases"):
        ask(still_clip.frames, 0, [Phrase("the disc")])
    with pytest.raises(ShapeError, match="mask prompt"):
        ask(still_clip.frames, 0, [MaskPrompt(mask=np.ones((3, 3), bool))])
    with pytest.raises(ShapeError, match="previous"):
        ask(still_clip.frames, 0, [Click(5, 5)], np.ones((3, 3), bool))
