"""Which device networks run on, and how much memory was taken."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

from videdit.errors import OptionError, OutOfMemory

_FORM = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_DRIVER_FILES = ("nvidia*", "dxg", "kfd", "nvhost-*", "nvmap")
"""What a driver for CUDA or ROCm leaves in /dev: a desktop card, Windows beneath, AMD, a Jetson."""

_MEMORY_SENTENCES = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "insufficient memory",
    "alloc_failed",
    "cannot allocate memory",
    "unable to allocate",
)


def resolve_device(name: str = "auto") -> str:
    """Return the device that `name` stands for: "cpu", "cuda", "cuda:1" or "mps".

    name: "auto" (CUDA, then MPS, then the CPU), "cpu", "cuda", "cuda:N" or "mps"

    PyTorch is imported only where the answer depends on it. Raises OptionError that names what there is, if the device
    asked for is not there or the word is none of these.
    """
    wanted = name.strip().lower()
    if not _FORM.fullmatch(wanted):
        raise OptionError(f"no device is called {name!r}", next_step="use auto, cpu, cuda, cuda:N or mps")
    if wanted == "cpu" or (wanted == "auto" and not _may_have_accelerator()):
        return "cpu"
    there = available_devices()
    if wanted == "auto":
        return next(kind for kind in ("cuda:0", "mps", "cpu") if kind in there).removesuffix(":0")
    if wanted in there or (wanted == "cuda" and "cuda:0" in there):
        return wanted
    raise OptionError(f"the device {name!r} is not there", next_step=f"use auto or one of: {', '.join(there)}")


def available_devices() -> list[str]:
    """Return the devices PyTorch can use, each by its full name: "cpu", "cuda:0", "mps"."""
    import torch

    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return ["cpu", *cuda, *(["mps"] if torch.backends.mps.is_available() else [])]


def peak_memory_bytes(device: str = "cpu") -> int | None:
    """Return the most memory this process held at once, on a CUDA device or in the machine; None if nobody tells."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_reserved(device))
    with contextlib.suppress(OSError):
        # On Linux the kernel's own figure for this process; getrusage there inherits the parent's through exec.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def is_out_of_memory(error: BaseException | None) -> bool:
    """Say whether an error, or what caused it, means that memory ran out: Python's, numpy's, PyTorch's or OpenCV's."""
    while error is not None:
        if isinstance(error, (MemoryError, OutOfMemory)):
            return True
        # By name, so that an error of PyTorch can be told without importing it.
        if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
            return True
        text = str(error).lower()
        if _from_library(error) and any(sentence in text for sentence in _MEMORY_SENTENCES):
            return True
        error = error.__cause__
    return False


def _from_library(error: BaseException) -> bool:
    """PyTorch raises plain RuntimeErrors for the CPU, MPS and cuDNN; OpenCV its own class."""
    return isinstance(error, RuntimeError) or type(error).__module__.partition(".")[0] == "cv2"


def _may_have_accelerator() -> bool:
    """Say whether it is worth two seconds to ask PyTorch: on Linux only where a driver left its files."""
    if not sys.platform.startswith("linux"):
        return True
    return any(next(Path("/dev").glob(pattern), None) is not None for pattern in _DRIVER_FILES)
