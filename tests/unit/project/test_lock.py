"""One process at a time in a folder."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from videdit.errors import ProjectError
from videdit.plugins import Plugins
from videdit.project import open_project
from videdit.project.lock import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from videdit.project.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_named_and_its_death_frees_the_folder(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(ProjectError, match=rf"another videdit \(process {process.pid}, since .*\) is at work"):
            FolderLock(tmp_path)
        process.send_signal(signal.SIGKILL)
    FolderLock(tmp_path, wait_seconds=10).release()


def test_one_who_waits_gets_the_folder(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        with FolderLock(tmp_path, wait_seconds=10):
            pass


def test_a_project_is_open_once(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    folder = tmp_path / "work"
    with open_project(film, folder, plugins=plugins):
        with pytest.raises(ProjectError, match="this program already is at work in this folder"):
            open_project(film, folder, plugins=plugins)
        assert (folder / "project.toml").is_file()
    with open_project(None, folder, plugins=plugins) as again:
        assert again.reader.frame_count == 32


def test_a_project_that_cannot_be_opened_leaves_no_lock(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    (tmp_path / "project.toml").write_text("no = 'project'")
    for _ in range(2):
        with pytest.raises(Exception, match="Extra inputs"):
            open_project(film, tmp_path, plugins=plugins)
