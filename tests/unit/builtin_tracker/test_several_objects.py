"""Several objects at once: nobody takes another's place, whatever their ways and names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RED, BLUE = (190, 60, 50), (50, 80, 190)
FRAMES = 9


@pytest.mark.parametrize("learned", [False, True])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    speeds=st.tuples(st.integers(6, 12), st.integers(6, 12)),
    heights=st.tuples(st.integers(40, 80), st.integers(40, 80)),
    names=st.sampled_from([(1, 2), (2, 1)]),
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
        assert not (results[1].mask & results[2].mask).any()
        for mine, other in ((1, 2), (2, 1)):
            own = np.count_nonzero(results[mine].mask & truths[mine])
            others = np.count_nonzero(results[mine].mask & truths[other])
            assert own > others or results[mine].absent, (index, mine)
        front = np.count_nonzero(results[left].mask & truths[left])
        assert front > 0.8 * np.count_nonzero(truths[left])
