"""`videdit batch` as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from videdit.batch import BatchRequest
from videdit.cli.app import run

Make = Callable[..., BatchRequest]
Run = Callable[..., tuple[int, str, str]]
ENGINES = Path(__file__).parent / "plugins_for_tests"


@pytest.fixture
def videdit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs `videdit ARGUMENTS` and returns exit code, stdout and stderr."""
    monkeypatch.setenv("VIDEDIT_LOAD_PLUGINS", "executors")

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            run(["--plugins-dir", str(ENGINES), *map(str, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


def test_plan_run_status_and_retry(request_for: Make, tmp_path: Path, videdit: Run) -> None:
    marker, work = tmp_path / "marker", tmp_path / "work"
    wanted = request_for("fail-until", f'marker = "{marker}"')
    asked = ["batch", *wanted.films, "--pipeline", wanted.pipeline, "--work", work, "--executor", "inline", "-q"]
    code, out, _ = videdit(*asked, "--shots", "1,3", "--dry-run", "--json")
    (plan,) = json.loads(out)
    assert code == 0
    assert (plan["edited_shots"], plan["passed_shots"], plan["jobs"], plan["frames"]) == (2, 1, 3, 40)
    assert plan["seconds"] > 0
    assert not list(work.rglob("film.segment"))

    code, _, err = videdit(*asked)
    assert code == 6
    assert err.count("\n") == err.strip().count("\n") + 1
    assert "film, shot 2, frames 12..29" in err

    code, out, _ = videdit("batch", "status", work)
    assert code == 0
    assert "1 failed" in out
    assert "ZeroDivisionError" in out

    code, _, err = videdit("batch", "retry", work, "--pass-failed", "-q")
    assert code == 9
    assert "1 parts failed and were let through" in err
    marker.touch()
    code, out, _ = videdit("batch", "retry", work, "-q", "--json")
    assert code == 0
    assert json.loads(out)[0]["verified"]["audio_streams"] == 1
    assert json.loads(videdit("batch", "status", work, "--json")[1])[0]["states"] == {"done": 3}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["film.mp4"], 2, "name a folder with --work"),
        (["--work", "w"], 2, "a batch needs a film"),
        (["film.mp4", "--work", "w", "--chunk", "0"], 2, "--chunk is 1 or more"),
        (["status", "nowhere"], 7, "no work folder of a batch"),
        (["film.mp4", "--work", "w", "--crf", "1"], 2, ""),
    ],
)
def test_bad_input(
    videdit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found, _, err = videdit("batch", *arguments)
    assert found == code
    assert said in err


def test_a_shot_that_is_not_there(request_for: Make, tmp_path: Path, videdit: Run) -> None:
    wanted = request_for()
    code, _, err = videdit(
        "batch", *wanted.films, "--pipeline", wanted.pipeline, "--work", tmp_path / "w", "--shots", "7", "-q"
    )
    assert code == 2
    assert "there is no shot 7 among 3" in err
