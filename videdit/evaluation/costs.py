"""What work costs: milliseconds and memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videdit.devices import peak_memory_bytes


class Meter:
    """Adds up the wall-clock and processor time of what is done `with meter.running():`, and tells the peak memory.

    device: where the engine runs; on CUDA the memory is the device's, else this process's
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.wall_seconds = 0.0
        self.cpu_seconds = 0.0
        _forget_peak(device)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of a block; processor time is that of all threads."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall_seconds += time.perf_counter() - wall
            self.cpu_seconds += time.process_time() - cpu

    def record(self, frames: int) -> dict[str, float | int | None]:
        """Return milliseconds for each of `frames`, and the most memory held since the meter was made, in MiB."""
        peak = peak_memory_bytes(self.device)
        return {
            "wall_ms": 1000 * self.wall_seconds / max(1, frames),
            "cpu_ms": 1000 * self.cpu_seconds / max(1, frames),
            "peak_mib": None if peak is None else peak / 2**20,
        }


def _forget_peak(device: str) -> None:
    """Begin a new peak where the system allows it; elsewhere the peak is that of the process so far."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        return
    try:
        # Linux: 5 sets the highest resident size back to the present one.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return
