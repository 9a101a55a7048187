"""`videdit plugins new` makes a package that installs, is found, and passes its own tests."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from videdit.errors import OptionError
from videdit.scaffold import new_plugin


def test_a_new_package_installs_and_passes_its_own_tests(
    tmp_path: Path, pip_install: Callable[[Path, Path], None], run_tests: Callable[[Path, Path], str]
) -> None:
    made = new_plugin("soft-glow", tmp_path)
    package, site = tmp_path / "videdit-soft-glow", tmp_path / "site"
    assert sorted(made) == sorted(path for path in package.rglob("*") if path.is_file())
    pip_install(package, site)
    assert "4 passed" in run_tests(package, site)


def test_it_is_clean(tmp_path: Path) -> None:
    new_plugin("glow", tmp_path)
    rules = ["--isolated", "--no-cache", "--quiet", "--line-length=120"]
    for how in (["check", "--select=E,F,W,I,B,UP,N,RUF,PTH"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *how, *rules, "."]
        done = subprocess.run(command, cwd=tmp_path / "videdit-glow", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_prefix_is_no_part_of_the_effects_name(tmp_path: Path) -> None:
    new_plugin("videdit-glow", tmp_path)
    project = tomllib.loads((tmp_path / "videdit-glow" / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"]["videdit"] == {"glow": "videdit_glow"}


def test_nothing_is_left_to_fill_in(tmp_path: Path) -> None:
    for path in new_plugin("glow", tmp_path):
        for word in ("effect", "distribution", "module", "class"):
            assert f"<{word}>" not in path.read_text("utf-8")
            assert f"<{word}>" not in str(path)


@pytest.mark.parametrize(
    "name", ["", "Glow", "7th", "two words", "a--b", "-a", "a-", "../glow", "gl.ow", "é", "x" * 41]
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="cannot be the name of an effect; use at most 40 lower-case letters"):
        new_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "videdit-glow").mkdir()
    with pytest.raises(OptionError, match="videdit-glow: it exists already; choose another name or folder"):
        new_plugin("glow", tmp_path)
    assert list((tmp_path / "videdit-glow").iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="nowhere: the folder does not exist"):
        new_plugin("glow", tmp_path / "nowhere")
