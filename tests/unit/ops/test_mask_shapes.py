"""Growing, feathering and cleaning: exact radii, exact promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from videdit.frames import Mask
from videdit.ops import close_pinholes, distance_to, drop_specks, feather, grow, signed_distance
from videdit.testing.shapes import disc


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Blobs of every sort: empty, full, single pixels, wide ones, thin ones, touching borders."""
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.95, 1.0]))
    return random.random((height, width)) < share


@pytest.mark.parametrize("radius", [1, 1.5, 2, 3, 5, 8, 10, 13])
def test_a_pixel_grows_to_the_exact_disc(radius: float) -> None:
    assert np.array_equal(grow(disc((41, 41), (20, 20), 0), radius), disc((41, 41), (20, 20), radius))


@settings(deadline=None)
@given(mask=masks(), px=st.floats(0.1, 12))
def test_growing_takes_what_is_within_the_radius_and_nothing_else(mask: Mask, px: float) -> None:
    expected = distance_transform_edt(~mask) <= px + 1e-4 if mask.any() else mask
    assert np.array_equal(grow(mask, px), expected)


@settings(deadline=None)
@given(mask=masks(), px=st.floats(0.1, 12))
def test_shrinking_is_growing_of_the_rest(mask: Mask, px: float) -> None:
    assert np.array_equal(grow(mask, -px), ~grow(~mask, px))


def test_an_object_cut_by_the_frame_does_not_shrink_from_the_border() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[:, :10] = True
    shrunk = grow(mask, -3)
    assert shrunk[:, :7].all()
    assert not shrunk[:, 7:].any()


@settings(deadline=None)
@given(mask=masks(), px=st.floats(0, 12))
def test_feather_is_1_inside_and_0_beyond_its_width(mask: Mask, px: float) -> None:
    alpha = feather(mask, px)
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert np.array_equal(alpha[mask], np.ones(mask.sum(), np.float32))
    far = distance_to(mask) > px
    assert np.array_equal(alpha[far], np.zeros(far.sum(), np.float32))


def test_feather_falls_evenly_with_the_distance() -> None:
    mask = np.zeros((9, 60), np.bool_)
    mask[:, :20] = True
    row = feather(mask, 16)[4, 19:37]
    assert row[0] == 1
    assert (np.diff(row) < 0).sum() >= 16
    assert np.abs(np.diff(row)).max() < 0.12
    assert row[17] == 0


@settings(deadline=None)
@given(mask=masks())
def test_distances_are_exact(mask: Mask) -> None:
    if mask.any():
        np.testing.assert_allclose(distance_to(mask), distance_transform_edt(~mask), atol=1e-4)
    else:
        assert distance_to(mask).min() >= 1e6
    assert np.array_equal(signed_distance(mask) < 0, mask)


def test_only_holes_of_that_area_are_closed() -> None:
    mask = np.zeros((60, 60), np.bool_)
    mask[5:55, 5:55] = True
    mask[10, 10:14] = False  # 4 px: a pinhole
    mask[30:33, 30:33] = False  # 9 px: a hole of its own
    mask[5:8, 20] = False  # a bay, open to the outside
    closed = close_pinholes(mask, 4)
    assert closed[10, 10:14].all()
    assert not closed[30:33, 30:33].any()
    assert not closed[5:8, 20].any()
    assert closed.sum() == mask.sum() + 4


def test_a_gap_at_the_frames_border_is_no_hole() -> None:
    mask = np.ones((10, 10), np.bool_)
    mask[0, 4:6] = False
    assert np.array_equal(close_pinholes(mask, 50), mask)


def test_holes_that_meet_at_a_corner_are_two() -> None:
    mask = np.ones((9, 9), np.bool_)
    mask[3, 3] = mask[4, 4] = False
    assert close_pinholes(mask, 1).all()


def test_small_parts_go_and_the_largest_stays_however_small() -> None:
    mask = np.zeros((30, 30), np.bool_)
    mask[5:15, 5:15] = True
    mask[20, 20:23] = True
    kept = drop_specks(mask, 3)
    assert kept.sum() == 100
    assert np.array_equal(drop_specks(kept, 10_000), kept)
    assert np.array_equal(drop_specks(mask, 2), mask)


@settings(deadline=None)
@given(mask=masks(), area=st.floats(0, 40))
def test_cleaning_only_adds_or_only_removes(mask: Mask, area: float) -> None:
    before = mask.copy()
    assert not (mask & ~close_pinholes(mask, area)).any()
    assert not (drop_specks(mask, area) & ~mask).any()
    assert drop_specks(mask, area).any() == mask.any()
    assert np.array_equal(mask, before)
