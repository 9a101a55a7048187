"""Which frames a window holds, what part of them it sees, and what is kept of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videdit import MADE_UP, ArrayFrames, Region, Shot
from videdit_plugins.e2fgvi.blending import blend, blend_running, rounded
from videdit_plugins.e2fgvi.bounded import Bounded
from videdit_plugins.e2fgvi.crops import Crop, Cropping, crop_around
from videdit_plugins.e2fgvi.memory import Extent
from videdit_plugins.e2fgvi.options import LEAST_PIXELS
from videdit_plugins.e2fgvi.prediction import Prediction
from videdit_plugins.e2fgvi.tracing import trace
from videdit_plugins.e2fgvi.views import Views
from videdit_plugins.e2fgvi.windows import REACH, Schedule, weight


@given(st.integers(0, 500), st.integers(1, 120), st.integers(1, 30), st.integers(0, 12), st.data())
def test_windows_hold_their_frames_and_stay_in_the_shot(
    start: int, length: int, every: int, most: int, data: st.DataObject
) -> None:
    schedule = Schedule(Shot(start, start + length), every, most)
    index = start + data.draw(st.integers(0, length - 1))
    middles = schedule.middles(index)
    assert 1 <= len(middles) <= 3
    assert middles == [m for m in range(start, start + length, REACH) if abs(m - index) <= REACH]
    for middle in middles:
        window = schedule.window(middle)
        assert index in window.local
        assert weight(middle, index) > 0
        assert all(one in schedule.shot for one in (*window.local, *window.references))
        assert not set(window.local) & set(window.references)
        assert len(window.references) <= most
        assert list(window.references) == sorted(set(window.references))


def test_references_are_the_nearest_of_a_regular_choice() -> None:
    schedule = Schedule(Shot(100, 300), every=10, most=4)
    window = schedule.window(150)
    assert window.local == range(145, 156)
    assert window.references == (130, 140, 160, 170)


def test_without_a_cap_references_are_those_of_the_whole_shot() -> None:
    assert Schedule(Shot(0, 45), every=10, most=5).window(0).references == (10, 20, 30, 40)


def test_a_window_counts_the_same_before_and_after_its_middle() -> None:
    assert [weight(10, index) for index in range(5, 16)] == [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]


boxes = st.tuples(st.integers(1, 900), st.integers(1, 1600), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))


@given(boxes, st.floats(0, 1), st.integers(LEAST_PIXELS, 1_000_000))
def test_a_crop_holds_the_hole_and_its_surroundings_within_bounds(
    shape: tuple[int, int, float, float, float], tall: float, most: int
) -> None:
    height, width, x, y, wide = shape
    box_width, box_height = max(1, int(wide * width)), max(1, int(tall * height))
    x0, y0 = int(x * (width - box_width)), int(y * (height - box_height))
    box = Region(x0, y0, x0 + box_width, y0 + box_height)
    crop = crop_around(box, (height, width), most)
    assert crop.pixels <= most
    assert crop.size[0] <= crop.region.height
    assert crop.size[1] <= crop.region.width
    assert min(crop.size) >= 1
    assert crop.region.union(Region.whole((height, width))) == Region.whole((height, width))
    context_x, context_y = max(64, box_width // 2), max(64, box_height // 2)
    assert crop.region.x0 <= max(0, box.x0 - context_x)
    assert crop.region.y0 <= max(0, box.y0 - context_y)
    assert crop.region.x1 >= min(width, box.x1 + context_x)
    assert crop.region.y1 >= min(height, box.y1 + context_y)


def test_a_crop_takes_in_the_frame_rather_than_mirror_it() -> None:
    crop = crop_around(Region(500, 400, 540, 430), (1080, 1920), 10**6)
    assert crop.size == crop.padded == (180, 216)
    assert (crop.region.height, crop.region.width) == crop.size


def test_neighbouring_windows_share_a_crop_unless_the_object_moves_far() -> None:
    def cropping(speed: int) -> Cropping:
        def box_of(local: range) -> Region:
            return Region(100 + local.start * speed, 300, 140 + local[-1] * speed, 340)

        return Cropping(Schedule(Shot(0, 80), 10, 10), (1080, 1920), box_of, 10**6, whole=False)

    still = cropping(0)
    assert len({still.of(middle) for middle in range(0, 40, REACH)}) == 1
    moving = cropping(20)
    assert len({moving.of(middle) for middle in range(0, 40, REACH)}) > 4
    for middle in range(0, 80, REACH):
        local = Schedule(Shot(0, 80), 10, 10).local(middle)
        held = moving.of(middle).region
        assert held.x0 <= 100 + local.start * 20
        assert held.x1 >= 140 + local[-1] * 20


class _Flat:
    def __getitem__(self, index: int) -> np.ndarray:
        return np.zeros((300, 400), bool)


def test_what_is_made_small_lies_in_the_same_place_when_it_is_made_large_again() -> None:
    ramp = np.add.outer(np.linspace(0, 100, 300), np.linspace(0, 150, 400))
    pixels = np.repeat(np.rint(257 * ramp)[..., None], 3, axis=2).astype(np.uint16)
    crop = Crop(Region(20, 30, 380, 270), (100, 150))
    views = Views(ArrayFrames([pixels]), _Flat(), None, "cpu", 1)  # type: ignore[arg-type]
    large = Prediction(crop, {0: views.view(0, crop).rgb}, {}).native_rgb(0) * 255
    inside = slice(10, -10), slice(10, -10)
    difference = large[inside] - pixels[crop.region.slices][inside] / 257
    # Half a pixel to the right or down would be 0.17 or 0.19.
    assert abs(difference.mean()) < 0.005
    assert np.abs(difference).max() < 0.15


def test_a_pixel_that_touches_the_hole_is_hidden_from_the_network() -> None:
    class OnePixel:
        def __getitem__(self, index: int) -> np.ndarray:
            hole = np.zeros((240, 320), bool)
            hole[101, 77] = True
            return hole

    crop = Crop(Region.whole((240, 320)), (60, 80))
    views = Views(ArrayFrames([np.zeros((240, 320, 3), np.uint8)]), OnePixel(), None, "cpu", 1)  # type: ignore[arg-type]
    assert np.argwhere(views.view(0, crop).hole).tolist() == [[25, 19]]


def test_blending_weighs_and_rounds_once() -> None:
    fills = [(3, np.full((1, 1, 3), 10.2 / 255, np.float32)), (1, np.full((1, 1, 3), 11.4 / 255, np.float32))]
    assert rounded(blend(fills), np.uint8).tolist() == [[[10, 10, 10]]]
    assert rounded(blend(fills), np.uint16).tolist() == [[[2698, 2698, 2698]]]
    assert rounded(np.full((1, 1, 3), 1.5, np.float32), np.uint8).max() == 255


def test_the_running_blend_counts_the_last_window_most() -> None:
    fills = [np.full((1, 1, 3), value / 255, np.float32) for value in (100.9, 120.9, 200.9)]
    assert blend_running(fills, np.uint8).tolist() == [[[155, 155, 155]]]
    assert blend_running(fills[:1], np.uint8).tolist() == [[[100, 100, 100]]]
    # Of 16 bits the fraction of the blend is kept: 110.5 * 257.
    more = [np.full((1, 1, 3), value / 255, np.float32) for value in (100.9, 121.9)]
    assert blend_running(more, np.uint16).tolist() == [[[28398, 28398, 28398]]]


def test_the_least_recent_result_is_dropped() -> None:
    made: list[int] = []
    bounded: Bounded[int, int] = Bounded(2)
    for key in (1, 2, 1, 3, 1, 2):
        bounded.get(key, lambda key=key: made.append(key) or key)  # type: ignore[misc, func-returns-value]
    assert made == [1, 2, 3, 2]


def test_a_budget_costs_references_first_and_then_size() -> None:
    wanted = Extent(414_720, 10)
    assert wanted.within(wanted.bytes()) == wanted
    fewer = wanted.within(wanted.bytes() - 1)
    assert fewer == Extent(414_720, 5)
    smaller = wanted.within(Extent(414_720, 2).bytes() - 1)
    assert smaller is not None
    assert smaller.references == 2
    assert smaller.pixels < 414_720
    assert wanted.within(Extent(LEAST_PIXELS, 2).bytes()) == Extent(LEAST_PIXELS, 2)
    assert wanted.within(Extent(LEAST_PIXELS, 2).bytes() - 1) is None


@pytest.mark.parametrize(("speed", "nearest"), [(4, 12), (-4, 10)])
def test_origins_follow_the_flow_out_of_the_hole(speed: int, nearest: int) -> None:
    # The hole stands still at columns 8 to 15 while the ground moves. Column 13 leaves it at the right after one frame,
    # or left it one frame before.
    holes = torch.zeros(5, 8, 24, dtype=torch.bool)
    holes[:, 2:6, 8:16] = True
    flow = torch.zeros(4, 2, 8, 24)
    flow[:, 0] = speed
    assert trace(holes, flow, -flow, 10)[1, 4, 13] == nearest


def test_what_never_leaves_the_hole_is_made_up() -> None:
    holes = torch.zeros(3, 8, 8, dtype=torch.bool)
    holes[:, 2:6, 2:6] = True
    nothing = torch.zeros(2, 2, 8, 8)
    origins = trace(holes, nothing, nothing, 0)
    assert (origins[:, 2:6, 2:6] == MADE_UP).all()
    assert (trace(holes[:1], nothing[:0], nothing[:0], 7)[0, 2:6, 2:6] == MADE_UP).all()
    holes[2] = False
    shown = trace(holes, nothing, nothing, 20)
    assert (shown[0, 2:6, 2:6] == 22).all()
    assert (shown[1, 2:6, 2:6] == 22).all()
