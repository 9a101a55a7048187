"""The filler e2fgvi: its contract, what it costs, its options, and its behaviour when memory is short."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videdit import ArrayFrames, Filler, Plugins, Runtime
from videdit.errors import CorruptCheckpoint, MissingCheckpoint, OptionError, OutOfMemory
from videdit.quantization import Int8Conv2d, Int8Linear, has_int8
from videdit.testing.contracts import assert_contract
from videdit_e2fgvi import E2FGVI
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.integers import in_integers
from videdit_plugins.e2fgvi.options import LEAST_PIXELS, E2fgviOptions

SMALL = E2fgviOptions(working_pixels=LEAST_PIXELS)


class Film:
    """Noise, and a square hole that moves to the right by `speed` px a frame; none on the frames of `bare`."""

    def __init__(
        self,
        count: int,
        size: tuple[int, int] = (90, 160),
        speed: int = 1,
        bare: range = range(0),
        dtype: Any = np.uint8,
    ) -> None:
        draw = np.random.default_rng(1)
        pixels = draw.integers(0, np.iinfo(dtype).max, (count, *size, 3), dtype, endpoint=True)
        self.frames = ArrayFrames(list(pixels), first_index=30)
        self._size, self._speed, self._bare = size, speed, bare

    def __getitem__(self, index: int) -> np.ndarray:
        hole = np.zeros(self._size, bool)
        if index not in self._bare:
            left = 10 + (index - 30) * self._speed
            hole[20:40, left : left + 20] = True
        return hole


def start(network: Any, film: Film, options: E2fgviOptions = SMALL, runtime: Runtime | None = None) -> Filler:
    filler = E2fgviFiller(options, runtime or Runtime(), network)
    filler.start(film.frames, film)
    return filler


def test_contract(network: E2FGVI) -> None:
    assert_contract("filler", lambda options, runtime: E2fgviFiller(options, runtime, network), SMALL)


def test_any_order_gives_the_same_when_more_is_asked_for_than_is_kept(mean_network: Any) -> None:
    film = Film(31, speed=3)
    forward = start(mean_network(), film)
    expected = {index: forward.fill(index) for index in film.frames.shot}
    shuffled = start(mean_network(), film)
    for index in np.random.default_rng(2).permutation(list(film.frames.shot)).tolist():
        found, wanted = shuffled.fill(index), expected[index]
        assert found is not None
        assert wanted is not None
        assert found.region == wanted.region
        assert np.array_equal(found.rgb, wanted.rgb)
        assert np.array_equal(found.origin, wanted.origin)


def test_frames_without_holes_cost_nothing(mean_network: Any) -> None:
    film = Film(80, bare=range(40, 110))
    network = mean_network()
    filler = start(network, film)
    assert all(filler.fill(index) is None for index in range(40, 110))
    assert network.encoded == 0
    assert filler.fill(32) is not None
    assert len(network.runs) == 2  # around frames 30 and 35


def test_a_film_filled_in_order_runs_each_window_once_and_encodes_each_frame_about_once(mean_network: Any) -> None:
    film = Film(40, speed=0)
    network = mean_network()
    filler = start(network, film, E2fgviOptions(working_pixels=LEAST_PIXELS, references=2))
    for index in film.frames.shot:
        filler.fill(index)
    assert len(network.runs) == 8
    assert network.encoded <= 48


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_large_holes_are_filled_at_their_own_size_and_depth(mean_network: Any, dtype: Any) -> None:
    film = Film(3, (300, 500), dtype=dtype)
    filler = start(mean_network(), film)
    filled = filler.fill(31)
    assert filled is not None
    assert filled.rgb.dtype == dtype
    assert filled.rgb.shape == (20, 20, 3)
    assert (filled.origin != 31).all()
    assert not np.array_equal(filled.rgb, film.frames[31].rgb[filled.region.slices])


def test_parity_takes_whole_frames_and_every_reference(mean_network: Any) -> None:
    film = Film(60, (120, 216))
    network = mean_network()
    filler = start(network, film, E2fgviOptions(parity=True, references=1))
    assert filler.fill(30) is not None
    # 6 neighbours of frame 30 and the references 40, 50, ..., 80; 11 of frame 35 and 50, ..., 80 of which 40 is local.
    assert network.runs == [(1, 11, 3, 30, 54), (1, 15, 3, 30, 54)]


def test_parity_is_the_running_blend_of_whole_frames_in_order(mean_network: Any) -> None:
    film = Film(23, (120, 216))
    pixels = np.stack([film.frames[index].rgb for index in film.frames.shot])
    holes = np.stack([film[index] for index in film.frames.shot])[..., None]
    network = mean_network()
    running: list[Any] = [None] * len(pixels)
    for middle in range(0, len(pixels), 5):
        local = list(range(max(0, middle - 5), min(len(pixels), middle + 6)))
        chosen = local + [index for index in range(0, len(pixels), 10) if index not in local]
        seen = (pixels[chosen] / 127.5 - 1) * ~holes[chosen]
        encoded = network.encode(torch.from_numpy(seen).float().permute(0, 3, 1, 2))[None]
        flows = network.flows(encoded[:, : len(local)])
        pictures = network.complete(encoded, flows, len(local), len(local)).permute(0, 2, 3, 1).numpy()
        for index, picture in zip(local, pictures, strict=True):
            made = np.where(holes[index], ((picture + 1) / 2 * 255).astype(np.uint8), pixels[index]).astype(np.float32)
            running[index] = made if running[index] is None else running[index] * 0.5 + made * 0.5
    filler = start(mean_network(), film, E2fgviOptions(parity=True))
    for index in film.frames.shot:
        filled = filler.fill(index)
        assert filled is not None
        expected = running[index - 30].astype(np.uint8)[filled.region.slices]
        difference = np.abs(filled.rgb.astype(int) - expected)
        # The two round differently in float32, and fractions are cut off: now and then a whole step.
        assert difference.max() <= 1
        assert difference.mean() < 0.01


def test_a_budget_makes_windows_smaller_and_says_so_once(mean_network: Any) -> None:
    notes: list[str] = []
    network = mean_network()
    runtime = Runtime(memory_budget_bytes=700 << 20, note=notes.append)
    film = Film(100, (480, 864))
    filler = start(network, film, E2fgviOptions(working_pixels=480 * 864), runtime)
    filler.start(film.frames, film)
    assert filler.fill(60) is not None
    assert len(notes) == 1
    assert "2 distant frames" in notes[0]
    assert "700 MiB" in notes[0]
    assert network.runs[0][1] == 13


def test_a_budget_for_nothing_is_an_error(mean_network: Any) -> None:
    with pytest.raises(OutOfMemory, match="too little for its smallest window; allow it more memory"):
        start(mean_network(), Film(3), runtime=Runtime(memory_budget_bytes=1 << 20))


def test_running_out_of_memory_steps_down_and_says_so(mean_network: Any) -> None:
    notes: list[str] = []
    film = Film(100)
    network = mean_network(torch.OutOfMemoryError("CUDA out of memory"), fails=1)
    filler = start(network, film, E2fgviOptions(references=8, working_pixels=LEAST_PIXELS), Runtime(note=notes.append))
    assert filler.fill(30) is not None
    assert [run[1] for run in network.runs] == [14, 10, 15]
    assert len(notes) == 1
    assert "4 distant frames" in notes[0]
    hopeless = mean_network(torch.OutOfMemoryError("CUDA out of memory"), fails=99)
    with pytest.raises(OutOfMemory, match="ran out of memory with its smallest window"):
        start(hopeless, film).fill(30)


def test_other_faults_are_not_taken_for_want_of_memory(mean_network: Any) -> None:
    with pytest.raises(RuntimeError, match="a fault"):
        start(mean_network(RuntimeError("a fault"), fails=1), Film(3)).fill(30)


def test_fewer_bits_and_another_layout_give_nearly_the_same(network: E2FGVI) -> None:
    film = Film(2, (60, 108))
    exact = start(network, film).fill(30)
    other = copy.deepcopy(network)
    other.configure(torch.float32, channels_last=True)
    same = start(other, film).fill(30)
    other.configure(torch.bfloat16, channels_last=True)
    near = start(other, film).fill(30)
    other.configure(torch.float16)
    half = start(other, film).fill(30)
    assert half is not None
    assert np.abs(half.rgb.astype(int) - exact.rgb).mean() < 1
    assert exact is not None
    assert same is not None
    assert near is not None
    assert np.abs(same.rgb.astype(int) - exact.rgb).max() <= 1
    difference = np.abs(near.rgb.astype(int) - exact.rgb)
    assert 0 < difference.max() < 24
    assert difference.mean() < 4


@pytest.mark.skipif(not has_int8(), reason="this processor has no VNNI")
def test_integers_give_nearly_the_same_and_every_time(network: E2FGVI) -> None:
    film = Film(2, (60, 108))
    exact = start(network, film).fill(30)
    other = copy.deepcopy(network)
    in_integers(other, "cpu")
    replaced = {name for name, layer in other.named_modules() if isinstance(layer, Int8Conv2d | Int8Linear)}
    # Eight in the encoder, (4 + 2) in each direction, two in each of eight blocks.
    assert len(replaced) == 8 + 12 + 16
    near, again = start(other, film).fill(30), start(other, film).fill(30)
    assert exact is not None
    assert near is not None
    assert again is not None
    difference = np.abs(near.rgb.astype(int) - exact.rgb)
    assert difference.max() > 0
    assert difference.mean() < 1
    assert np.array_equal(near.rgb, again.rgb)


def test_integers_are_refused_on_a_graphics_card(network: E2FGVI) -> None:
    with pytest.raises(OptionError, match="int8 is for CPUs; set precision to auto"):
        in_integers(network, "cuda:0")


def test_the_plugin_loads_the_file_and_nothing_else(
    weights: dict[str, torch.Tensor], network: E2FGVI, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    plugins = Plugins()
    found = plugins.runtime(Runtime(find_checkpoint={"e2fgvi-hq": path}.__getitem__))
    film = Film(1, (60, 108))
    assert plugins.choose("filler", found)[0].name == "e2fgvi-hq"
    filler = plugins.create("filler", "e2fgvi-hq", {"working_pixels": LEAST_PIXELS, "propagation": False}, found)
    filler.start(film.frames, film)
    made, expected = filler.fill(30), start(network, film).fill(30)
    assert expected is not None
    assert np.array_equal(made.rgb, expected.rgb)
    torch.save({name: value for name, value in weights.items() if name != "ss.embedding.bias"}, path)
    with pytest.raises(CorruptCheckpoint, match=r"ss\.embedding\.bias"):
        plugins.create("filler", "e2fgvi-hq", None, found)
    with pytest.raises(MissingCheckpoint, match="videdit checkpoints pull e2fgvi-hq"):
        plugins.create("filler", "e2fgvi-hq", None, Runtime())
