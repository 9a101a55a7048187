"""The libraries: whether they are installed, whether they import, and what they can do."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any, TypeAlias

from videdit.doctor.probes import ENCODERS
from videdit.doctor.report import Row

Answers: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What each probe found, by the library's module name."""

PROBED = ("av", "cv2", "torch")
_TIMEOUT_SECONDS = 180
_NEEDED_ENCODERS = ("libx264", "aac")
_OPENCV_DISTRIBUTIONS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
_DISTRIBUTION = {"av": "av", "cv2": "opencv-python", "torch": "torch"}
# The package of a shared library, in the order of _INSTALL.
_SHARED_LIBRARIES = {
    "libGL.so.1": ("libgl1", "mesa-libGL", "Mesa-libGL1", "libglvnd", "mesa-gl"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "libgthread-2_0-0", "glib2", "glib"),
    "libxcb.so.1": ("libxcb1", "libxcb", "libxcb1", "libxcb", "libxcb"),
}
_INSTALL = {
    "debian": "apt install",
    "fedora": "dnf install",
    "suse": "zypper install",
    "arch": "pacman -S",
    "alpine": "apk add",
}
_FAMILIES = {"ubuntu": "debian", "rhel": "fedora", "centos": "fedora", "opensuse": "suse", "sles": "suse"}


def probe_all(names: Sequence[str] = PROBED) -> dict[str, dict[str, Any]]:
    """Try each library in a process of its own, all at once; return the answers by name."""
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "videdit.doctor.probes", name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for name in names
    }
    return {name: _answer(process) for name, process in running.items()}


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        out, _ = process.communicate(timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"error": f"gives no answer in {_TIMEOUT_SECONDS} seconds"}
    try:
        answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": f"takes the process down (exit status {process.returncode})"}
    return answer


def package_rows() -> list[Row]:
    """One row for each package videdit requires: its version, or that it is absent."""
    rows = []
    for name in required_packages():
        try:
            rows.append(Row("packages", name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append(Row("packages", name, "not installed", "problem", f"pip install {name}"))
    return [*rows, *_opencv_rows()]


def required_packages() -> list[str]:
    """Return the distributions videdit requires, extras aside."""
    try:
        requirements = metadata.requires("videdit") or []
    except metadata.PackageNotFoundError:
        return []
    wanted = [one for one in requirements if "extra ==" not in one]
    return sorted(match[0] for one in wanted if (match := re.match(r"[A-Za-z0-9._-]+", one)))


def _opencv_rows() -> list[Row]:
    installed = [name for name in _OPENCV_DISTRIBUTIONS if _installed(name)]
    if len(installed) < 2:
        return []
    others = " ".join(name for name in installed if name != "opencv-python")
    return [
        Row(
            "packages",
            "OpenCV",
            f"{' and '.join(installed)} lie in one folder and overwrite each other",
            "problem",
            f"pip uninstall -y {others} && pip install --force-reinstall --no-deps opencv-python",
        )
    ]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def library_rows(answers: Answers) -> Iterable[Row]:
    """Tell whether each library imports, and, if not, the command that mends it."""
    for name, answer in answers.items():
        error = str(answer.get("error", ""))
        if error:
            yield Row("libraries", name, f"cannot be imported: {error}", "problem", mending_command(name, error))
        else:
            more = f", FFmpeg {answer['ffmpeg']}" if name == "av" and answer.get("ffmpeg") else ""
            yield Row("libraries", name, f"{answer.get('version', '')}{more}")


def mending_command(name: str, error: str, release: Mapping[str, str] | None = None) -> str:
    """Return the one command for a library that cannot be imported.

    release: the fields of /etc/os-release; None reads them
    """
    for library, packages in _SHARED_LIBRARIES.items():
        if library in error:
            family = _family(_os_release() if release is None else release)
            return f"{_INSTALL[family]} {packages[list(_INSTALL).index(family)]}"
    distribution = _DISTRIBUTION.get(name, name)
    if "ModuleNotFoundError" in error:
        return f"pip install {distribution}"
    return f"pip install --force-reinstall --no-deps {distribution}"


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _family(release: Mapping[str, str]) -> str:
    for word in f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".lower().split():
        word = word.partition("-")[0]
        if _FAMILIES.get(word, word) in _INSTALL:
            return _FAMILIES.get(word, word)
    return "debian"


def encoder_rows(answers: Answers) -> Iterable[Row]:
    """Tell which encoders the film library has, and which of the hardware ones work here."""
    answer = answers.get("av", {"error": "not asked"})
    if "error" in answer:
        return
    for name in ENCODERS:
        if name in answer["encoders"]:
            yield Row("encoders", name, "there")
        elif name in _NEEDED_ENCODERS:
            yield Row("encoders", name, "absent", "problem", "pip install --force-reinstall --only-binary :all: av")
        else:
            yield Row("encoders", name, "absent", "note")
    works = [name for name, error in answer["hardware"].items() if not error]
    fails = [name for name, error in answer["hardware"].items() if error]
    if works:
        yield Row("encoders", "hardware", f"{', '.join(works)} work")
    else:
        tried = f" (tried {', '.join(fails)})" if fails else ""
        yield Row("encoders", "hardware", f"none works here; encoding runs on the processor{tried}", "note")


def device_rows(answers: Answers) -> Iterable[Row]:
    """Tell what networks can run on."""
    answer = answers.get("torch", {"error": "not asked"})
    if "error" in answer:
        yield Row("devices", "auto", "cpu, for built-in engines only: PyTorch cannot be imported", "warning")
        return
    devices = answer["devices"]
    yield Row("devices", "auto", devices[0]["device"] if devices else "cpu")
    for one in devices:
        size = f", {one['memory_bytes'] / 2**30:.0f} GiB" if one["memory_bytes"] else ""
        yield Row("devices", one["device"], f"{one['name']}{size}")
    if not devices and shutil.which("nvidia-smi"):
        if answer["built_for_cuda"]:
            what = f"there is an NVIDIA card, but PyTorch for CUDA {answer['built_for_cuda']} cannot use it"
            yield Row("devices", "cuda", what, "warning", "nvidia-smi")
        else:
            what = "there is an NVIDIA card, but this PyTorch is built for the processor alone"
            yield Row("devices", "cuda", what, "warning", "pip install --force-reinstall torch torchvision")
