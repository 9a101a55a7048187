"""Files of weights that an option names count by what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from videdit.plugins import Registration
from videdit.runtime import Options, Runtime
from videdit.tracking.keys import weights_of


class Named(Options):
    weights: Path | None = None


def nothing(*_: Any) -> None:
    raise AssertionError("no engine is made for a key")


def test_another_file_under_the_same_name_gives_another_key(tmp_path: Path) -> None:
    offer = Registration("segmenter", "engine", nothing, Named, (), 0, "", "plugin")
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"one")
    first = weights_of(offer, Named(weights=file), Runtime())
    file.write_bytes(b"another")
    assert weights_of(offer, Named(weights=file), Runtime()) != first
    assert weights_of(offer, Named(), Runtime()) == {}


def test_a_file_that_is_not_there_is_left_to_the_engine(tmp_path: Path) -> None:
    offer = Registration("segmenter", "engine", nothing, Named, (), 0, "", "plugin")
    assert weights_of(offer, Named(weights=tmp_path / "none"), Runtime()) == {}
