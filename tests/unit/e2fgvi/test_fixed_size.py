"""The first E2FGVI network, which takes frames of 432x240 alone, fills holes of frames of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from videdit import ArrayFrames, Plugins, Region, Runtime
from videdit.errors import CorruptCheckpoint, MissingCheckpoint, OptionError
from videdit_e2fgvi import Flows, e2fgvi, e2fgvi_hq
from videdit_plugins.e2fgvi.crops import crop_for
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.memory import Extent
from videdit_plugins.e2fgvi.options import E2fgviOptions

SIZE = (240, 432)


class Hole:
    """A box, on one frame or on all."""

    def __init__(self, size: tuple[int, int], box: Region, only: int | None = None) -> None:
        self._hole = np.zeros(size, bool)
        self._hole[box.slices] = True
        self._only = only

    def __getitem__(self, index: int) -> np.ndarray:
        return self._hole if self._only in (None, index) else np.zeros_like(self._hole)


def film(size: tuple[int, int], count: int) -> ArrayFrames:
    ramp = np.add.outer(np.linspace(0, 100, size[0]), np.linspace(0, 100, size[1])).astype(np.uint8)
    return ArrayFrames([np.repeat(ramp[..., None], 3, axis=2)] * count)


@pytest.fixture
def fixed_network(mean_network: Any) -> Any:
    network = mean_network()
    network.fixed_size = SIZE
    return network


@given(st.integers(8, 2200), st.integers(8, 4000), st.data())
def test_a_crop_holds_the_hole_and_fits_into_what_the_network_takes(height: int, width: int, data: Any) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Region(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
    crop = crop_for(box, (height, width), SIZE)
    assert crop.padded == SIZE
    assert all(1 <= side <= most for side, most in zip(crop.size, SIZE, strict=True))
    assert crop.region.x0 <= max(0, box.x0 - 64)
    assert crop.region.y1 >= min(height, box.y1 + 64)
    assert crop.region.union(Region.whole((height, width))) == Region.whole((height, width))
    assert crop.size[0] <= crop.region.height
    assert crop.size[1] <= crop.region.width
    # Not squeezed: one pixel of rounding on either side apart.
    across, down = crop.size[1] / crop.region.width, crop.size[0] / crop.region.height
    assert abs(across - down) <= 1.5 / min(crop.region.width, crop.region.height) + 1.5 * max(across, down) / min(
        crop.size
    )


@pytest.mark.parametrize("size", [(40, 60), (240, 432), (700, 300), (1080, 1920)])
def test_frames_of_any_size_are_filled_in_the_right_place(
    fixed_network: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def complete(features: Tensor, flows: Flows, local: int, shown: int) -> Tensor:
        sizes.append(features.shape[-2:])
        # The first frame has no hole, so it shows on all others what is there.
        whole = functional.interpolate(features[0, :1], scale_factor=4, mode="bilinear")
        return whole.expand(shown, -1, -1, -1)

    monkeypatch.setattr(fixed_network, "complete", complete)
    box = Region(size[1] // 2, size[0] // 3, size[1] // 2 + 17, size[0] // 3 + 11)
    frames = film(size, 4)
    filler = E2fgviFiller(E2fgviOptions(grain=False), Runtime(quality="draft"), fixed_network)
    filler.start(frames, Hole(size, box, only=2))
    assert filler.fill(1) is None
    filled = filler.fill(2)
    assert filled is not None
    assert filled.region == box
    difference = filled.rgb.astype(int) - frames[2].rgb[box.slices]
    assert np.abs(difference).max() <= 4
    assert set(sizes) == {(60, 108)}


def test_parity_brings_the_whole_frame_to_its_size(fixed_network: Any) -> None:
    filler = E2fgviFiller(E2fgviOptions(parity=True), Runtime(), fixed_network)
    filler.start(film((300, 300), 3), Hole((300, 300), Region(100, 100, 120, 120)))
    filled = filler.fill(1)
    assert filled is not None
    assert filled.rgb.shape == (20, 20, 3)
    assert fixed_network.runs == [(1, 3, 3, 60, 108)]


def test_only_references_are_given_up_when_memory_is_short() -> None:
    extent = Extent(SIZE[0] * SIZE[1], 8, fixed=True)
    steps = [extent]
    while (smaller := steps[-1].smaller()) is not None:
        steps.append(smaller)
    assert [step.references for step in steps] == [8, 4, 2]
    assert {step.pixels for step in steps} == {SIZE[0] * SIZE[1]}
    assert extent.within(steps[-1].bytes()) == steps[-1]
    assert extent.within(steps[-1].bytes() - 1) is None


def test_the_plugin_loads_its_own_file_strictly(tmp_path: Path) -> None:
    torch.manual_seed(0)
    own, other = tmp_path / "own.pth", tmp_path / "hq.pth"
    torch.save(e2fgvi().state_dict(), own)
    torch.save(e2fgvi_hq().state_dict(), other)
    plugins = Plugins()

    def runtime(path: Path) -> Runtime:
        def find(name: str) -> Path:
            if name != "e2fgvi":
                raise MissingCheckpoint(f"{name} is not there")
            return path

        return plugins.runtime(Runtime(find_checkpoint=find))

    assert plugins.choose("filler", runtime(own))[0].name == "e2fgvi"
    filler = plugins.create("filler", "e2fgvi", {"propagation": False}, runtime(own))
    size = (64, 90)
    filler.start(film(size, 1), Hole(size, Region(30, 20, 50, 40)))
    filled = filler.fill(0)
    assert filled is not None
    assert filled.rgb.shape == (20, 20, 3)
    with pytest.raises(CorruptCheckpoint, match=r"sc\.bias"):
        plugins.create("filler", "e2fgvi", None, runtime(other))
    with pytest.raises(MissingCheckpoint, match="videdit checkpoints pull e2fgvi"):
        plugins.create("filler", "e2fgvi", None, Runtime())
    with pytest.raises(OptionError, match="432x240 and no other size; leave working_pixels out"):
        plugins.create("filler", "e2fgvi", {"working_pixels": 50_000}, Runtime())
