"""The built-in tracker on clips whose masks are known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from videdit.errors import OptionError, ShapeError
from videdit.frames import ArrayFrames
from videdit_plugins.builtin.tracker import doubt
from videdit_plugins.builtin.tracker import follow as follow_module

RED, BLUE, GOLD, GREY = (190, 60, 50), (50, 80, 190), (210, 180, 60), (60, 60, 60)


def iou(one, other):
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def follow(tracker, indices):
    return {index: tracker.step(index) for index in indices}


def one_mover(paint, frame_count=10):
    return paint(frame_count).ellipse(1, RED, lambda i: (50 + 5 * i, 55 + 2 * i))


@pytest.mark.parametrize("quality", ["draft", "standard", "best"])
def test_follows_a_moving_object(paint, make_tracker, quality):
    clip, tracker = one_mover(paint), make_tracker(quality)
    tracker.start(clip.frames, 0, {1: clip.masks[0][1]})
    for index, results in follow(tracker, range(1, 10)).items():
        assert iou(results[1].mask, clip.masks[index][1]) > 0.9
        assert results[1].probability.dtype == np.float32
        assert 0 <= results[1].score <= 1


def test_starts_in_the_middle_and_goes_both_ways(paint, make_tracker):
    clip = one_mover(paint)
    for indices in (range(6, 10), range(4, -1, -1)):
        tracker = make_tracker()
        tracker.start(clip.frames, 5, {1: clip.masks[5][1]})
        for index, results in follow(tracker, indices).items():
            assert iou(results[1].mask, clip.masks[index][1]) > 0.9


def test_two_crossing_objects_keep_their_ids_and_share_no_pixel(paint, make_tracker):
    clip = paint(16).ellipse(1, RED, lambda i: (45 + 7 * i, 60)).ellipse(2, BLUE, lambda i: (155 - 7 * i, 62))
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    results = follow(tracker, range(1, 16))
    for index, by_id in results.items():
        assert not (by_id[1].mask & by_id[2].mask).any()
        assert iou(by_id[2].mask, clip.masks[index][2]) > 0.8, index
    for object_id in (1, 2):
        assert iou(results[15][object_id].mask, clip.masks[15][object_id]) > 0.8


def test_masks_that_were_drawn_over_one_another_share_no_pixel_unless_one_is_a_part(paint, make_tracker):
    clip = paint(6).ellipse(1, RED, lambda i: (60 + 3 * i, 60)).ellipse(2, BLUE, lambda i: (94 + 3 * i, 60))
    wide = clip.masks[0][1] | (clip.masks[0][2] & (np.indices(clip.masks[0][2].shape)[1] < 90))
    head = clip.masks[0][1] & (np.indices(wide.shape)[0] < 52)
    for second, parts in ((clip.masks[0][2], False), (head, True)):
        tracker = make_tracker()
        tracker.start(clip.frames, 0, {1: wide, 2: second})
        for by_id in follow(tracker, range(1, 6)).values():
            assert (by_id[1].mask & by_id[2].mask).any() == parts


def test_touching_objects_stay_apart(paint, make_tracker):
    clip = paint(8).ellipse(1, RED, lambda i: (60 + 3 * i, 60)).ellipse(2, BLUE, lambda i: (94 + 3 * i, 60))
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    last = follow(tracker, range(1, 8))[7]
    for object_id in (1, 2):
        assert iou(last[object_id].mask, clip.masks[7][object_id]) > 0.9


def test_hidden_object_is_absent_and_found_again(paint, make_tracker):
    clip = paint(22).ellipse(1, RED, lambda i: (30 + 6 * i, 60), radius=12)
    clip.ellipse(0, GREY, lambda i: (95, 60), radius=28)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    results = follow(tracker, range(1, 22))
    hidden = [index for index in results if not clip.masks[index][1].any()]
    assert hidden
    assert results[hidden[-1]][1].absent
    assert results[hidden[-1]][1].score < 0.7
    assert iou(results[21][1].mask, clip.masks[21][1]) > 0.8


@pytest.mark.parametrize("found", [True, False])
def test_what_hardly_looks_like_the_object_is_looked_for_and_absent_if_found_nowhere(
    paint, make_tracker, monkeypatch, found
):
    clip, tracker = one_mover(paint), make_tracker(learned=False)
    monkeypatch.setattr(doubt, "score", lambda named: 0.1)
    if not found:
        monkeypatch.setattr(follow_module, "find_again", lambda *args: [])
    tracker.start(clip.frames, 0, clip.masks[0])
    results = follow(tracker, range(1, 4))
    assert not results[2][1].absent
    assert results[3][1].absent is not found
    if found:
        assert iou(results[3][1].mask, clip.masks[3][1]) > 0.8


def test_object_that_left_the_frame_is_absent(paint, make_tracker):
    clip = paint(12).ellipse(1, RED, lambda i: (140 + 10 * i, 60), radius=16)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    last = follow(tracker, range(1, 12))[11][1]
    assert not clip.masks[11][1].any()
    assert last.absent
    assert not last.probability.any()
    assert last.score > 0.7
    assert last.evidence["left"] == 1


def test_correction_is_taken_up(paint, make_tracker):
    clip = one_mover(paint)
    wrong = np.roll(clip.masks[0][1], 60, axis=1)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, {1: wrong})
    tracker.step(1)
    tracker.correct(1, 1, clip.masks[1][1])
    tracker.correct(1, 1, clip.masks[1][1])
    assert iou(tracker.step(2)[1].mask, clip.masks[2][1]) > 0.8


def test_an_adopted_mask_is_followed_and_is_no_truth(paint, make_tracker):
    clip = one_mover(paint)
    wrong = np.roll(clip.masks[0][1], 60, axis=1)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    tracker.step(1)
    tracker.adopt(1, 1, wrong)
    # What was given on frame 0 still holds: the object is found again at its own place.
    for index in range(2, 6):
        result = tracker.step(index)[1]
    assert iou(result.mask, clip.masks[5][1]) > iou(result.mask, np.roll(wrong, (8, 20), axis=(0, 1)))
    better = clip.masks[5][1]
    tracker.adopt(5, 1, better)
    assert iou(tracker.step(6)[1].mask, clip.masks[6][1]) > 0.9
    tracker.adopt(6, 1, np.zeros_like(better))
    with pytest.raises(OptionError, match="not being tracked"):
        tracker.adopt(6, 9, better)


def test_object_joins_later_and_another_is_forgotten_without_trace(paint, make_tracker):
    clip = paint(8).ellipse(1, RED, lambda i: (35 + 2 * i, 60)).ellipse(2, BLUE, lambda i: (165 - i, 60))
    tracker, alone = make_tracker(), make_tracker()
    tracker.start(clip.frames, 0, {1: clip.masks[0][1]})
    alone.start(clip.frames, 0, {1: clip.masks[0][1]})
    for index in (1, 2):
        tracker.step(index), alone.step(index)
    tracker.add(2, 2, clip.masks[2][2])
    results = follow(tracker, range(3, 6))
    follow(alone, range(3, 6))
    assert iou(results[5][2].mask, clip.masks[5][2]) > 0.9
    tracker.forget(2)
    tracker.forget(7)
    assert tracker.snapshot() == alone.snapshot()
    assert set(tracker.step(6)) == {1}


def test_snapshot_goes_on_byte_for_byte(paint, make_tracker):
    clip = paint(10).ellipse(1, RED, lambda i: (40 + 6 * i, 60)).ellipse(2, BLUE, lambda i: (150 - 6 * i, 66))
    first, second = make_tracker(), make_tracker()
    first.start(clip.frames, 0, clip.masks[0])
    follow(first, range(1, 5))
    state = first.snapshot()
    second.restore(clip.frames, state)
    assert second.snapshot() == state
    for index in range(5, 10):
        one, other = first.step(index), second.step(index)
        for object_id in (1, 2):
            assert one[object_id].probability.tobytes() == other[object_id].probability.tobytes()
            assert one[object_id].score == other[object_id].score


def test_result_does_not_depend_on_the_number_of_threads(paint, make_tracker):
    clip = one_mover(paint, 4)
    outcomes = []
    before = cv2.getNumThreads(), torch.get_num_threads()
    try:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            torch.set_num_threads(threads)
            with threadpool_limits(threads, user_api="blas"):
                tracker = make_tracker()
                tracker.start(clip.frames, 0, clip.masks[0])
                follow(tracker, range(1, 4))
            outcomes.append(tracker.snapshot())
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
    assert outcomes[0] == outcomes[1]


def test_state_stays_the_same_size(paint, make_tracker):
    clip = paint(30).ellipse(1, RED, lambda i: (80 + 20 * np.sin(i / 3), 60))
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    sizes = []
    for index in range(1, 30):
        tracker.step(index)
        tracker.confirm(index, 1, clip.masks[index][1])
        sizes.append(len(tracker.snapshot()))
    assert max(sizes[12:]) < 1.1 * sizes[10]


def test_confirmed_frames_teach_a_new_look(paint, make_tracker):
    """The object is half gold where a person confirms it; only then is its gold half part of it."""
    clip = paint(6).ellipse(1, RED, lambda i: (100, 50))
    half = {}
    for index in range(6):
        mask = np.zeros_like(clip.masks[index][1])
        mask[60:100, 85:115] = index >= 2
        mask &= ~clip.masks[index][1]
        clip.pixels[index][mask] = GOLD
        half[index] = mask
    told, untold = make_tracker(), make_tracker()
    for tracker in (told, untold):
        tracker.start(clip.frames, 0, clip.masks[0])
    told.confirm(5, 1, clip.masks[5][1] | half[5])
    for index in range(1, 5):
        with_help, without = told.step(index)[1].mask, untold.step(index)[1].mask
    assert with_help[half[4]].mean() > without[half[4]].mean()


def test_deep_frames_give_the_same_masks(paint, make_tracker):
    clip = one_mover(paint, 4)
    deep = ArrayFrames([pixels.astype(np.uint16) * 257 for pixels in clip.pixels])
    masks = []
    for frames in (clip.frames, deep):
        tracker = make_tracker()
        tracker.start(frames, 0, clip.masks[0])
        masks.append(follow(tracker, range(1, 4))[3][1].mask)
    assert np.array_equal(*masks)


def test_large_frames_come_out_at_full_size(paint, make_tracker):
    clip = one_mover(paint, 3)
    size = (SIZE_FACTOR * clip.size[1], SIZE_FACTOR * clip.size[0])
    frames = ArrayFrames([cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC) for pixels in clip.pixels])
    truths = [cv2.resize(m[1].astype(np.uint8), size, interpolation=cv2.INTER_LINEAR) > 0 for m in clip.masks]
    tracker = make_tracker()
    tracker.start(frames, 0, {1: truths[0]})
    result = follow(tracker, range(1, 3))[2][1]
    assert result.mask.shape == truths[0].shape
    assert iou(result.mask, truths[2]) > 0.9


SIZE_FACTOR = 9


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (9, 40), (40, 9), (33, 33)])
def test_tiny_frames(make_tracker, size):
    pixels = [np.random.default_rng(i).integers(0, 256, (*size, 3), dtype=np.uint8) for i in range(3)]
    mask = np.zeros(size, bool)
    mask[: (size[0] + 1) // 2] = True
    tracker = make_tracker()
    tracker.start(ArrayFrames(pixels), 1, {1: mask})
    assert tracker.step(2)[1].mask.shape == size
    assert tracker.step(1)[1].mask.shape == size


def test_object_that_covers_the_whole_frame(paint, make_tracker):
    clip = paint(4)
    whole = np.ones(clip.size, bool)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, {1: whole})
    assert follow(tracker, range(1, 4))[3][1].mask.mean() > 0.95


def test_empty_masks_stay_absent_until_corrected(paint, make_tracker):
    clip = one_mover(paint, 5)
    empty = np.zeros(clip.size, bool)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, {1: empty})
    assert tracker.step(1)[1].absent
    tracker.correct(1, 1, clip.masks[1][1])
    assert iou(tracker.step(2)[1].mask, clip.masks[2][1]) > 0.9
    tracker.start(clip.frames, 0, {})
    assert tracker.step(1) == {}


def test_one_frame_shot(paint, make_tracker):
    clip = one_mover(paint, 1)
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    tracker.restore(clip.frames, tracker.snapshot())


def test_wrong_calls_are_refused(paint, make_tracker):
    clip, tracker = one_mover(paint, 5), make_tracker()
    with pytest.raises(OptionError, match="not been started"):
        tracker.step(0)
    with pytest.raises(OptionError, match="outside the shot"):
        tracker.start(clip.frames, 9, {})
    with pytest.raises(ShapeError, match="object 1"):
        tracker.start(clip.frames, 0, {1: np.ones((3, 3), bool)})
    tracker.start(clip.frames, 0, clip.masks[0])
    with pytest.raises(OptionError, match="not beside"):
        tracker.step(2)
    with pytest.raises(OptionError, match="last one handled"):
        tracker.correct(3, 1, clip.masks[3][1])
    with pytest.raises(OptionError, match="not being tracked"):
        tracker.correct(0, 5, clip.masks[0][1])
    with pytest.raises(OptionError, match="cannot be read"):
        tracker.restore(clip.frames, b"nonsense")
    with pytest.raises(OptionError, match="cannot be read"):
        tracker.restore(clip.frames, b"PK\x03\x04" + bytes(40))
    tracker.reset()
    with pytest.raises(OptionError, match="not been started"):
        tracker.snapshot()
