"""`videdit correct` as a hard user finds it: what is wrong with a correction, and one that is stopped in the middle."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from videdit.masks import MaskTrack
from videdit.testing.clips import ClipTruth
from videdit.tracking.walk import Walk

Run = Callable[..., Any]
THING = ("--click", "thing=40,30@2")
OTHER_ID, THING_ID = 1, 2
"""Boxes are read before clicks."""


@pytest.fixture
def project(videdit: Run, clip: ClipTruth, tmp_path: Path) -> Path:
    """Two objects, tracked on frames 1 to 7."""
    folder = tmp_path / "project"
    pointed = (*THING, "--box", "other=60,5,80,20@2", "--range", "1..8")
    ran = videdit("track", clip.path, *pointed, "--project", folder)
    assert ran.code == 0, ran.err
    return folder


def digest(project: Path, *which: int) -> str:
    with MaskTrack.open(project / "tracks.sqlite") as track:
        return track.digest(*which)


def prompts(project: Path) -> str:
    return (project / "project.toml").read_text()


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--object", "cat", "--click", "3,3@4"), 2, "there is no object 'cat'"),
        (("--click", "cat=3,3@4"), 2, "there is no object 'cat'"),
        (("--object", "thing", "--click", "3,3@10"), 4, "frame"),
        (("--object", "thing", "--click", "3,3@9"), 2, "outside the range 1..7"),
        (("--object", "thing", "--confirm", "@9"), 2, "outside the range 1..7"),
        (("--object", "thing", "--click", "300,3@4"), 4, "outside the picture"),
        (("--object", "thing", "--click", "1,1@4"), 4, "select nothing"),
        (("--object", "thing", "--not", "40,30@4"), 4, "select nothing"),
        (("--object", "thing", "--click", "42,31@4", "--confirm", "@99"), 4, "99"),
        (("--object", "thing", "--find", "dogs"), 2, "--find 'dogs' needs a frame"),
    ],
)
def test_a_correction_that_cannot_be_made_changes_nothing(
    videdit: Run, project: Path, flags: tuple[str, ...], code: int, words: str
) -> None:
    before = prompts(project), digest(project)
    ran = videdit("correct", project, *flags)
    assert ran.code == code, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert (prompts(project), digest(project)) == before
    again = videdit("track", project, "--json", "-q")
    assert again.code == 0, again.err


@pytest.mark.parametrize("flag", ["--faces", "--static"])
def test_what_is_no_correction_is_no_flag(videdit: Run, project: Path, flag: str) -> None:
    assert videdit("correct", project, "--object", "thing", "--click", "42,31@4", flag).code == 2


def test_a_click_that_selects_nothing_does_not_stay_in_a_project(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert videdit("track", clip.path, "--click", "1,1@2", "--project", project).code == 4
    ran = videdit("track", clip.path, *THING, "--project", project)
    assert ran.code == 0, ran.err


def test_a_correction_that_was_stopped_goes_on_when_it_is_given_again(
    videdit: Run, project: Path, clip: ClipTruth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correction = ("--object", "thing", "--click", "46,34@5", "-q", "--json")
    other = digest(project, OTHER_ID)
    step, walked = Walk._step, []

    def stopped(walk: Walk, index: int, before: int) -> Any:
        walked.append(index)
        if len(walked) == 2:
            signal.raise_signal(signal.SIGINT)
        return step(walk, index, before)

    monkeypatch.setattr(Walk, "_step", stopped)
    ran = videdit("correct", project, *correction)
    assert ran.code == 130, ran.err
    assert len(walked) == 2, "it stops after the frame at hand"
    written = prompts(project)
    ran = videdit("correct", project, *correction)
    assert ran.code == 0, ran.err
    assert walked[2] != walked[0], "it goes on where it stopped"
    assert prompts(project) == written
    whole = tmp_path / "whole"
    pointed = (*THING, "--box", "other=60,5,80,20@2", "--range", "1..8")
    assert videdit("track", clip.path, *pointed, "--project", whole).code == 0
    assert videdit("correct", whole, *correction).code == 0
    assert digest(project) == digest(whole)
    assert digest(project, OTHER_ID) == other


def test_only_the_span_and_the_object_change(videdit: Run, project: Path) -> None:
    assert videdit("correct", project, "--object", "thing", "--click", "44,31@5").code == 0
    before = [digest(project, THING_ID, index, index + 1) for index in range(1, 8)], digest(project, OTHER_ID)
    ran = videdit("correct", project, "--object", "thing", "--click", "48,36@7", "--json", "-q")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["tracked_frames"] == 1
    after = [digest(project, THING_ID, index, index + 1) for index in range(1, 8)], digest(project, OTHER_ID)
    changed = [index for index, (one, two) in enumerate(zip(before[0], after[0], strict=True), start=1) if one != two]
    assert set(changed) <= {6, 7}
    assert 7 in changed
    assert before[1] == after[1]
