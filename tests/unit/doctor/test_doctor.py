"""The doctor, on sound machines and on broken ones."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from videdit.checkpoints import CheckpointStore
from videdit.doctor import Report, Row, examine, libraries, machine
from videdit.doctor.libraries import encoder_rows, library_rows, mending_command, package_rows, probe_all
from videdit.hookspecs import hookimpl
from videdit.plugins import Plugins

TABLE = """
[checkpoint."big-net"]
role = "segmenter"
file = "big.pth"
urls = ["https://example.org/big.pth"]
size_bytes = 4
digest_from = "publisher"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
license_weights = "CC-BY-NC-4.0"
license_code = "MIT"
commercial = "no"
layout = "plain"
weights_only = "tensors"
"""


class Offers:
    """A plug-in with engines for each role; the better segmenter wants a file."""

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("plain", print)
        register("big", print, checkpoints=["big-net"], rank=10)

    @hookimpl
    def register_trackers(self, register: Any) -> None:
        register("memory", print)

    @hookimpl
    def register_fillers(self, register: Any) -> None:
        register("flow", print)

    @hookimpl
    def register_shot_detectors(self, register: Any) -> None:
        register("cuts", print)

    @hookimpl
    def register_checkpoints(self, register: Any) -> None:
        register(TABLE)


class Broken:
    @hookimpl
    def register_trackers(self, register: Any) -> None:
        raise ImportError("no module named 'thing'")


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore([TABLE], [tmp_path])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the libraries untried: that takes seconds, and has tests of its own."""
    monkeypatch.setattr(libraries, "probe_all", dict)


def break_library(folder: Path, name: str, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / f"{name}.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def row(report: Report, section: str, name: str) -> Row:
    return next(one for one in report.rows if (one.section, one.name) == (section, name))


# -- libraries ---------------------------------------------------------------------------------------------------------


def test_a_whole_report_comes_out_of_this_machine(store: CheckpointStore) -> None:
    report = examine(Plugins(installed=False, objects={"offers": Offers()}), store)
    assert json.loads(json.dumps(report.as_dict()))["healthy"] is report.healthy
    assert row(report, "encoders", "libx264").severity == "good"
    assert row(report, "libraries", "av").severity == "good"
    assert {
        "machine",
        "disk",
        "packages",
        "libraries",
        "encoders",
        "devices",
        "plug-ins",
        "engines",
        "checkpoints",
    } == set(report.sections())
    assert all("\n" not in one.value for one in report.rows)


def test_the_report_comes_out_with_no_library_at_all(
    tmp_path: Path, store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_library(tmp_path, "cv2", "raise ImportError('libGL.so.1: cannot open shared object file')", monkeypatch)
    break_library(tmp_path, "av", "import os; os._exit(139)", monkeypatch)
    break_library(tmp_path, "torch", "raise ModuleNotFoundError(\"No module named 'torch'\")", monkeypatch)
    monkeypatch.setattr(libraries.platform, "freedesktop_os_release", lambda: {"ID": "ubuntu", "ID_LIKE": "debian"})
    report = examine(Plugins(installed=False, objects={"offers": Offers()}), store)
    assert row(report, "libraries", "cv2").command == "apt install libgl1"
    assert row(report, "libraries", "torch").command == "pip install torch"
    assert "exit status 139" in row(report, "libraries", "av").value
    assert row(report, "libraries", "av").command == "pip install --force-reinstall --no-deps av"
    assert row(report, "devices", "auto").severity == "warning"
    assert not report.healthy
    assert row(report, "engines", "tracker").value == "auto takes memory: the best there is"


def test_what_a_library_prints_does_not_hide_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_library(tmp_path, "chatty", "print('hello'); __version__ = '3'", monkeypatch)
    assert probe_all(["chatty"]) == {"chatty": {"version": "3"}}


def test_a_library_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_library(tmp_path, "slow", "import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(libraries, "_TIMEOUT_SECONDS", 0.5)
    assert "no answer" in probe_all(["slow"])["slow"]["error"]


def test_the_doctor_imports_none_of_what_it_looks_at() -> None:
    import subprocess

    code = "import sys, videdit.doctor; sys.exit(bool({'av', 'cv2', 'torch', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "apt install libgl1"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt install libgl1"),
        ({"ID": "fedora"}, "dnf install mesa-libGL"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install mesa-libGL"),
        ({"ID": "opensuse-leap"}, "zypper install Mesa-libGL1"),
        ({"ID": "arch"}, "pacman -S libglvnd"),
        ({"ID": "alpine"}, "apk add mesa-gl"),
        ({}, "apt install libgl1"),
    ],
)
def test_a_missing_shared_library_names_the_package_of_the_system(release: dict[str, str], command: str) -> None:
    error = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"
    assert mending_command("cv2", error, release) == command


def test_two_opencvs_in_one_folder_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"opencv-python": "5.0", "opencv-python-headless": "4.9"}

    def version(name: str) -> str:
        if name in versions:
            return versions[name]
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    rows = {one.name: one for one in package_rows()}
    assert rows["OpenCV"].severity == "problem"
    assert rows["OpenCV"].command.startswith("pip uninstall -y opencv-python-headless && pip install")
    assert rows["numpy"].command == "pip install numpy"
    del versions["opencv-python-headless"]
    assert "OpenCV" not in {one.name for one in package_rows()}


def test_encoders_are_told_apart() -> None:
    hardware = {"h264_nvenc": "", "hevc_nvenc": "no device"}
    rows = {one.name: one for one in encoder_rows({"av": {"encoders": ["aac"], "hardware": hardware}})}
    assert (rows["libx264"].severity, rows["libx265"].severity, rows["aac"].severity) == ("problem", "note", "good")
    assert rows["hardware"].value == "h264_nvenc work"
    assert list(encoder_rows({"av": {"error": "gone"}})) == []
    assert [one.severity for one in library_rows({"av": {"error": "gone"}})] == ["problem"]


@pytest.mark.parametrize(
    ("cuda", "command"), [("", "pip install --force-reinstall torch torchvision"), ("12", "nvidia-smi")]
)
def test_a_card_that_torch_cannot_use_is_told(cuda: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries.shutil, "which", lambda name: f"/usr/bin/{name}")
    rows = list(libraries.device_rows({"torch": {"devices": [], "built_for_cuda": cuda}}))
    assert [(one.name, one.severity, one.command) for one in rows] == [
        ("auto", "good", ""),
        ("cuda", "warning", command),
    ]


def test_devices_are_named_with_their_memory() -> None:
    card = {"device": "cuda:0", "name": "Card", "memory_bytes": 24 << 30}
    rows = list(libraries.device_rows({"torch": {"devices": [card], "built_for_cuda": "12"}}))
    assert [(one.name, one.value) for one in rows] == [("auto", "cuda:0"), ("cuda:0", "Card, 24 GiB")]


# -- plug-ins, engines, files of weights -------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_auto_is_explained_with_the_command_that_gives_better(store: CheckpointStore) -> None:
    report = examine(Plugins(installed=False, objects={"offers": Offers()}), store)
    segmenter = row(report, "engines", "segmenter")
    assert segmenter.value == "auto takes plain: no file for big"
    assert segmenter.command == "videdit checkpoints pull big-net --accept-license"
    assert row(report, "engines", "detector").severity == "note"
    assert row(report, "checkpoints", "big-net").severity == "note"


@pytest.mark.usefixtures("quick")
def test_files_that_are_there_are_used_and_their_licence_told(store: CheckpointStore) -> None:
    (store.folders[0] / "big.pth").write_bytes(b"test")
    plugins = Plugins(installed=False, objects={"offers": Offers()})
    report = examine(plugins, store)
    assert row(report, "engines", "segmenter").value == "auto takes big: the best there is"
    weights = row(report, "checkpoints", "big-net")
    assert weights.severity == "warning"
    assert "no commercial use" in weights.value


@pytest.mark.usefixtures("quick")
def test_a_corrupt_file_is_a_problem_with_its_command(store: CheckpointStore) -> None:
    (store.folders[0] / "big.pth").write_bytes(b"tess")
    report = examine(Plugins(installed=False, objects={"offers": Offers()}), store)
    assert row(report, "engines", "segmenter").severity == "problem"
    assert not report.healthy


@pytest.mark.usefixtures("quick")
def test_broken_plugins_and_missing_roles_are_problems(store: CheckpointStore) -> None:
    report = examine(Plugins(installed=False, objects={"bad": Broken()}), store)
    bad = row(report, "plug-ins", "bad (this program)")
    assert bad.value == "broken: ImportError: no module named 'thing'"
    assert row(report, "engines", "tracker").severity == "problem"


@pytest.mark.usefixtures("quick")
def test_a_name_offered_twice_is_a_problem(store: CheckpointStore) -> None:
    report = examine(Plugins(installed=False, objects={"one": Offers(), "two": Offers()}), store)
    assert "offered twice" in row(report, "plug-ins", "memory").value
    assert row(report, "engines", "tracker").severity == "problem"


@pytest.mark.usefixtures("quick")
def test_twin_tables_do_not_stop_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEDIT_CHECKPOINTS", str(tmp_path))
    report = examine(Plugins(installed=False, objects={"one": Offers(), "two": Offers()}))
    assert "'big-net' is described twice" in row(report, "checkpoints", "tables of plug-ins").value
    assert "no table describes it" in row(report, "checkpoints", "big-net").value


# -- machine and report ------------------------------------------------------------------------------------------------


def test_little_room_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: machine.shutil._ntuple_diskusage(9, 8, 1))
    (one,) = machine.disk_rows([("weights", tmp_path / "not" / "yet" / "made")])
    assert one.severity == "warning"


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {"memory.max": 3 << 30, "memory.current": 2 << 30}
    monkeypatch.setattr(machine, "_cgroup_bytes", figures.get)
    monkeypatch.setattr(machine, "_physical_bytes", lambda: 64 << 30)
    monkeypatch.setattr(machine, "_meminfo_bytes", lambda key: 50 << 30)
    assert machine.memory_bytes() == (3 << 30, 1 << 30)


def test_lines_mark_faults_and_put_the_command_beneath() -> None:
    report = Report((Row("machine", "a", "fine"), Row("disk", "bb", "full", "problem", "rm x")))
    assert report.lines() == ["machine", "  ok a   fine", "", "disk", "   X bb  full", "         -> rm x"]
    assert report.problems == [report.rows[1]]
    assert report.warnings == []
