"""Who may import whom: downwards only. Walks every import of the source, functions and type checks included."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Lowest first. A module may import from its own level (its own package, or a neighbour) and from those below.
LEVELS: list[set[str]] = [
    {"errors"},
    {"frames", "shots", "prompts", "objects", "progress", "ahead"},
    {"runtime"},
    {"ops"},
    {
        "segmenter", "tracker", "detector", "filler", "effect", "shot_detector", "executor", "shot_lists", "media",
        "masks", "checkpoints", "devices", "quantization",
    },
    {"hookspecs"},
    {"plugins"},
    {"tracking"},
    {"detections"},
    {"pipeline"},
    {"project"},
    {"batch"},
    {"example", "doctor", "scaffold", "cli", "integrations", "evaluation", "testing"},
]  # fmt: skip
LEVEL_OF = {name: number for number, names in enumerate(LEVELS) for name in names}
FREE = {"__init__", "__main__"}


def modules() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "videdit").rglob("*.py")):
        part = path.relative_to(ROOT / "videdit").parts[0].removesuffix(".py")
        yield path, part


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide who imports whom"
            yield node.lineno, node.module or ""
            if node.module == "videdit":
                for alias in node.names:
                    yield node.lineno, f"videdit.{alias.name}"


def test_every_module_has_a_level() -> None:
    unknown = {part for _, part in modules()} - set(LEVEL_OF) - FREE
    assert not unknown


def test_imports_go_downwards() -> None:
    wrong = []
    for path, part in modules():
        if part in FREE:
            continue
        for line, name in imports_of(path):
            pieces = name.split(".")
            if pieces[0] != "videdit" or len(pieces) < 2 or pieces[1] not in LEVEL_OF:
                continue
            if LEVEL_OF[pieces[1]] > LEVEL_OF[part]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong


def test_the_core_knows_no_plugin() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, _ in modules()
        for line, name in imports_of(path)
        if name.split(".")[0] in {"videdit_plugins", "videdit_e2fgvi", "segment_anything"}
    ]
    assert not wrong


@pytest.mark.parametrize(("library", "home"), [("av", {"media"}), ("pluggy", {"hookspecs", "plugins"})])
def test_one_place_for_a_library(library: str, home: set[str]) -> None:
    # The doctor tries libraries in processes of its own; it imports none of them.
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, part in modules()
        for line, name in imports_of(path)
        if name.split(".")[0] == library and part not in home
    ]
    assert not wrong


def test_plugins_use_public_names_alone() -> None:
    wrong = []
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for line, name in imports_of(path):
            pieces = name.split(".")
            if pieces[0] == "videdit" and any(piece.startswith("_") for piece in pieces):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
            if pieces[0] in {"av", "pluggy"}:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong


def test_import_is_light() -> None:
    code = (
        "import sys, videdit; "
        "heavy = {'torch', 'cv2', 'av', 'scipy', 'kornia', 'moviepy', 'pydantic'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_loading_the_plugins_needs_no_network_library() -> None:
    code = "import sys; from videdit import Plugins; Plugins(); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
