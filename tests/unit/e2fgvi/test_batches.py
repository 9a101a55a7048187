"""How many frames go through the layers together changes no result."""

from __future__ import annotations

import pytest
import torch

from videdit_e2fgvi import e2fgvi_hq, network, propagation, transformer
from videdit_e2fgvi.batches import by_parts, frames_at_once


@torch.inference_mode()
def test_frames_may_go_through_the_layers_together(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = e2fgvi_hq().eval()
    for align in model.feat_prop_module.deform_align.values():
        torch.nn.init.normal_(align.weight, std=0.02)
    frames = torch.rand(1, 4, 3, 60, 108) * 2 - 1
    alone, flows_alone = model(frames, 3)
    for module in (network, propagation, transformer):
        monkeypatch.setattr(module, "frames_at_once", lambda device, size: 3)
    monkeypatch.setattr(transformer, "_FRAMES_AT_ONCE_ON_CPU", 3)
    together, flows_together = model(frames, 3)
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(flows_together, flows_alone)


def test_a_gpu_takes_more_small_frames_at_once_than_large_ones() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert frames_at_once(cpu, (60, 108)) == 1
    assert frames_at_once(gpu, (60, 108)) > frames_at_once(gpu, (180, 324)) > 1
    assert frames_at_once(gpu, (10_000, 10_000)) == 1


def test_parts_are_joined_in_order() -> None:
    maps = torch.arange(7.0)[:, None]
    assert torch.equal(by_parts(lambda part: part * 2, maps, 3), maps * 2)
