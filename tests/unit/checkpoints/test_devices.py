"""Choosing a device, and telling when memory ran out."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from videdit import devices
from videdit.errors import OptionError, OutOfMemory, VideditError

torch = pytest.importorskip("torch")


def machine(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool) -> None:
    monkeypatch.setattr(devices, "_may_have_accelerator", lambda: True)
    monkeypatch.setattr(torch, "cuda", SimpleNamespace(is_available=lambda: cuda > 0, device_count=lambda: cuda))
    monkeypatch.setattr(torch.backends, "mps", SimpleNamespace(is_available=lambda: mps))


@pytest.mark.parametrize(
    ("cuda", "mps", "name", "device"),
    [
        (2, True, "auto", "cuda"),
        (0, True, "auto", "mps"),
        (0, False, "auto", "cpu"),
        (2, False, "cuda", "cuda"),
        (2, False, "cuda:1", "cuda:1"),
        (1, True, "MPS", "mps"),
        (1, True, "cpu", "cpu"),
    ],
)
def test_names_stand_for_devices(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, name: str, device: str) -> None:
    machine(monkeypatch, cuda, mps)
    assert devices.resolve_device(name) == device


@pytest.mark.parametrize("name", ["cuda", "mps", "cuda:0"])
def test_a_device_that_is_not_there_names_those_that_are(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    machine(monkeypatch, 0, False)
    with pytest.raises(OptionError, match=f"'{name}' is not there; use auto or one of: cpu"):
        devices.resolve_device(name)


def test_a_number_too_high_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 2, False)
    with pytest.raises(OptionError, match="cpu, cuda:0, cuda:1"):
        devices.resolve_device("cuda:2")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:-1", "tpu"])
def test_other_words_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match="no device is called"):
        devices.resolve_device(name)


def test_the_cpu_needs_no_torch() -> None:
    code = "import sys, videdit.devices as d; d.resolve_device('cpu'); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_peak_grows_with_what_is_held() -> None:
    before = devices.peak_memory_bytes()
    held = np.ones(256 << 20, np.uint8)
    after = devices.peak_memory_bytes()
    assert before is not None
    assert after is not None
    assert after >= len(held)
    assert after >= before


def torch_error() -> BaseException:
    try:
        torch.empty(1 << 60, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError("an exabyte was to be had")


def cv2_error() -> BaseException:
    try:
        raise cv2.error("OpenCV(5.0) error: (-4:Insufficient memory) Failed to allocate 9 bytes in function 'x'")
    except cv2.error as error:
        return error


def caused() -> BaseException:
    outer = VideditError("the engine failed")
    outer.__cause__ = torch.OutOfMemoryError("CUDA out of memory.")
    return outer


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OutOfMemory("no more"), torch_error(), cv2_error(), caused(), torch.OutOfMemoryError("x")],
    ids=lambda error: type(error).__name__,
)
def test_memory_errors_are_told(error: BaseException) -> None:
    assert devices.is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), ValueError("out of memory"), KeyError("x"), None])
def test_other_errors_are_not(error: BaseException | None) -> None:
    assert not devices.is_out_of_memory(error)
