"""Several objects at once: nobody takes another's place, whatever their ways and names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

RED, BLUE = (190, 60, 50), (50, 80, 190)
FRAMES, HIDDEN_FRAMES = 9, 16
UNTOUCHED_HEIGHT = 36
few = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.sampled_from([(1, 2), (2, 1)])


def holds_its_own(results, truths):
    """Whether no mask lies more on the other object than on its own, and none shares pixels with the other."""
    if (results[1].mask & results[2].mask).any():
        return False
    for mine, other in ((1, 2), (2, 1)):
        own = np.count_nonzero(results[mine].mask & truths[mine])
        others = np.count_nonzero(results[mine].mask & truths[other])
        if others >= own and not results[mine].absent:
            return False
    return True


@pytest.mark.parametrize("learned", [False, True])
@few
@given(
    speeds=st.tuples(st.integers(6, 12), st.integers(6, 12)),
    heights=st.tuples(st.integers(40, 80), st.integers(40, 80)),
    names=names,
)
def test_ids_are_never_swapped_where_objects_cross(paint, make_tracker, learned, speeds, heights, names):
    right, left = names
    clip = paint(FRAMES)
    clip.ellipse(right, RED, lambda i: (50 + speeds[0] * i, heights[0]))
    clip.ellipse(left, BLUE, lambda i: (150 - speeds[1] * i, heights[1]))
    tracker = make_tracker("draft", learned=learned)
    tracker.start(clip.frames, 0, clip.masks[0])
    for index in range(1, FRAMES):
        results, truths = tracker.step(index), clip.masks[index]
        assert holds_its_own(results, truths), index
        front = np.count_nonzero(results[left].mask & truths[left])
        assert front > 0.8 * np.count_nonzero(truths[left])


@pytest.mark.parametrize("quality", ["draft", "standard"])
@few
@given(
    place=st.sampled_from([(170, 98), (30, 98), (100, 100)]),
    height=st.integers(32, 40),
    speed=st.integers(6, 8),
    names=names,
)
def test_a_double_in_sight_is_never_taken_for_an_object_that_another_one_hides(
    paint, make_tracker, quality, place, height, speed, names
):
    """It comes out from behind the other one and is found there; the double was there all the while."""
    # Where the other one touches the double too, that was not in sight all the while.
    assume(place != (100, 100) or height <= UNTOUCHED_HEIGHT)
    behind, front = names
    clip = paint(HIDDEN_FRAMES)
    clip.ellipse(0, RED, lambda _: place, radius=12, like=behind)
    clip.ellipse(behind, RED, lambda i: (40 + 5 * i, height), radius=12)
    clip.ellipse(front, BLUE, lambda i: (160 - speed * i, height + 8), radius=30)
    tracker = make_tracker(quality)
    tracker.start(clip.frames, 0, clip.masks[0])
    hidden = 0
    for index in range(1, HIDDEN_FRAMES):
        results, truths = tracker.step(index), clip.masks[index]
        assert holds_its_own(results, truths), index
        hidden += not truths[behind].any()
    assert hidden, "the clip has to hide it"
    found = np.count_nonzero(results[behind].mask & truths[behind])
    assert found > 0.8 * np.count_nonzero(truths[behind])


@pytest.mark.parametrize("learned", [False, True])
def test_of_two_that_look_alike_the_one_in_front_is_not_lost_before_the_other(paint, make_tracker, learned):
    """Two players of one team: before the other one he stands out from nothing."""
    frames = 24
    clip = paint(frames).ellipse(1, RED, lambda _: (100, 60), radius=30)
    clip.ellipse(2, RED, lambda i: (min(20 + 4 * i, 100), 66), radius=14)
    tracker = make_tracker(learned=learned)
    tracker.start(clip.frames, 0, clip.masks[0])
    for index in range(1, frames):
        for object_id, result in tracker.step(index).items():
            truth = clip.masks[index][object_id]
            assert np.count_nonzero(result.mask & truth) > 0.85 * np.count_nonzero(result.mask | truth), index


def test_a_tracker_that_is_restored_while_an_object_is_hidden_goes_on_as_it_would_have(paint, make_tracker):
    clip = paint(HIDDEN_FRAMES)
    clip.ellipse(0, RED, lambda _: (170, 98), radius=12, like=1)
    clip.ellipse(1, RED, lambda i: (40 + 5 * i, 35), radius=12)
    clip.ellipse(2, BLUE, lambda i: (160 - 7 * i, 43), radius=30)
    tracker, restored = make_tracker("draft"), make_tracker("draft")
    tracker.start(clip.frames, 0, clip.masks[0])
    for index in range(1, 10):
        results = tracker.step(index)
    assert results[1].absent
    restored.restore(clip.frames, tracker.snapshot())
    for index in range(10, HIDDEN_FRAMES):
        results, again = tracker.step(index), restored.step(index)
        for object_id in (1, 2):
            np.testing.assert_array_equal(results[object_id].probability, again[object_id].probability)
    assert not results[1].absent
