"""Whatever is wrong with what comes in: one clear sentence, the right exit code, no file, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from videdit.testing.clips import ClipTruth, make_clip

Run = Callable[..., object]
CLICK = ("--click", "40,30")


def refused(ran: object, code: int, *parts: str) -> None:
    """Assert that a command ended with `code` and one line that holds each of `parts`."""
    assert ran.code == code, (ran.out, ran.err)  # type: ignore[attr-defined]
    lines = [line for line in ran.err.splitlines() if line.startswith("error:")]  # type: ignore[attr-defined]
    assert len(lines) == 1, ran.err  # type: ignore[attr-defined]
    for part in parts:
        assert part in lines[0], lines[0]
    assert "Traceback" not in ran.err  # type: ignore[attr-defined]


def only(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


# -- films -----------------------------------------------------------------------------------------------------------


def test_no_such_film(videdit: Run, tmp_path: Path) -> None:
    refused(videdit("blur", tmp_path / "no.mp4", *CLICK, "-o", tmp_path / "out.mp4"), 3, "no.mp4", "no such file")
    assert only(tmp_path)


@pytest.mark.parametrize("content", [b"", b"this is no film at all, but some text\n" * 40])
def test_empty_and_foreign_files(videdit: Run, tmp_path: Path, content: bytes) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    refused(videdit("blur", film, *CLICK, "-o", tmp_path / "out.mp4"), 3, "film.mp4")
    assert only(tmp_path, "film.mp4")


def test_a_file_that_breaks_off(videdit: Run, tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=12).path.read_bytes()
    film = tmp_path / "film.mp4"
    film.write_bytes(whole[: len(whole) // 2])
    refused(videdit("blur", film, *CLICK, "-o", tmp_path / "out.mp4"), 3, "film.mp4")
    assert only(tmp_path, "film.mp4", "whole.mp4")


def test_sound_alone(videdit: Run, tmp_path: Path) -> None:
    film = tmp_path / "sound.wav"
    with wave.open(str(film), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    refused(videdit("blur", film, *CLICK, "-o", tmp_path / "out.mp4"), 3, "sound.wav", "video")
    assert only(tmp_path, "sound.wav")


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"size": (71, 95), "pix_fmt": "yuv444p"}, id="odd size"),
        pytest.param({"pts": [0, 40, 120, 130, 300, 320, 400, 640]}, id="variable rate"),
        pytest.param({"rotation": 90}, id="rotated"),
        pytest.param({"pix_fmt": "yuv420p10le", "deep": True}, id="10 bit"),
    ],
)
def test_unusual_films_are_handled(videdit: Run, tmp_path: Path, how: dict[str, object]) -> None:
    film = make_clip(tmp_path / "film.mp4", frames=8, **how).path  # type: ignore[arg-type]
    ran = videdit("blur", film, *CLICK, "-o", tmp_path / "out.mp4")
    assert ran.code == 0, ran.err  # type: ignore[attr-defined]
    assert "verified: 8 frames, timestamps identical" in ran.err  # type: ignore[attr-defined]
    assert only(tmp_path, "film.mp4", "out.mp4")


# -- prompts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "code", "parts"),
    [
        (("--click", "96,10"), 4, ("96,10", "outside the picture of 96x72")),
        (("--box", "-1,0,20,20"), 4, ("-1,0", "outside the picture")),
        (("--click", "10,10@10"), 4, ("10",)),
        (("--click", "10,10@00:01:00"), 4, ()),
        (("--click", "1,1@2"), 4, ("select nothing", "frame 2")),
        (("--not", "10,10"), 4, ("only negative prompts",)),
        (("--click", "ten,ten"), 2, ("--click", "ten,ten", "@FRAME")),
        (("--click", "10,10@soon"), 2, ("soon",)),
        (("--box", "10,10,5,5"), 2, ("empty",)),
        (("--mask", "no.png"), 2, ("no.png", "does not exist")),
        (("--prompts", "no.toml"), 2, ("no.toml", "does not exist")),
        ((), 2, ("nothing was pointed at",)),
    ],
)
def test_prompts(
    videdit: Run, clip: ClipTruth, tmp_path: Path, flags: tuple[str, ...], code: int, parts: tuple[str, ...]
) -> None:
    refused(videdit("blur", clip.path, *flags, "-o", tmp_path / "out.mp4"), code, *parts)
    assert only(tmp_path)


def test_masks_of_another_size_and_empty_ones(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    small, black = tmp_path / "small.png", tmp_path / "black.png"
    cv2.imwrite(str(small), np.full((10, 10), 255, np.uint8))
    cv2.imwrite(str(black), np.zeros((72, 96), np.uint8))
    out = tmp_path / "out.mp4"
    refused(videdit("blur", clip.path, "--mask", small, "-o", out), 4, "the mask is 10x10", "96x72")
    refused(videdit("blur", clip.path, "--mask", black, "-o", out), 4, "the mask is empty")
    assert not out.exists()


# -- the rest ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "code", "parts"),
    [
        (("--style", "oil"), 2, ()),
        (("--cells", "many"), 2, ()),
        (("--tracker", "nobody"), 6, ("nobody", "there are:")),
        (("--tracker", "xmem"), 5, ("videdit checkpoints pull xmem",)),
        (("--range", "5"), 2, ("--range",)),
        (("--range", "8..3"), 2, ("empty",)),
        (("--range", "0..3", "--click", "40,30@7"), 2, ("no prompt",)),
        (("--device", "abacus"), 2, ("abacus",)),
        (("--codec", "nonesuch"), 3, ("nonesuch",)),
        (("--grow", "lots"), 2, ("grow",)),
        (("--shots", "no.json"), 7, ("no.json",)),
    ],
)
def test_options(
    videdit: Run, clip: ClipTruth, tmp_path: Path, flags: tuple[str, ...], code: int, parts: tuple[str, ...]
) -> None:
    click = () if "--click" in flags else CLICK
    ran = videdit("blur", clip.path, *click, *flags, "-o", tmp_path / "out.mp4")
    assert ran.code == code, (ran.code, ran.err)  # type: ignore[attr-defined]
    for part in parts:
        assert part in ran.err, ran.err  # type: ignore[attr-defined]
    assert "Traceback" not in ran.err  # type: ignore[attr-defined]
    assert only(tmp_path)


def test_a_plugin_that_raises(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    ran = videdit("raises", clip.path, *CLICK, "-o", tmp_path / "out.mp4")
    refused(ran, 6, "effect raises, frame 3", "the effect's own trouble")
    assert not (tmp_path / "out.mp4").exists()


def test_a_plugin_that_cannot_be_loaded_harms_nobody(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text("raise ZeroDivisionError('at import')\n")
    (folder / "leaves.py").write_text("import sys; sys.exit(3)\n")
    ran = videdit("--plugins-dir", folder, "blur", clip.path, *CLICK, "-o", tmp_path / "out.mp4")
    assert ran.code == 0, ran.err  # type: ignore[attr-defined]
    listed = videdit("--plugins-dir", folder, "plugins", "--json").out  # type: ignore[attr-defined]
    faults = {one["name"]: one["error"] for one in json.loads(listed) if one["error"]}
    assert faults == {"broken": "ZeroDivisionError: at import", "leaves": "SystemExit: 3"}


def test_a_missing_checkpoint(videdit: Run, clip: ClipTruth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEDIT_CHECKPOINTS", str(tmp_path / "empty"))
    ran = videdit("needs-file", clip.path, *CLICK, "-o", tmp_path / "out.mp4")
    refused(ran, 5, "videdit checkpoints pull xmem")


def test_a_wrong_checkpoint(videdit: Run, clip: ClipTruth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "XMem.pth").write_bytes(b"not what it should be")
    monkeypatch.setenv("VIDEDIT_CHECKPOINTS", str(folder))
    ran = videdit("needs-file", clip.path, *CLICK, "-o", tmp_path / "out.mp4")
    refused(ran, 5, "XMem.pth", "not the expected one")


def test_no_memory(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    refused(videdit("exhausted", clip.path, *CLICK, "-o", tmp_path / "out.mp4"), 8, "memory")
    assert not (tmp_path / "out.mp4").exists()


def test_where_the_result_may_not_go(videdit: Run, clip: ClipTruth, tmp_path: Path) -> None:
    there = tmp_path / "there.mp4"
    there.write_bytes(b"precious")
    refused(videdit("blur", clip.path, *CLICK, "-o", there), 2, "exists", "--overwrite")
    assert there.read_bytes() == b"precious"
    refused(videdit("blur", clip.path, *CLICK, "-o", tmp_path / "no" / "out.mp4"), 2, "folder")
    refused(videdit("blur", clip.path, *CLICK, "-o", clip.path, "--overwrite"), 2, "overwrite its source")
    refused(videdit("blur", clip.path, *CLICK, "-o", tmp_path / "out.nonsense"), 3, "out.nonsense")
    assert only(tmp_path, "there.mp4")


def test_errors_as_json(videdit: Run, tmp_path: Path) -> None:
    ran = videdit("blur", tmp_path / "no.mp4", *CLICK, "-o", tmp_path / "out.mp4", "--json")
    told = json.loads(ran.out)  # type: ignore[attr-defined]
    assert told["error"] == "CannotOpen"
    assert told["exit_code"] == ran.code == 3  # type: ignore[attr-defined]


def test_a_full_disk(clip: ClipTruth, tmp_path: Path) -> None:
    """Files may not grow beyond 3000 bytes: the system refuses the write, as it does on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.pad(np.full((20, 20), 255, np.uint8), ((10, 42), (10, 66))))
    out = tmp_path / "out.mkv"
    flags = ["blur", str(clip.path), "--mask", str(mask), "-o", str(out), "--lossless", "--codec", "ffv1"]
    fakes = str(Path(__file__).parent / "plugins_for_tests")
    done = subprocess.run(
        [sys.executable, "-m", "videdit", "--plugins-dir", fakes, *flags],
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode in (3, 7), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error:") == 1
    assert not out.exists()
