"""A disk without room stops a batch with one sentence, and nothing counts as failed for it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from videdit.batch import BatchRequest, results, run_batch, status_of
from videdit.errors import DiskFull
from videdit.plugins import Plugins

Make = Callable[..., BatchRequest]


class Full:
    """Lets files be written to the disk until it is told that this one has no room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = ""
        really = results.os.fsync
        monkeypatch.setattr(results.os, "fsync", lambda handle: self._sync(handle, really))

    def _sync(self, handle: int, really: Callable[[int], None]) -> None:
        name = Path(f"/proc/self/fd/{handle}").resolve().name
        if self.at and self.at in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        really(handle)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Full:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the names of open files are asked of /proc")
    return Full(monkeypatch)


@pytest.mark.parametrize("place", ["result.json", "report.html", "finished.json"])
def test_a_full_disk(request_for: Make, plugins: Plugins, tmp_path: Path, full: Full, place: str) -> None:
    wanted, work = request_for(keep_going=True, pass_failed=True), tmp_path / "work"
    full.at = place
    with pytest.raises(DiskFull, match=f"{place}: the disk is full; free some space and run the same command again"):
        run_batch(work, wanted, plugins)
    assert "failed" not in status_of(work)[0].states
    assert not list(work.rglob("*.part"))
    full.at = ""
    (made,) = run_batch(work, replace(wanted, keep_going=False), plugins)
    assert made.finished is not None
    assert not made.passed
