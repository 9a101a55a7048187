"""Files of XMem weights: widths are read from them, wrong ones are refused by key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit.plugins import Plugins
from videdit_plugins.xmem.loading import load_network
from videdit_plugins.xmem.network.key_encoder import Features
from videdit_plugins.xmem.network.network import Widths, XMem, with_others_channel


def save(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    path = tmp_path / "weights.pth"
    torch.save(tensors, path)
    return path


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptCheckpoint, match=r"weights\.pth.*missing: key_proj\.key_proj\.weight"):
        load_network(save(tmp_path, {"conv1.weight": torch.zeros(1)}))


def test_a_file_that_lacks_parts_names_them(tmp_path: Path) -> None:
    tensors = {
        "key_proj.key_proj.weight": torch.zeros(64, 1024, 3, 3),
        "value_encoder.fuser.block2.conv2.weight": torch.zeros(512, 512, 1, 1),
        "surplus": torch.zeros(1),
    }
    with pytest.raises(CorruptCheckpoint) as caught:
        load_network(save(tmp_path, tensors))
    text = str(caught.value)
    assert "missing: key_encoder.conv1.weight" in text
    assert "unexpected: surplus" in text
    assert "value_encoder.fuser.block2.conv2.weight is (512, 512, 1, 1), not (512, 512, 3, 3)" in text


def test_widths_come_from_the_tensors() -> None:
    with torch.device("meta"):
        state = XMem(Widths(key=8, value=24, hidden=6)).state_dict()
        assert Widths.of(state, "file") == Widths(8, 24, 6)
        plain = XMem(Widths(hidden=0))
    assert Widths.of(plain.state_dict(), "file") == Widths(64, 512, 0)
    assert not any("hidden" in name for name in plain.state_dict())


@pytest.mark.parametrize("hidden", [0, 64])
def test_shapes_with_and_without_sensory_memory(hidden: int) -> None:
    with torch.device("meta"):
        network = XMem(Widths(hidden=hidden)).eval()
        image, state = torch.zeros(1, 3, 32, 48), torch.zeros(5, hidden, 2, 3)
        features: Features = network.encode_frames(image)
        value, state = network.encode_objects(image, features.f16, torch.zeros(5, 32, 48), state)
        logit, after = network.decode(features, value, state, update=True)
    assert features.key.shape == (1, 64, 2, 3)
    assert value.shape == (5, 512, 2, 3)
    assert logit.shape == (5, 32, 48)
    assert after.shape == (5, hidden, 2, 3)


def test_files_for_one_object_get_a_channel_of_zeros() -> None:
    tensors = with_others_channel({"value_encoder.conv1.weight": torch.ones(64, 4, 7, 7)})
    weight = tensors["value_encoder.conv1.weight"]
    assert weight.shape == (64, 5, 7, 7)
    assert weight[:, 4].abs().sum() == 0
    assert weight[:, :4].min() == 1


def test_reduced_precision_reaches_the_convolutions() -> None:
    with torch.device("meta"):
        network = XMem().eval()
    network.to_empty(device="cpu")
    network.reduced = torch.bfloat16
    features = network.encode_frames(torch.zeros(1, 3, 16, 16))
    assert features.f16.dtype == torch.bfloat16
    assert features.key.dtype == torch.float32


def test_without_its_file_it_says_how_to_get_it() -> None:
    plugins = Plugins()
    offer = plugins.find("tracker", "xmem")
    assert offer.checkpoints == ("xmem",)
    assert offer.rank > plugins.find("tracker", "builtin").rank
    with pytest.raises(MissingCheckpoint, match="videdit checkpoints pull xmem"):
        offer.factory(offer.options(), plugins.runtime())


def test_importing_the_plugin_imports_no_torch() -> None:
    code = "import sys, videdit_plugins.xmem, videdit_plugins.sam; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
