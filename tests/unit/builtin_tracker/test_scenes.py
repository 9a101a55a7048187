"""What pictures alone say is worked out while the tracker still settles the frame before."""

from __future__ import annotations

import numpy as np
import pytest

from videdit.errors import CannotDecode
from videdit.frames import ArrayFrames
from videdit_plugins.builtin.tracker.scenes import Scenes


class Watched(ArrayFrames):
    """Notes which frames are asked for; one of them may be broken."""

    def __init__(self, pixels, broken=None):
        super().__init__(pixels)
        self.asked, self.broken = set(), broken

    def __getitem__(self, index):
        self.asked.add(index)
        if index == self.broken:
            raise CannotDecode(f"frame {index} cannot be read")
        return super().__getitem__(index)


@pytest.fixture
def crossing(paint):
    return paint(12).ellipse(1, (190, 90, 60), lambda index: (40 + 4 * index, 60))


@pytest.mark.parametrize(("index", "direction"), [(4, 1), (4, -1)])
def test_the_next_frame_is_looked_at_while_this_one_is_settled(crossing, index, direction):
    frames = Watched(crossing.pixels)
    scenes = Scenes(frames, 10**6, behind=False)
    scenes.at(index, direction)
    with scenes.next_beside(index, direction):
        pass
    assert frames.asked == {index - direction, index, index + direction}
    frames.asked.clear()
    ahead = scenes.at(index + direction, direction)
    assert not frames.asked
    anew = Scenes(frames, 10**6, behind=False).at(index + direction, direction)
    assert (ahead.before.index, ahead.now.index) == (index, index + direction)
    assert np.array_equal(ahead.forward, anew.forward)


def test_nothing_is_looked_at_beyond_the_shot(crossing):
    frames = Watched(crossing.pixels)
    scenes = Scenes(frames, 10**6, behind=False)
    with scenes.next_beside(11, 1), scenes.next_beside(0, -1):
        pass
    assert not frames.asked


def test_a_frame_that_cannot_be_read_is_heard_of_when_the_walk_gets_there(crossing, make_tracker):
    frames = Watched(crossing.pixels, broken=3)
    tracker = make_tracker("draft")
    tracker.start(frames, 0, crossing.masks[0])
    assert tracker.step(1)[1].mask.any()
    assert tracker.step(2)[1].mask.any()
    with pytest.raises(CannotDecode, match="frame 3"):
        tracker.step(3)
    frames.broken = None
    whole = make_tracker("draft")
    whole.start(ArrayFrames(crossing.pixels), 0, crossing.masks[0])
    for index in (1, 2):
        whole.step(index)
    assert np.array_equal(tracker.step(3)[1].mask, whole.step(3)[1].mask)
