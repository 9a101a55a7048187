"""Removal at full size: what others have seen stays, the network gets the gaps alone, and the seams close."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videdit import MADE_UP, ArrayFrames, Filled, Filler, Plugins, Region, Runtime
from videdit.errors import OutOfMemory
from videdit.ops import grain_of
from videdit.testing.contracts import assert_contract
from videdit_e2fgvi import E2FGVI
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.e2fgvi.crops import Crop
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.full_size import FullSizeFiller, SeenFrames
from videdit_plugins.e2fgvi.grain import missing_grain
from videdit_plugins.e2fgvi.options import LEAST_PIXELS, E2fgviOptions
from videdit_plugins.e2fgvi.seams import extend, met
from videdit_plugins.e2fgvi.steadying import steadied
from videdit_plugins.e2fgvi.views import Views

SIZE = (40, 60)
HOLE = Region(20, 10, 40, 30)


class Halves(Filler):
    """Finds 90 on the left half of the hole and makes 200 up on the right; on frame 2 it finds everything."""

    def __init__(self) -> None:
        self.filled: list[int] = []

    def start(self, frames: Any, holes: Any) -> None:
        self.frames, self.holes = frames, holes

    def fill(self, index: int) -> Filled | None:
        self.filled.append(index)
        hole = self.holes[index]
        if not hole.any():
            return None
        rgb = self.frames[index].rgb.copy()
        rgb[hole] = 90
        origin = np.where(hole, index + 1, index).astype(np.int32)
        if index != 2:
            made_up = hole.copy()
            made_up[:, : HOLE.x0 + 10] = False
            rgb[made_up], origin[made_up] = 200, MADE_UP
        region = Region.of(hole)
        return Filled(region, rgb[region.slices], origin[region.slices])


class Grey(Filler):
    """Fills with 128, and remembers what it was shown."""

    def start(self, frames: Any, holes: Any) -> None:
        self.frames, self.holes = frames, holes
        self.asked: list[int] = []

    def fill(self, index: int) -> Filled | None:
        hole = self.holes[index]
        self.asked.append(index)
        region = Region.of(hole)
        rgb = np.where(hole[..., None], 128, self.frames[index].rgb).astype(np.uint8)
        return Filled(region, rgb[region.slices], np.where(hole, MADE_UP, index)[region.slices].astype(np.int32))


def film(count: int = 4) -> tuple[ArrayFrames, list[np.ndarray]]:
    holes = [np.zeros(SIZE, bool) for _ in range(count)]
    for hole in holes[:3]:
        hole[HOLE.slices] = True
    return ArrayFrames([np.full((*SIZE, 3), 10, np.uint8)] * count), holes


def test_the_second_filler_gets_the_gaps_and_the_frames_as_the_first_left_them() -> None:
    frames, holes = film()
    seen, unseen = Halves(), Grey()
    filler = FullSizeFiller(seen, unseen)
    filler.start(frames, holes)
    filled = filler.fill(0)
    assert filled is not None
    assert (filled.rgb[:, :10] == 90).all()
    assert (filled.rgb[:, 10:] == 128).all()
    assert (filled.origin[:, :10] == 1).all()
    assert (filled.origin[:, 10:] == MADE_UP).all()
    assert np.count_nonzero(unseen.holes[0]) == 20 * 10
    assert (unseen.frames[0].rgb[HOLE.slices][:, :10] == 90).all()
    assert filler.report() == {"pixels_by_network": 200}
    assert filler.report() == {"pixels_by_network": 0}
    whole = filler.fill(2)
    assert whole is not None
    assert (whole.rgb == 90).all()
    assert filler.fill(3) is None
    assert unseen.asked == [0]


def test_the_first_filler_is_asked_once_for_a_frame_that_is_kept() -> None:
    frames, holes = film()
    seen = Halves()
    laid = SeenFrames(frames, seen)
    seen.start(frames, holes)
    for _ in range(3):
        assert (laid[0].rgb[HOLE.slices][:, :10] == 90).all()
        assert laid.gap(0).any()
    assert seen.filled == [0]
    tight = SeenFrames(frames, seen, kept_bytes=1)
    for index in (0, 1, 0):
        assert (tight[index].rgb[HOLE.slices][:, :10] == 90).all()
    assert seen.filled == [0, 0, 1, 0]


def test_a_gap_without_room_for_a_square_is_left_to_the_first_filler() -> None:
    frames, holes = film()

    class Sliver(Halves):
        def fill(self, index: int) -> Filled | None:
            filled = super().fill(index)
            assert filled is not None
            filled.origin[:, :18] = 1
            return filled

    filler = FullSizeFiller(Sliver(), Grey())
    filler.start(frames, holes)
    filled = filler.fill(0)
    assert filled is not None
    assert not (filled.rgb == 128).any()


class Short(Grey):
    """Has no memory: from the start, or at a frame."""

    def __init__(self, at_frame: int | None) -> None:
        self._at_frame = at_frame

    def start(self, frames: Any, holes: Any) -> None:
        super().start(frames, holes)
        if self._at_frame is None:
            raise OutOfMemory("the network has no memory", next_step="allow it more")

    def fill(self, index: int) -> Filled | None:
        if index == self._at_frame:
            raise OutOfMemory("the network has no memory", next_step="allow it more")
        return super().fill(index)


@pytest.mark.parametrize("at_frame", [None, 1])
def test_without_memory_for_the_network_the_rest_is_made_without_it_and_that_is_said(at_frame: int | None) -> None:
    frames, holes = film()
    notes: list[str] = []
    filler = FullSizeFiller(Halves(), Short(at_frame), alone=Grey, note=notes.append)
    for _ in range(2):
        filler.start(frames, holes)
        made = [filler.fill(index) for index in (0, 1)]
        assert made[0] is not None
        assert made[1] is not None
        # Alone, the stand-in fills everything with 128; before it, the first one finds 90 on the left.
        assert (made[0].rgb[:, :10] == (128 if at_frame is None else 90)).all()
        assert (made[1].rgb == 128).all()
    assert notes == ["the network has no memory, so what no frame shows is made up without it."]


def test_without_memory_and_without_another_filler_it_is_an_error() -> None:
    filler = FullSizeFiller(Halves(), Short(None))
    with pytest.raises(OutOfMemory, match="allow it more"):
        filler.start(*film())


def test_a_small_budget_is_kept_to_without_the_network(network: E2FGVI, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    plugins = Plugins()
    notes: list[str] = []
    runtime = plugins.runtime(
        Runtime(find_checkpoint={"e2fgvi-hq": path}.__getitem__, memory_budget_bytes=256 << 20, note=notes.append)
    )
    filler = plugins.create("filler", "e2fgvi-hq", {"shadows": False}, runtime)
    filler.start(*film())
    filled = filler.fill(0)
    assert filled is not None
    assert filled.region == HOLE
    assert any("96 MiB" in note and "without it" in note for note in notes)


def test_contract(mean_network: Any) -> None:
    def make(options: Any, runtime: Runtime) -> Filler:
        seen = BuiltinFiller(FillerOptions(), runtime)
        return FullSizeFiller(seen, E2fgviFiller(options, runtime, mean_network()))

    assert_contract("filler", make, E2fgviOptions(working_pixels=LEAST_PIXELS), Runtime(quality="draft"))


def test_the_plug_in_makes_both(network: E2FGVI, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    plugins = Plugins()
    runtime = plugins.runtime(Runtime(find_checkpoint={"e2fgvi-hq": path}.__getitem__))
    assert isinstance(plugins.create("filler", "e2fgvi-hq", {"shadows": False}, runtime), FullSizeFiller)
    assert isinstance(plugins.create("filler", "e2fgvi-hq", {"parity": True}, runtime), E2fgviFiller)


@pytest.mark.parametrize("option", ["shadows", "remnants", "grain"])
def test_what_the_true_pixels_leave_alone_is_told_to_their_filler(network: E2FGVI, tmp_path: Path, option: str) -> None:
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    plugins = Plugins()
    runtime = plugins.runtime(Runtime(find_checkpoint={"e2fgvi-hq": path}.__getitem__))
    seen = plugins.create("filler", "e2fgvi-hq", {option: False}, runtime)._seen
    assert seen._options == FillerOptions(synthesis=False, **{option: False})


# -- seams, steadiness, grain ------------------------------------------------------------------------------------------


def test_a_picture_that_is_too_dark_is_brought_to_meet_its_surroundings() -> None:
    draw = np.random.default_rng(0)
    ramp = np.linspace(0.3, 0.6, 60, dtype=np.float32)[None, :, None] * np.ones((40, 60, 3), np.float32)
    known = ramp + draw.normal(0, 0.01, ramp.shape).astype(np.float32)
    hole = np.zeros(SIZE, bool)
    hole[HOLE.slices] = True
    result = met(ramp - 0.06, known, hole)
    assert np.array_equal(result[~hole], known[~hole])
    assert np.abs(result - ramp)[hole].max() < 0.02
    # A foreign thing on part of the rim does not leak in.
    known[8:10, 20:40] = 1.0
    assert np.abs(met(ramp - 0.06, known, hole) - ramp)[hole].max() < 0.02


@given(st.floats(-1, 1), st.integers(1, 40), st.integers(1, 40))
def test_what_is_extended_keeps_a_constant(value: float, height: int, width: int) -> None:
    weights = np.zeros((height, width), np.float32)
    weights[height // 2, width // 3] = 1
    result = extend(np.full((height, width, 2), value, np.float32), weights)
    assert np.abs(result - value).max() < 1e-3


def test_a_flickering_fill_is_steadied_along_the_motion_and_a_changed_one_left_alone() -> None:
    draw = np.random.default_rng(0)
    texture = draw.random((40, 80, 3)).astype(np.float32)
    hole = np.zeros(SIZE, bool)
    hole[HOLE.slices] = True
    pictures = [texture[:, 10 + 2 * number : 70 + 2 * number].copy() for number in range(3)]
    for picture, light in zip(pictures, (-0.02, 0.02, -0.02), strict=True):
        picture[HOLE.slices] += light
    ahead = np.zeros((*SIZE, 2), np.float32)
    ahead[..., 0] = -2
    steady = steadied(pictures[1], hole, [(pictures[0], -ahead), (pictures[2], ahead)])
    inner = slice(13, 27), slice(24, 36)
    assert abs(float((steady - texture[:, 12:72])[inner].mean())) < 0.01
    assert np.array_equal(steady[~hole], pictures[1][~hole])
    other = draw.random((*SIZE, 3)).astype(np.float32)
    assert np.abs(steadied(pictures[1], hole, [(other, 0 * ahead)]) - pictures[1]).max() < 0.05


def test_a_smooth_fill_gets_the_grain_of_its_surroundings_the_same_every_time() -> None:
    draw = np.random.default_rng(0)
    hole = np.zeros((120, 160), bool)
    hole[20:100, 20:120] = True
    for blur in (False, True):
        noise = draw.normal(0, 4 / 255, (60, 80) if blur else hole.shape).astype(np.float32)
        noise = np.kron(noise, np.ones((2, 2), np.float32)) if blur else noise
        rgb = np.repeat((0.5 + np.where(hole, 0, noise))[..., None], 3, axis=2).astype(np.float32)
        grain = missing_grain(rgb, hole, seed=7)
        assert np.array_equal(grain, missing_grain(rgb, hole, seed=7))
        assert not grain[~hole].any()
        filled = rgb + grain[..., None]
        assert grain_of(filled, hole) == pytest.approx(grain_of(rgb, ~hole), rel=0.35)
    assert not missing_grain(np.full((40, 60, 3), 0.5, np.float32), hole[:40, :60], seed=1).any()


def test_the_flow_is_given_in_the_pixels_of_the_film() -> None:
    class Flowing:
        def encode(self, frames: torch.Tensor) -> torch.Tensor:
            return frames

        def flows(self, small: torch.Tensor) -> Any:
            from videdit_e2fgvi import Flows

            ahead = torch.zeros(1, 1, 2, *small.shape[-2:])
            ahead[:, :, 0], ahead[:, :, 1] = 3, 1
            return Flows(ahead, -ahead)

    frames = ArrayFrames([np.zeros((300, 400, 3), np.uint8)] * 2)
    views = Views(frames, [np.zeros((300, 400), bool)] * 2, Flowing(), "cpu", 4)  # type: ignore[arg-type]
    crop = Crop(Region(20, 30, 380, 270), (60, 120))
    flow = views.native_flow(0, 1, crop, Region(50, 60, 90, 100))
    assert flow.shape == (40, 40, 2)
    assert np.allclose(flow, (3 * 4 * 3, 1 * 4 * 4))
    assert np.allclose(views.native_flow(1, -1, crop, Region(50, 60, 90, 100)), (-36, -16))
