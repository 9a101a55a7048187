"""Flow, warp, mirrored padding, aligned regions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from videdit.errors import ShapeError
from videdit.frames import Region, Rgb
from videdit.ops import align_region, optical_flow, pad_to_multiple, warp


def texture(height: int, width: int, seed: int = 0) -> Rgb:
    noise = np.random.default_rng(seed).random((height, width, 3))
    smooth = gaussian_filter(noise, (2, 2, 0))
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "balanced", "medium"])
@pytest.mark.parametrize("deep", [False, True])
def test_flow_finds_a_shift_and_warp_undoes_it(preset: str, deep: bool) -> None:
    big = texture(140, 180)
    a, b = big[20:120, 20:160], big[17:117, 25:165]  # what is at (x, y) in a is at (x - 5, y + 3) in b
    if deep:
        a, b = a.astype(np.uint16) * 257, b.astype(np.uint16) * 257
    flow = optical_flow(a, b, preset)
    inner = flow[20:-20, 20:-20]
    assert flow.shape == (100, 140, 2)
    assert flow.dtype == np.float32
    assert np.abs(np.median(inner, axis=(0, 1)) - [-5, 3]).max() < 0.25
    back = warp(b, flow)
    assert back.dtype == a.dtype
    scale = 257 if deep else 1
    assert np.abs(back[20:-20, 20:-20].astype(float) - a[20:-20, 20:-20]).mean() < 3 * scale
    assert np.array_equal(flow, optical_flow(a, b, preset))


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "balanced", "medium"])
def test_flow_of_tiny_pictures(preset: str) -> None:
    for height, width in [(1, 1), (1, 50), (7, 3), (13, 40), (33, 12)]:
        a = texture(height, width) if height > 1 and width > 1 else np.zeros((height, width, 3), np.uint8)
        flow = optical_flow(a, a, preset)
        assert flow.shape == (height, width, 2)
        assert np.isfinite(flow).all()


def test_warp_by_whole_pixels_is_exact_for_every_dtype() -> None:
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 4
    flow[..., 1] = -2
    rgb = texture(20, 30)
    for image in (rgb, rgb.astype(np.uint16) * 257, rgb[..., 0] > 128, rgb[..., 1].astype(np.float32), rgb[..., :1]):
        moved = warp(image, flow)
        assert moved.dtype == image.dtype
        assert moved.shape == image.shape
        assert np.array_equal(moved[2:, :-4], image[:-2, 4:])


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ShapeError):
        optical_flow(texture(20, 20), texture(20, 21))
    with pytest.raises(ShapeError):
        warp(texture(20, 20), np.zeros((20, 21, 2), np.float32))


@settings(deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), multiple=st.sampled_from([1, 2, 8, 16, 60, 108]))
def test_padding_mirrors_however_small_the_picture(height: int, width: int, multiple: int) -> None:
    image = np.random.default_rng(height * 71 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    padded, where = pad_to_multiple(image, multiple)
    assert padded.shape[0] % multiple == 0
    assert padded.shape[1] % multiple == 0
    assert padded.shape[0] - height < multiple
    assert np.array_equal(padded[where.slices], image)
    # Mirrored again and again: a row returns after two heights.
    for row in range(height, padded.shape[0]):
        phase = row % (2 * height)
        expected = image[phase if phase < height else 2 * height - 1 - phase]
        assert np.array_equal(padded[row, :width], expected)


def test_padding_takes_masks_too() -> None:
    padded, where = pad_to_multiple(np.ones((5, 9), np.bool_), 8)
    assert padded.shape == (8, 16)
    assert padded.all()
    assert where == Region(0, 0, 9, 5)


@settings(deadline=None)
@given(
    height=st.integers(1, 60), width=st.integers(1, 60), multiple=st.integers(1, 17),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)  # fmt: skip
def test_aligned_regions_hold_the_region_on_the_grid(
    height: int, width: int, multiple: int, corners: tuple[float, float, float, float]
) -> None:
    x0, x1 = sorted((int(corners[0] * width), int(corners[1] * width)))
    y0, y1 = sorted((int(corners[2] * height), int(corners[3] * height)))
    region = Region(x0, y0, x1, y1)
    aligned = align_region(region, multiple, (height, width))
    if region.empty:
        assert aligned == region
        return
    assert aligned.union(region) == aligned
    assert aligned.x0 % multiple == aligned.y0 % multiple == 0
    assert aligned.x1 % multiple == 0 or aligned.x1 == width
    assert aligned.y1 % multiple == 0 or aligned.y1 == height
    assert aligned.x1 - region.x1 < multiple
