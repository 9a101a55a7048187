"""The networks on a CUDA device against the published outputs, and the engines there against themselves on the CPU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import reference_weights as reference
import torch

from videdit.checkpoints import load_strict
from videdit.frames import ArrayFrames
from videdit.prompts import Click
from videdit.runtime import Runtime
from videdit_e2fgvi import E2FGVI, e2fgvi_hq
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.options import LEAST_PIXELS, E2fgviOptions
from videdit_plugins.sam.engine import SamSegmenter
from videdit_plugins.sam.options import SamOptions
from videdit_plugins.xmem.engine import XMemTracker
from videdit_plugins.xmem.network.network import Widths, XMem
from videdit_plugins.xmem.options import XMemOptions

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
DEVICES = ("cpu", "cuda")


@pytest.fixture(autouse=True)
def whole_precision() -> Iterator[None]:
    """Multiply in float32 proper: TF32 has ten bits, and parity could not be told from a fault."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def xmem() -> XMem:
    state = reference.reference_state_dict(GOLDEN / "xmem_state_dict.tsv")
    network = XMem(Widths.of(state, "reference weights"))
    load_strict(network, state, "reference weights")
    return network.eval().requires_grad_(False)


def hq() -> E2FGVI:
    network = e2fgvi_hq()
    tables = {key: one for key, one in network.state_dict().items() if key.endswith("valid_ind_rolled")}
    load_strict(network, reference.reference_state_dict(GOLDEN / "e2fgvi_hq_state_dict.tsv") | tables, "reference")
    return network.eval().requires_grad_(False)


def published(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as archive:
        return dict(archive)


def test_xmem_features_are_the_published_ones() -> None:
    frames, _ = reference.reference_clip(**json.loads((GOLDEN / "xmem.json").read_text())["clip"])
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    image = ((torch.from_numpy(frames[0]).float() / 255 - mean) / deviation).permute(2, 0, 1)[None].cuda()
    with torch.inference_mode():
        features = xmem().cuda().encode_frames(image)
    expected = published("xmem")
    for name in ("key", "shrinkage", "selection"):
        found = getattr(features, name).cpu().numpy()
        assert np.abs(found - expected[name]).max() < 1e-3 * np.abs(expected[name]).max()


def test_e2fgvi_output_and_flows_are_the_published_ones() -> None:
    facts = json.loads((GOLDEN / "e2fgvi_hq.json").read_text())
    clip, mask = reference.reference_clip(**facts["clip"])
    frames = torch.from_numpy((clip / 127.5 - 1) * (1 - mask[..., None])).float().permute(0, 3, 1, 2)[None].cuda()
    with torch.inference_mode():
        pictures, flows = hq().cuda()(frames, facts["local_frames"])
    expected = published("e2fgvi_hq")
    assert np.abs(pictures.cpu().numpy() - expected["out"]).max() < 1e-3
    assert np.abs(flows.forward.cpu().numpy() - expected["flow_forward"]).max() < 1e-3
    assert np.abs(flows.backward.cpu().numpy() - expected["flow_backward"]).max() < 1e-3


def film(count: int, size: tuple[int, int]) -> tuple[ArrayFrames, list[np.ndarray]]:
    """Two discs that cross a texture, and the mask of the first."""
    draw = np.random.default_rng(0)
    ground = np.kron(draw.integers(0, 256, (size[0] // 8, size[1] // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    rows, columns = np.mgrid[: size[0], : size[1]]
    frames, masks = [], []
    for t in range(count):
        rgb = ground.copy()
        for number, colour in enumerate(((230, 40, 30), (30, 60, 220))):
            disc = (rows - size[0] // 2) ** 2 + (columns - 40 - 6 * t - 50 * number) ** 2 < 22**2
            rgb[disc] = colour
            if number == 0:
                masks.append(disc)
        frames.append(rgb)
    return ArrayFrames(frames), masks


def tracked(device: str, options: XMemOptions, resumed_at: int | None = None) -> list[np.ndarray]:
    """Follow the first disc, its true mask given on every fourth frame; return the probabilities."""
    frames, masks = film(10, (128, 192))
    tracker = XMemTracker(options, Runtime(device=device), xmem())
    tracker.start(frames, 0, {1: masks[0]})
    found: list[np.ndarray] = []
    for t in range(1, 10):
        answer = tracker.step(t)[1]
        assert answer.probability is not None
        found.append(np.asarray(answer.probability, np.float32))
        if t % 4 == 0:
            tracker.correct(t, 1, masks[t])
        if t == resumed_at:
            state = tracker.snapshot()
            tracker = XMemTracker(options, Runtime(device=device), xmem())
            tracker.restore(frames, state)
    return found


def test_xmem_tracks_alike_on_both_devices() -> None:
    on_cpu, on_gpu = (tracked(device, XMemOptions(precision="float32", winograd=False)) for device in DEVICES)
    assert max(float(np.abs(one - other).max()) for one, other in zip(on_cpu, on_gpu, strict=True)) < 1e-2


def test_xmem_in_the_numbers_that_suit_the_device_is_close() -> None:
    on_cpu, on_gpu = tracked("cpu", XMemOptions(precision="float32")), tracked("cuda", XMemOptions())
    assert float(np.mean([np.abs(one - other).mean() for one, other in zip(on_cpu, on_gpu, strict=True)])) < 1e-2


def test_xmem_taken_up_from_a_snapshot_is_the_same() -> None:
    options = XMemOptions(precision="float32", ahead_frames=1)
    whole, resumed = tracked("cuda", options), tracked("cuda", options, resumed_at=5)
    assert max(float(np.abs(one - other).max()) for one, other in zip(whole, resumed, strict=True)) < 1e-4


class Square:
    """A hole that stands still."""

    def __getitem__(self, index: int) -> np.ndarray:
        hole = np.zeros((96, 160), bool)
        hole[30:56, 50:84] = True
        return hole


@pytest.mark.parametrize("propagation", [True, False])
def test_e2fgvi_fills_alike_on_both_devices(propagation: bool) -> None:
    frames, _ = film(8, (96, 160))
    options = E2fgviOptions(working_pixels=LEAST_PIXELS, precision="float32", propagation=propagation)
    filled = {}
    for device in DEVICES:
        filler = E2fgviFiller(options, Runtime(device=device), hq().to(device))
        filler.start(frames, Square())
        filled[device] = [filler.fill(index) for index in range(8)]
    for one, other in zip(filled["cpu"], filled["cuda"], strict=True):
        assert one is not None
        assert other is not None
        assert one.region == other.region
        assert np.array_equal(one.origin, other.origin)
        assert np.abs(one.rgb.astype(int) - other.rgb.astype(int)).max() <= 1


def test_segment_anything_answers_alike_on_both_devices() -> None:
    from segment_anything import sam_model_registry

    torch.manual_seed(0)
    frames, _ = film(1, (96, 160))
    model = sam_model_registry["vit_b"]().eval().requires_grad_(False)
    found = {}
    for device in DEVICES:
        segmenter = SamSegmenter(SamOptions(refine=False), Runtime(device=device), model)
        found[device] = segmenter.segment(frames, 0, [Click(40, 48)])[0]
    differing = found["cpu"].mask ^ found["cuda"].mask
    assert differing.mean() < 0.01
    assert found["cpu"].score == pytest.approx(found["cuda"].score, abs=1e-2)
