"""Killed at any moment, a batch goes on and makes what it would have made."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from videdit.batch import BatchRequest, run_batch, status_of
from videdit.plugins import Plugins

Make = Callable[..., BatchRequest]
Killed = Callable[..., bool]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(
    request_for: Make, plugins: Plugins, killed_at: Killed, tmp_path: Path, seed: int
) -> None:
    wanted = request_for(chunk_frames=10, overlap_frames=2)
    (alone,) = run_batch(tmp_path / "alone", wanted, plugins)
    draw = random.Random(seed)
    work = tmp_path / "work"
    killed = 0
    for _ in range(4):
        killed += killed_at(work, wanted, at=draw.randint(1, 60))
    assert killed > 1
    (made,) = run_batch(work, wanted, plugins)
    assert made.out.read_bytes() == alone.out.read_bytes()
    assert status_of(work)[0].states == {"done": 7}
    # Nothing half made is left lying about.
    assert [path for path in work.rglob("*") if path.name.endswith(".part")] == []


def test_workers_end_when_whoever_sent_them_is_gone(
    request_for: Make, plugins: Plugins, killed_at: Killed, tmp_path: Path
) -> None:
    marker, work = tmp_path / "orphan", tmp_path / "work"
    wanted = request_for("kill-parent", f'marker = "{marker}"', executor="processes", executor_options={"workers": 1})
    assert killed_at(work, wanted)
    orphan = int(marker.read_text())
    for _ in range(600):
        with suppress(ProcessLookupError):
            os.kill(orphan, 0)
            time.sleep(0.1)
            continue
        break
    else:
        pytest.fail("the worker goes on without anybody to tell")
    (status,) = status_of(work)
    assert (status.running, status.finished) == (False, None)
    assert "at work" not in status.states
    (made,) = run_batch(work, wanted, plugins)
    assert made.finished is not None
    assert status_of(work)[0].finished == made.out
