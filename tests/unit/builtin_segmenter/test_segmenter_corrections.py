"""Further prompts: what was pointed at holds, and what nobody complained of stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.frames import ArrayFrames
from videdit.prompts import Box, Click, MaskPrompt, Stroke
from videdit.runtime import Runtime
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.segmenter.pointing import lay_out

SIZE = (60, 90)
PICTURE = ArrayFrames([np.random.default_rng(4).integers(0, 256, (*SIZE, 3)).astype(np.uint8)])
clicks = st.builds(Click, st.floats(0, SIZE[1] - 0.01), st.floats(0, SIZE[0] - 0.01), st.booleans())


@given(st.lists(clicks, min_size=1, max_size=3, unique_by=lambda click: (int(click.x), int(click.y))))
@settings(max_examples=15, deadline=None)
def test_every_clicked_pixel_is_on_its_side(prompts):
    for answer in BuiltinSegmenter(SegmenterOptions(), Runtime()).segment(PICTURE, 0, prompts):
        for click in prompts:
            if answer.mask.any():
                assert answer.mask[int(click.y), int(click.x)] == click.positive


def test_every_painted_pixel_is_on_its_side(moving_clip, segmenter):
    prompts = [
        Stroke(((60, 70), (100, 70)), 4.0),
        Stroke(((40, 20), (160, 20)), 6.0, positive=False),
        Stroke(((100, 70), (120, 70)), 4.0, positive=False),
    ]
    size = moving_clip.frames.size
    drawn = lay_out(prompts, size, size, 0)
    for answer in segmenter.segment(moving_clip.frames, moving_clip.index, prompts):
        assert answer.mask[drawn.inside].all()
        assert not answer.mask[drawn.outside].any()
    # Where brushes overlap, the later one counts.
    assert drawn.outside[70, 100]
    assert drawn.inside[70, 80]


def test_nothing_outside_the_box_is_selected(moving_clip, segmenter):
    for answer in segmenter.segment(moving_clip.frames, moving_clip.index, [Box(50.5, 40, 80, 100)]):
        outside = np.ones(answer.mask.shape, bool)
        outside[40:100, 50:80] = False
        assert not answer.mask[outside].any()


@pytest.mark.parametrize("positive", [True, False])
def test_a_click_corrects_a_mask_from_elsewhere_and_leaves_the_rest(still_clip, segmenter, iou, positive):
    """As when a person corrects what a tracker made: one click, and the tracker's mask."""
    previous = still_clip.truth.copy()
    if positive:
        previous[:, 58:] = False
        click = Click(63, 45)
    else:
        previous[70:90, 90:115] = True
        click = Click(102, 80, False)
    answer = segmenter.segment(still_clip.frames, 0, [click], previous)[0].mask
    assert answer[int(click.y), int(click.x)] == positive
    assert iou(answer, still_clip.truth) > max(0.9, iou(previous, still_clip.truth))


def test_clicks_correct_a_mask_prompt(still_clip, segmenter, iou):
    drawn = still_clip.truth.copy()
    drawn[70:90, 90:115] = True
    answer = segmenter.segment(still_clip.frames, 0, [MaskPrompt(mask=drawn), Click(102, 80, False)])[0].mask
    assert iou(answer, still_clip.truth) > 0.9


def test_mask_prompts_of_different_pixels_are_told_apart(still_clip, segmenter):
    one, other = np.zeros_like(still_clip.truth), np.zeros_like(still_clip.truth)
    one[5:20, 5:20] = True
    other[60:80, 60:90] = True
    for mask in (one, other):
        assert np.array_equal(segmenter.segment(still_clip.frames, 0, [MaskPrompt(mask=mask)])[0].mask, mask)


def test_a_negative_click_in_a_box_takes_a_hole_out(moving_clip, segmenter):
    prompts = [Box(40, 30, 120, 110), Click(80, 70, False)]
    assert not segmenter.segment(moving_clip.frames, moving_clip.index, prompts)[0].mask[70, 80]


def test_prompts_at_once_answer_as_prompts_one_by_one(moving_clip):
    prompts = [Click(80, 70), Click(112, 70, False), Click(60, 72)]
    previous = None
    stepwise = BuiltinSegmenter(SegmenterOptions(), Runtime())
    for count in range(1, 4):
        previous = stepwise.segment(moving_clip.frames, moving_clip.index, prompts[:count], previous)[0].mask
    at_once = BuiltinSegmenter(SegmenterOptions(), Runtime())
    assert np.array_equal(at_once.segment(moving_clip.frames, moving_clip.index, prompts)[0].mask, previous)


def test_two_parts_need_two_clicks_and_both_stay():
    pixels = np.full((80, 120, 3), 60, np.uint8)
    pixels[20:50, 15:45] = pixels[20:50, 75:105] = (220, 40, 40)
    frames = ArrayFrames([pixels])
    segmenter = BuiltinSegmenter(SegmenterOptions(), Runtime())
    one = segmenter.segment(frames, 0, [Click(30, 35)])[0].mask
    assert one[35, 30]
    assert not one[35, 90]
    both = segmenter.segment(frames, 0, [Click(30, 35), Click(90, 35)], one)[0].mask
    expected = np.zeros((80, 120), bool)
    expected[20:50, 15:45] = expected[20:50, 75:105] = True
    assert (both & expected).sum() / (both | expected).sum() > 0.9


def test_a_negative_click_may_come_first(still_clip, segmenter, iou):
    mask = segmenter.segment(still_clip.frames, 0, [Click(100, 80, False), Click(50, 45)])[0].mask
    assert iou(mask, still_clip.truth) > 0.9


def test_a_click_brings_back_what_a_tracker_lost(still_clip, segmenter, iou):
    lost = np.zeros_like(still_clip.truth)
    assert iou(segmenter.segment(still_clip.frames, 0, [Click(50, 45)], lost)[0].mask, still_clip.truth) > 0.9
