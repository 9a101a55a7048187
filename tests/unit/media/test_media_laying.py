"""What `Picture.lay` promises: outside alpha nothing changes, inside the new colours arrive."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Region
from videdit.media import Orientation, Picture
from videdit.media.colour import Colour, Tags, read_colour
from videdit.media.conversion import blank
from videdit.media.pixel_formats import known_layout, plane_arrays

FORMATS = [
    "yuv420p", "yuv422p", "yuv444p", "yuv411p", "gray", "gbrp", "yuva420p", "yuvj420p",
    "yuv420p9le", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv444p16le", "gray10le", "gbrp12le",
]  # fmt: skip
TURNS = {
    0: Orientation(), 90: Orientation(True, True, False), 180: Orientation(False, True, True),
    270: Orientation(True, False, True), -1: Orientation(True, True, True),
}  # fmt: skip


def colour_of(name: str, matrix: int = 1) -> Colour:
    rgb = name.startswith("gbr")
    return read_colour(
        Tags(0, 2 if rgb else matrix), height_px=64, is_rgb=rgb, full_by_format=name[:4] in ("yuvj", "gray")
    )


def make_picture(
    name: str, stored: tuple[int, int], turn: Orientation, *, seed: int = 0, interlaced: bool = False, matrix: int = 1
) -> Picture:
    """Return a picture of noise within the legal range, so that no colour is clipped on its way to RGB."""
    draw = np.random.default_rng(seed)
    frame = blank(name, stored)
    layout = known_layout(name)
    unit = 1 << (layout.bits - 8)
    for number, plane in enumerate(plane_arrays(frame)):
        low, high = (116, 140) if layout.kind == "yuv" and number in (1, 2) else (70, 180)
        plane[...] = draw.integers(low * unit, high * unit, plane.shape)
    return Picture(
        frame, index=0, pts=0, duration=1, time_base=Fraction(1, 25),
        colour=colour_of(name, matrix), orientation=turn, interlaced=interlaced,
    )  # fmt: skip


def copies(picture: Picture) -> list[NDArray[Any]]:
    return [plane.copy() for plane in picture.planes]


@st.composite
def lays(draw: st.DrawFn) -> tuple[Picture, Region, NDArray[np.float32]]:
    turn = TURNS[draw(st.sampled_from(sorted(TURNS)))]
    stored = draw(st.integers(5, 23)), draw(st.integers(5, 23))
    picture = make_picture(draw(st.sampled_from(FORMATS)), stored, turn, seed=draw(st.integers(0, 99)))
    height, width = picture.size
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    region = Region(x0, y0, draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height)))
    noise = np.random.default_rng(draw(st.integers(0, 99))).uniform(0, 1, (region.height, region.width))
    share = draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    alpha = np.where(noise < share, noise / max(share, 0.1), 0).astype(np.float32)
    return picture, region, np.minimum(alpha, 1)


@settings(max_examples=150, deadline=None)
@given(lays())
def test_planes_change_only_where_there_is_alpha(case: tuple[Picture, Region, NDArray[np.float32]]) -> None:
    picture, region, alpha = case
    before = copies(picture)
    rgb = np.random.default_rng(5).integers(0, 256, (region.height, region.width, 3), dtype=np.uint8)
    picture.lay(region, rgb, alpha)
    shown = np.zeros(picture.size, bool)
    shown[region.slices] = alpha > 0
    touched = picture._orientation.stored(shown)
    layout = known_layout(picture.pix_fmt)
    for number, (old, new) in enumerate(zip(before, picture.planes, strict=True)):
        if layout.alpha and number == len(before) - 1:
            assert np.array_equal(old, new)
            continue
        fine = layout.kind != "yuv" or number == 0
        step_y, step_x = (1, 1) if fine else (1 << layout.shift_y, 1 << layout.shift_x)
        padded = np.zeros((new.shape[0] * step_y, new.shape[1] * step_x), bool)
        padded[: touched.shape[0], : touched.shape[1]] = touched
        allowed = padded.reshape(new.shape[0], step_y, new.shape[1], step_x).any(axis=(1, 3))
        assert np.array_equal(old[~allowed], new[~allowed])


@settings(max_examples=60, deadline=None)
@given(lays())
def test_a_region_has_the_pixels_of_the_whole(case: tuple[Picture, Region, NDArray[np.float32]]) -> None:
    picture, region, _ = case
    part, whole = picture.rgb(region), picture.rgb()
    # In 16 bits the last of 65536 steps may differ: vector and scalar code round a product of three apart.
    assert np.abs(part.astype(int) - whole[region.slices]).max() <= (whole.dtype == np.uint16)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("turn", [0, 90, 270])
def test_one_colour_laid_everywhere_is_read_back(name: str, turn: int) -> None:
    picture = make_picture(name, (19, 23), TURNS[turn])
    colour = (90, 90, 90) if name.startswith("gray") else (180, 90, 60)
    rgb = np.full((*picture.size, 3), colour, np.uint8)
    picture.lay(Region.whole(picture.size), rgb, np.ones(picture.size, np.float32))
    assert np.abs(picture.rgb(max_bits=8).astype(int) - rgb).max() <= (2 if known_layout(name).bits < 10 else 0)


@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("name", ["yuv444p", "yuv420p"])
def test_rgb_survives_the_round_trip_in_8_bits(name: str, matrix: int) -> None:
    picture = make_picture(name, (32, 48), Orientation(), matrix=matrix)
    before, first = copies(picture), picture.rgb()
    picture.lay(Region.whole(picture.size), first, np.ones(picture.size, np.float32))
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(before, picture.planes, strict=True)) <= 1
    assert np.abs(picture.rgb().astype(int) - first).max() <= 2


def test_the_matrix_is_the_films_own() -> None:
    saturated = np.full((16, 16, 3), (200, 40, 40), np.uint8)
    as709, as601 = make_picture("yuv444p", (16, 16), TURNS[0]), make_picture("yuv444p", (16, 16), TURNS[0], matrix=5)
    for picture in (as709, as601):
        picture.lay(Region(0, 0, 16, 16), saturated, np.ones((16, 16), np.float32))
        assert np.abs(picture.rgb().astype(int) - saturated).max() <= 1
    # ITU-R BT.709: Y = 16 + 219 (0.2126 R + 0.7152 G + 0.0722 B); BT.601: 0.299, 0.587, 0.114.
    assert as709.planes[0][0, 0] == round(16 + 219 * (0.2126 * 200 + 0.7874 * 40) / 255)
    assert as601.planes[0][0, 0] == round(16 + 219 * (0.299 * 200 + 0.701 * 40) / 255)


def test_deep_pixels_are_full_scale_and_exact() -> None:
    picture = make_picture("yuv444p10le", (16, 16), TURNS[0])
    before, rgb = copies(picture), picture.rgb()
    assert rgb.dtype == np.uint16
    picture.lay(Region(0, 0, 16, 16), rgb, np.ones((16, 16), np.float32))
    assert all(np.array_equal(a, b) for a, b in zip(before, picture.planes, strict=True))
    white = np.full((16, 16, 3), 65535, np.uint16)
    picture.lay(Region(0, 0, 16, 16), white, np.ones((16, 16), np.float32))
    assert (picture.planes[0] == 940).all()
    assert (picture.rgb() == 65535).all()
    assert picture.rgb(max_bits=8).dtype == np.uint8


def test_chroma_does_not_bleed_in_from_pixels_without_alpha() -> None:
    picture = make_picture("yuv420p", (4, 4), TURNS[0])
    rgb = np.zeros((4, 4, 3), np.uint8)
    rgb[0, 0], rgb[0, 1] = (255, 0, 0), (0, 0, 255)
    alpha = np.zeros((4, 4), np.float32)
    alpha[0, 0] = 1
    old = int(picture.planes[2][0, 0])
    picture.lay(Region(0, 0, 4, 4), rgb, alpha)
    # One of the sample's four pixels is red: a quarter of red's Cr (240), nothing of the blue beside it.
    red = 128 + 224 * (1 - 0.2126) / (2 * (1 - 0.2126))
    assert picture.planes[2][0, 0] == round(0.75 * old + 0.25 * red)


def test_samples_at_an_odd_edge_take_the_whole_new_chroma() -> None:
    picture = make_picture("yuv420p", (5, 5), TURNS[0])
    red = np.full((5, 5, 3), (200, 60, 60), np.uint8)
    picture.lay(Region(0, 0, 5, 5), red, np.ones((5, 5), np.float32))
    assert all(np.ptp(plane) == 0 for plane in picture.planes)


def test_interlaced_chroma_belongs_to_its_own_field() -> None:
    picture = make_picture("yuv420p", (8, 8), TURNS[0], interlaced=True)
    before = copies(picture)
    alpha = np.zeros((8, 8), np.float32)
    alpha[0::2] = 1
    picture.lay(Region(0, 0, 8, 8), np.full((8, 8, 3), (200, 60, 60), np.uint8), alpha)
    for old, new in zip(before, picture.planes, strict=True):
        assert np.array_equal(old[1::2], new[1::2])
        assert np.ptp(new[0::2]) == 0
    assert np.array_equal(picture.rgb(Region(1, 3, 6, 7)), picture.rgb()[3:7, 1:6])


def test_a_matte_gives_the_picture_an_alpha_plane() -> None:
    picture = make_picture("yuv420p", (12, 16), TURNS[90])
    before = copies(picture)
    assert (picture.matte() == 1).all()
    picture.lay_matte(Region(2, 3, 8, 9), np.full((6, 6), 0.5, np.float32))
    picture.lay_matte(Region(2, 3, 8, 9), np.full((6, 6), 0.5, np.float32))
    assert picture.pix_fmt == "yuva420p"
    assert all(np.array_equal(a, b) for a, b in zip(before, picture.planes, strict=False))
    matte = picture.matte()
    assert np.abs(matte[3:9, 2:8] - 0.25).max() < 0.01
    matte[3:9, 2:8] = 1
    assert (matte == 1).all()


def test_wrong_sizes_are_refused() -> None:
    picture = make_picture("yuv420p", (12, 16), TURNS[0])
    with pytest.raises(ShapeError, match="takes rgb"):
        picture.lay(Region(0, 0, 4, 4), np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), np.float32))
    with pytest.raises(ShapeError, match="does not lie"):
        picture.rgb(Region(0, 0, 17, 4))
    with pytest.raises(ShapeError, match="matte"):
        picture.lay_matte(Region(0, 0, 4, 4), np.zeros((4, 5), np.float32))


def test_a_frame_carries_its_time() -> None:
    frame = make_picture("yuv420p10le", (12, 16), TURNS[90]).to_frame()
    assert (frame.index, frame.time_base, frame.size, frame.rgb.dtype) == (0, Fraction(1, 25), (16, 12), np.uint16)
    assert make_picture("yuv420p10le", (12, 16), TURNS[0]).to_small_frame(8).rgb.shape == (6, 8, 3)


@pytest.mark.parametrize("turn", [0, 90])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p10le", "gbrp", "gray"])
def test_a_small_frame_is_the_reduced_picture(pix_fmt: str, turn: int) -> None:
    picture = make_picture(pix_fmt, (48, 64), TURNS[turn])
    whole = picture.rgb(max_bits=8)
    small = picture.to_small_frame(16).rgb
    expected = cv2.resize(whole, (16, small.shape[0]), interpolation=cv2.INTER_AREA)
    assert small.dtype == np.uint8
    assert small.shape == (round(whole.shape[0] * 16 / whole.shape[1]), 16, 3)
    # Pictures of noise leave the range where they are converted first and reduced afterwards.
    assert np.abs(small.astype(int) - expected).mean() < 4
    assert np.array_equal(picture.to_small_frame(10_000).rgb, whole)
