"""What several frames agree on is the median, and what differs from it is told from noise."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from videdit_plugins.builtin.filler.agreement import LEAST_SEEN, Agreement


def lower_median(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median as numpy has it, taken from below."""
    return np.asarray(np.percentile(values, 50, axis=0, method="lower"))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 40), st.integers(0, 10**6))
def test_it_is_the_median_of_what_is_seen(frames: int, height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    shown = random.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
    seen, where = random.random((frames, height, width)) < 0.6, random.random((height, width)) < 0.8
    ground = Agreement.of(shown, seen, where)
    assert np.array_equal(ground.known, where & (seen.sum(axis=0) >= LEAST_SEEN))
    assert not ground.rgb[~ground.known].any()
    assert not ground.spread[~ground.known].any()
    for y, x in np.argwhere(ground.known)[::7]:
        values = shown[seen[:, y, x], y, x]
        median = lower_median(values)
        assert np.array_equal(ground.rgb[y, x], median)
        away = np.abs(values.astype(int) - median).max(axis=1)
        assert ground.spread[y, x] == lower_median(away.astype(np.uint8))


def test_pixels_beyond_those_that_are_sorted_at_once_are_looked_at_too() -> None:
    shown = np.stack([np.full((40, 50, 3), value, np.uint8) for value in (9, 200, 100)])
    ground = Agreement.of(shown, np.ones(shown.shape[:3], np.bool_), np.ones((40, 50), np.bool_))
    assert (ground.rgb == 100).all()
    assert (ground.spread == 91).all()


def agreed(rgb: NDArray[np.uint8], known: NDArray[np.bool_] | None = None) -> Agreement:
    where = np.ones(rgb.shape[:2], np.bool_) if known is None else known
    return Agreement.of(np.stack([rgb] * 4), np.ones((4, *where.shape), np.bool_), where)


def test_the_worst_channel_counts_and_a_step_aside_does_not() -> None:
    random = np.random.default_rng(3)
    rgb = random.integers(0, 200, (20, 30, 3), dtype=np.uint8)
    ground = agreed(rgb)
    assert not ground.difference(np.roll(rgb, (1, -1), (0, 1)))[2:-2, 2:-2].any()
    flat = np.full((20, 30, 3), 90, np.uint8)
    other = flat.copy()
    other[5, 7] = (93, 60, 100)
    difference = agreed(flat).difference(other)
    assert difference[5, 7] == 30
    assert np.count_nonzero(difference) == 1


def test_ground_that_is_not_known_is_compared_with_nothing() -> None:
    # The hole's place is black in a ground that nobody looked at; what is black beside it differs all the same.
    known = np.ones((20, 30), np.bool_)
    known[:, :10] = False
    ground = agreed(np.full((20, 30, 3), 120, np.uint8), known)
    difference = ground.difference(np.zeros((20, 30, 3), np.uint8))
    assert (difference[:, 10:] == 120).all()
    assert (difference[:, :10] == 255).all()


def test_what_is_restless_may_differ_more() -> None:
    random = np.random.default_rng(5)
    calm = np.full((9, 20, 30, 3), 100, np.uint8)
    waves = np.clip(random.normal(100, 25, calm.shape), 0, 255).astype(np.uint8)
    seen, where = np.ones(calm.shape[:3], np.bool_), np.ones(calm.shape[1:3], np.bool_)
    frame = np.full((20, 30, 3), 104, np.uint8)
    frame[8:12, 10:20] = 130
    assert np.array_equal(Agreement.of(calm, seen, where).compared(frame).contradicted(), (frame == 130).all(axis=2))
    assert not Agreement.of(waves, seen, where).compared(frame).contradicted().any()
