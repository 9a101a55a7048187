"""Killed at any moment, a batch goes on and makes what it would have made."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from videdit.batch import BatchRequest, run_batch, status_of
from videdit.plugins import Plugins

Make = Callable[..., BatchRequest]

# Counts what is written in the work folder and every frame that is done, and ends itself at a count. Files that other
# languages' libraries write are not seen, but the frames are that they are made of.
RUN = """
import os, pickle, signal, sys
from pathlib import Path

work, at = Path(sys.argv[1]), int(sys.argv[2])
seen = 0

def count(*about):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)

def hook(event, arguments):
    if event == "open":
        writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    else:
        writes = event in ("os.rename", "os.remove", "os.mkdir", "sqlite3.connect")
    if writes and str(arguments[0]).startswith(str(work)):
        count()

sys.addaudithook(hook)
from videdit.batch import run_batch

request, plugins = pickle.loads(Path(sys.argv[3]).read_bytes())
run_batch(work, request, plugins, report=count)
"""


def start(work: Path, request: BatchRequest, plugins: Plugins, tmp_path: Path, at: int = 0) -> int:
    told = tmp_path / "request.pickle"
    told.write_bytes(pickle.dumps((request, plugins)))
    command = [sys.executable, "-c", RUN, str(work), str(at), str(told)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(request_for: Make, plugins: Plugins, tmp_path: Path, seed: int) -> None:
    wanted = request_for(chunk_frames=10, overlap_frames=2)
    (alone,) = run_batch(tmp_path / "alone", wanted, plugins)
    draw = random.Random(seed)
    work = tmp_path / "work"
    killed = 0
    for _ in range(4):
        killed += start(work, wanted, plugins, tmp_path, at=draw.randint(1, 60)) != 0
    assert killed > 1
    (made,) = run_batch(work, wanted, plugins)
    assert made.out.read_bytes() == alone.out.read_bytes()
    assert status_of(work)[0].states == {"done": 7}
    # Nothing half made is left lying about.
    assert [path for path in work.rglob("*") if path.name.endswith(".part")] == []


def test_workers_end_when_whoever_sent_them_is_gone(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    marker, work = tmp_path / "orphan", tmp_path / "work"
    wanted = request_for("kill-parent", f'marker = "{marker}"', executor="processes", executor_options={"workers": 1})
    assert start(work, wanted, plugins, tmp_path) == -signal.SIGKILL
    orphan = int(marker.read_text())
    for _ in range(600):
        with suppress(ProcessLookupError):
            os.kill(orphan, 0)
            time.sleep(0.1)
            continue
        break
    else:
        pytest.fail("the worker goes on without anybody to tell")
    (made,) = run_batch(work, wanted, plugins)
    assert made.finished is not None
