"""What looked like an object while that was in sight elsewhere is not taken for it once it is gone."""

from __future__ import annotations

import numpy as np
import pytest

from videdit_plugins.builtin.tracker.decoys import carried, is_decoy
from videdit_plugins.builtin.tracker.search import Place
from videdit_plugins.builtin.tracker.target import Decoy, Target

RED, BLUE = (190, 60, 50), (50, 80, 190)
LEAVES_FRAME, GONE_FRAME, BACK_FRAME, FRAMES = 10, 20, 30, 36
DOUBLE, SHADE = (150, 60), 0.7


def way(index):
    """Return x of the object: it lingers, leaves and comes back."""
    if index >= BACK_FRAME:
        return 12 * (index - BACK_FRAME) - 12
    return 60 - 2 * (index % 2) - 8 * max(0, index - LEAVES_FRAME)


@pytest.fixture
def leaving(paint):
    """A clip of a double that stands, and of an object that leaves to the left, in the shade, and comes back.

    In the shade it looks less like itself than its double does.
    """
    clip = paint(FRAMES)
    clip.ellipse(0, RED, lambda _: DOUBLE, radius=12, like=1)
    clip.ellipse(1, RED, lambda i: (way(i), 80), radius=12)
    for pixels, masks in list(zip(clip.pixels, clip.masks, strict=True))[2:BACK_FRAME]:
        pixels[masks[1]] = pixels[masks[1]] * SHADE
    return clip


def test_a_double_that_stood_there_before_is_not_taken_for_an_object_that_has_left(leaving, make_tracker):
    tracker = make_tracker()
    tracker.start(leaving.frames, 0, leaving.masks[0])
    for index in range(1, FRAMES):
        result, truth = tracker.step(index)[1], leaving.masks[index][1]
        if GONE_FRAME <= index < BACK_FRAME:
            assert not truth.any()
            assert result.absent, index
    assert np.count_nonzero(result.mask & truth) > 0.7 * np.count_nonzero(truth), "it is found where it comes back"


def test_decoys_are_part_of_the_state(leaving, make_tracker):
    tracker, restored = make_tracker(), make_tracker()
    tracker.start(leaving.frames, 0, leaving.masks[0])
    for index in range(1, GONE_FRAME):
        tracker.step(index)
    restored.restore(leaving.frames, tracker.snapshot())
    for index in range(GONE_FRAME, FRAMES):
        result, again = tracker.step(index)[1], restored.step(index)[1]
        np.testing.assert_array_equal(result.probability, again.probability)


def test_decoys_move_as_the_picture_does():
    forward = np.zeros((30, 40, 2), np.float32)
    forward[10, 20] = 3.0, -1.5
    decoys = [Decoy(40.0, 20.0, 0.5), Decoy(400.0, -3.0, 0.7)]
    assert carried(decoys, forward) == [Decoy(43.0, 18.5, 0.5), Decoy(400.0, -3.0, 0.7)]
    assert carried(decoys, None) == decoys


@pytest.mark.parametrize(
    ("centre", "mean", "expected"),
    [((52.0, 30.0), 0.5, True), ((52.0, 30.0), 0.7, False), ((61.0, 30.0), 0.5, False), ((50.0, 41.0), 0.5, False)],
)
def test_a_place_that_looks_likelier_than_the_decoy_did_may_be_the_object_before_it(centre, mean, expected):
    nothing = np.zeros((60, 100), np.float32)
    known = Target(nothing, usual_box=(20.0, 20.0), decoys=[Decoy(50.0, 30.0, 0.5)])
    assert is_decoy(known, Place(nothing, centre, mean)) is expected
