"""What other frames show behind the objects."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from videdit.frames import ArrayFrames
from videdit.media import open_video
from videdit.media.decoding import Decoding
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.clips import make_clip
from videdit_plugins.builtin.tracker import behind
from videdit_plugins.builtin.tracker.behind import FARTHEST, KEPT, Behind, odds_of
from videdit_plugins.builtin.tracker.engine import BuiltinTracker
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.builtin.tracker.state import unpack


class Watched(ArrayFrames):
    """Notes which frames are asked for."""

    def __init__(self, pixels):
        super().__init__(pixels)
        self.asked = set()

    def __getitem__(self, index):
        self.asked.add(index)
        return super().__getitem__(index)


@pytest.fixture
def crossing(paint):
    """An ellipse that crosses the picture in 50 frames, 3 px each."""
    return paint(50).ellipse(1, (190, 90, 60), lambda index: (25 + 3 * index, 60))


@pytest.mark.parametrize("direction", [1, -1])
def test_an_object_that_passes_differs_from_what_was_and_will_be_there(crossing, direction):
    ground = Behind(ArrayFrames(crossing.pixels)).ground(25, direction)
    mask = crossing.masks[25][1]
    core = cv2.erode(mask.view(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert np.median(ground.unlike[core]) > 0.5
    assert np.median(ground.like[~mask]) < -1
    odds = odds_of(ground, mask.astype(np.float32), mask.shape)
    assert odds.shape == mask.shape
    assert np.median(odds[core]) > 0.5
    assert np.median(odds[~mask]) < -1


def test_how_far_an_object_is_from_the_ground_tells_it_from_a_piece_of_that(crossing):
    ground = Behind(ArrayFrames(crossing.pixels)).ground(25, 1)
    mask = crossing.masks[25][1]
    beside = np.roll(mask, -60, axis=1)
    assert ground.apart(mask) > 1
    assert ground.apart(beside) < 0.2
    assert ground.apart(np.zeros_like(mask)) is None
    nothing = dataclasses.replace(ground, known=np.zeros_like(ground.known))
    assert nothing.apart(mask) is None


def test_the_tracker_keeps_in_mind_how_far_an_object_was_from_the_ground(crossing):
    tracker = BuiltinTracker(TrackerOptions(), Runtime(learned=False))
    tracker.start(ArrayFrames(crossing.pixels), 0, crossing.masks[0])
    for index in range(1, 25):
        tracker.step(index)
    _, targets = unpack(tracker.snapshot())
    assert targets[1].usual_apart > 0.5


def test_both_ways_of_a_walk_see_the_same(crossing):
    frames = ArrayFrames(crossing.pixels)
    up, down = Behind(frames), Behind(frames)
    walked = [up.ground(index, 1) for index in range(50)]
    for index in range(49, -1, -1):
        assert np.array_equal(down.ground(index, -1).unlike, walked[index].unlike)


def test_of_large_frames_only_the_past_counts(crossing, monkeypatch):
    monkeypatch.setattr(behind, "AHEAD_BYTES", 0)
    frames = Watched(crossing.pixels)
    ground = Behind(frames).ground(25, 1)
    assert ground.known.any()
    assert max(frames.asked) == 25
    assert min(frames.asked) >= 25 - FARTHEST


def test_what_is_kept_does_not_grow(crossing):
    kept = Behind(ArrayFrames(crossing.pixels * 4))
    for index in range(190):
        kept.ground(index, 1)
    assert len(kept._pictures._kept) <= KEPT
    assert len(kept._steps._kept) <= KEPT


@pytest.mark.parametrize("order", [range(1, 90), range(88, -1, -1)])
def test_looking_ahead_decodes_no_frame_twice_on_the_way_up_and_few_on_the_way_down(tmp_path, monkeypatch, order):
    film = make_clip(tmp_path / "film.mp4", frames=90, size=(96, 128))
    starts: list[int] = []
    plain = Decoding.frames
    monkeypatch.setattr(Decoding, "frames", lambda self, start: starts.append(start) or plain(self, start))
    with open_video(film.path) as reader:
        frames = reader.walk_frames(Shot(0, 90))
        tracker = BuiltinTracker(TrackerOptions(), Runtime(learned=False))
        first = order[0] - order.step
        tracker.start(frames, first, {1: film.masks[first]})
        for index in order:
            tracker.step(index)
    assert len(starts) <= (1 if order.step > 0 else 2 + 90 // 20)
