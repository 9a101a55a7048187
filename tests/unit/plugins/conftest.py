"""Installed packages that are not: entry points whose modules lie in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLUGINS", "LOAD_PLUGINS", "TRACE_PLUGINS", "STRICT_PLUGINS"):
        monkeypatch.delenv(f"VIDEDIT_{name}", raising=False)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """install("glow", CODE, distribution="videdit-glow") makes it look as if that package, and no other, were there."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    made: list[metadata.EntryPoint] = []
    modules: list[str] = []

    def install(name: str, code: str, *, distribution: str = "", version: str = "0.1") -> None:
        distribution = distribution or f"videdit-{name}"
        module = f"made_{distribution.replace('-', '_')}"
        (site / f"{module}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        about = site / f"{module}-{version}.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[videdit]\n{name} = {module}\n", "utf-8")
        made.extend(metadata.PathDistribution(about).entry_points)
        modules.append(module)

    def entry_points(*, group: str) -> metadata.EntryPoints:
        return metadata.EntryPoints(made).select(group=group)

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    yield install
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """write("glow.py", CODE) puts a plug-in file into a folder and returns the folder."""

    def write(name: str, code: str) -> Path:
        path = tmp_path / "plug-ins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        return path.parent

    return write


PIP = all(importlib.util.find_spec(name) for name in ("pip", "setuptools"))


def _pip_install(package: Path, site: Path) -> None:
    """Install a package into a folder, without the network; where there is no pip, lay it out as pip would."""
    if PIP:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        where = ["--disable-pip-version-check", "--target", str(site), str(package)]
        subprocess.run([*command, *where], check=True, capture_output=True)
        return
    described = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))
    project = described["project"]
    about = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir(parents=True)
    for module in described["tool"]["setuptools"]["packages"]:
        shutil.copytree(package / module, site / module)
    lines = [f"{name} = {module}" for name, module in project["entry-points"]["videdit"].items()]
    (about / "entry_points.txt").write_text("\n".join(["[videdit]", *lines, ""]), "utf-8")
    about_text = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (about / "METADATA").write_text(about_text, "utf-8")


@pytest.fixture
def pip_install() -> Callable[[Path, Path], None]:
    """pip_install(package, site) installs a package into a folder."""
    return _pip_install


@pytest.fixture
def run_tests() -> Callable[[Path, Path], str]:
    """run_tests(package, site) runs a package's tests, warnings being errors, and returns what pytest said."""

    def run(package: Path, site: Path) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "tests"]
        environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
