"""Reading tensors from files, good and hostile, and putting them into networks."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videdit.checkpoints import load_state_dict, load_strict
from videdit.errors import CheckpointError, CorruptCheckpoint, MissingCheckpoint

torch = pytest.importorskip("torch")

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.zeros(2)}


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return list(left) == list(right) and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize(
    ("layout", "content"),
    [
        ("plain", TENSORS),
        ("plain", {f"module.{key}": value for key, value in TENSORS.items()}),
        ("model", {"model": TENSORS, "epoch": 3}),
        ("state_dict", {"state_dict": {f"module.{key}": value for key, value in TENSORS.items()}}),
        ("model or state_dict", {"model": TENSORS}),
        ("model or state_dict", {"state_dict": TENSORS}),
    ],
)
def test_layouts_are_unwrapped(tmp_path: Path, layout: Any, content: Any) -> None:
    assert same(load_state_dict(saved(tmp_path / "net.pth", content), layout), TENSORS)


def test_a_prefix_that_only_some_names_have_stays(tmp_path: Path) -> None:
    mixed = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    assert same(load_state_dict(saved(tmp_path / "net.pth", mixed)), mixed)


def test_safetensors_are_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / "net.safetensors")
    loaded = load_state_dict(tmp_path / "net.safetensors", "safetensors", "not-torch")
    assert same(dict(sorted(loaded.items())), dict(sorted(TENSORS.items())))
    (tmp_path / "bad.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(CorruptCheckpoint, match="no safetensors file"):
        load_state_dict(tmp_path / "bad.safetensors", "safetensors")


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("ran"),)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "net.pth", TENSORS | {"x": Hostile()})
    for policy in ("tensors", "numpy-scalars"):
        with pytest.raises(CorruptCheckpoint, match="besides tensors, which is refused"):
            load_state_dict(path, "plain", policy)  # type: ignore[arg-type]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("module", [b"numpy._core.multiarray", b"numpy.core.multiarray"])
@pytest.mark.parametrize("scalar", [np.float64(0.5), np.float32(0.5), np.int64(3)])
def test_numpy_scalars_are_read_where_the_entry_says_so(tmp_path: Path, module: bytes, scalar: Any) -> None:
    new = saved(tmp_path / "new.pth", {"state_dict": TENSORS, "best": scalar})
    path = tmp_path / "net.pth"
    with zipfile.ZipFile(new) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            # numpy 1 called the module by another name, and files of that time still do.
            target.writestr(name, source.read(name).replace(b"numpy._core.multiarray", module))
    assert same(load_state_dict(path, "model or state_dict", "numpy-scalars"), TENSORS)
    with pytest.raises(CorruptCheckpoint, match="besides tensors, which is refused"):
        load_state_dict(path, "model or state_dict", "tensors")


@pytest.mark.parametrize(
    "content", [b"", b"plain text", b"PK\x03\x04 cut short", pickle.dumps({"a": 1}, protocol=2)[:-3]]
)
def test_files_of_another_kind_are_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(CorruptCheckpoint, match=r"net\.pth: is no file of PyTorch weights"):
        load_state_dict(tmp_path / "net.pth")
    with pytest.raises(MissingCheckpoint):
        load_state_dict(tmp_path / "absent.pth")


@pytest.mark.parametrize(
    ("layout", "content", "says"),
    [
        ("model", TENSORS, "nothing under 'model'"),
        ("plain", {"a": torch.zeros(1), "epoch": 3}, "other things than tensors: epoch"),
        ("plain", [1, 2], "no tensors by name"),
        ("plain", {}, "no tensors by name"),
    ],
)
def test_files_without_the_expected_tensors_are_told(tmp_path: Path, layout: Any, content: Any, says: str) -> None:
    with pytest.raises(CorruptCheckpoint, match=says):
        load_state_dict(saved(tmp_path / "net.pth", content), layout)


def test_files_of_other_tools_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"onnx")
    with pytest.raises(CheckpointError, match="onnx"):
        load_state_dict(tmp_path / "net.onnx", "onnx", "not-torch")


def test_weights_that_fit_are_put_in() -> None:
    module = torch.nn.Linear(3, 2)
    load_strict(module, {"weight": torch.ones(2, 3), "bias": torch.ones(2)}, "net.pth")
    assert all(bool((value == 1).all()) for value in module.state_dict().values())


def test_weights_that_do_not_fit_are_named_and_change_nothing() -> None:
    module = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(4)])
    before = {key: value.clone() for key, value in module.state_dict().items()}
    given = {"0.weight": torch.ones(3, 2), "7.weight": torch.ones(1)}
    with pytest.raises(CorruptCheckpoint) as caught:
        load_strict(module, given, "net.pth")
    text = str(caught.value)
    assert "missing: 0.bias, 1.weight, 1.bias, 2.weight, 2.bias and 2 more" in text
    assert "unexpected: 7.weight" in text
    assert "of another shape: 0.weight is (3, 2), not (2, 2)" in text
    assert same(dict(module.state_dict()), before)
