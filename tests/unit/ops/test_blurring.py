"""Blur within a mask: right where all is masked, blind to what is not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.ops import blur_within


@pytest.mark.parametrize("sigma_px", [0.5, 2, 5, 9, 20])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_with_everything_masked_it_is_a_gaussian(sigma_px: float, dtype: type) -> None:
    y, x = np.mgrid[:150, :170]
    top = np.iinfo(dtype).max
    picture = (np.stack([x / 170, y / 150, ((x // 20 + y // 20) % 2)], axis=-1) * top).astype(dtype)
    ours = blur_within(picture, np.ones((150, 170), np.bool_), sigma_px)
    reference = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma_px, borderType=cv2.BORDER_CONSTANT)
    weight = cv2.GaussianBlur(np.ones((150, 170), np.float32), (0, 0), sigma_px, borderType=cv2.BORDER_CONSTANT)
    assert ours.dtype == dtype
    assert np.abs(ours / top - reference / weight[..., None] / top).max() < 0.02


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), height=st.integers(1, 40), width=st.integers(1, 40), sigma_px=st.floats(0.1, 60))
def test_only_masked_pixels_count(seed: int, height: int, width: int, sigma_px: float) -> None:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    mask = random.random((height, width)) < 0.3
    b[mask] = a[mask]
    before = a.copy()
    ours = blur_within(a, mask, sigma_px)
    assert np.array_equal(ours[mask], blur_within(b, mask, sigma_px)[mask])
    assert np.array_equal(a, before)
    if mask.any():
        low, high = a[mask].min(axis=0), a[mask].max(axis=0)
        assert (ours[mask] >= low).all()
        assert (ours[mask] <= high).all()


def test_a_flat_mask_stays_flat_beyond_its_edge() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    mask = np.zeros((60, 60), np.bool_)
    mask[20:40, 20:40] = True
    rgb[mask] = (10, 120, 250)
    assert (blur_within(rgb, mask, 8)[15:45, 15:45] == (10, 120, 250)).all()
