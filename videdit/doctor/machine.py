"""The machine: Python, operating system, processors, memory, disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from videdit import __version__
from videdit.doctor.report import Row

_LOW_MEMORY_BYTES = 2 << 30
_LOW_DISK_BYTES = 2 << 30
_UNLIMITED_BYTES = 1 << 60


def machine_rows() -> Iterable[Row]:
    """Tell what runs videdit."""
    yield Row("machine", "videdit", __version__)
    yield Row("machine", "Python", f"{platform.python_version()} ({sys.executable})")
    yield Row("machine", "system", f"{_system()}, {platform.machine()}")
    usable, all_of_them = usable_processors(), os.cpu_count() or 1
    yield Row("machine", "processors", f"{usable}" if usable == all_of_them else f"{usable} of {all_of_them} usable")
    total, free = memory_bytes()
    if total is not None:
        text = f"{_gib(total)}, {_gib(free)} free" if free is not None else _gib(total)
        low = free is not None and free < _LOW_MEMORY_BYTES
        yield Row("machine", "memory", text, "warning" if low else "good")


def disk_rows(folders: Sequence[tuple[str, Path]]) -> Iterable[Row]:
    """Tell how much room there is in each folder, named by what it is for."""
    for name, folder in folders:
        there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        free = shutil.disk_usage(there).free
        yield Row("disk", name, f"{_gib(free)} free in {folder}", "warning" if free < _LOW_DISK_BYTES else "good")


def usable_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> tuple[int | None, int | None]:
    """Return the memory this process may use and how much of it is free; None where the system does not tell."""
    total = _physical_bytes()
    free = _meminfo_bytes("MemAvailable")
    # A container is stopped at its own limit, whatever the machine has.
    limit, used = _cgroup_bytes("memory.max"), _cgroup_bytes("memory.current")
    if limit is not None and (total is None or limit < total):
        total = limit
        if used is not None:
            free = min(limit - used, free if free is not None else _UNLIMITED_BYTES)
    return total, free


def _physical_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _meminfo_bytes(key: str) -> int | None:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return None


def _cgroup_bytes(name: str) -> int | None:
    lines = _lines(Path("/sys/fs/cgroup") / name)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.platform())
    except OSError:
        return platform.platform(terse=True)


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"
