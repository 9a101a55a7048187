"""Run the command line in this process, with engines that go by colour."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from videdit.cli.app import run
from videdit.testing.clips import ClipTruth, make_clip

FAKES = Path(__file__).parent / "plugins_for_tests"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def videdit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Return a function that runs `videdit ARGUMENTS`."""
    monkeypatch.delenv("VIDEDIT_DEBUG", raising=False)

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = 0
        try:
            run(["--plugins-dir", str(FAKES), *map(str, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            sys.stdout = sys.__stdout__ if sys.stdout.closed else sys.stdout
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return call


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipTruth:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", frames=10, audio=1)
