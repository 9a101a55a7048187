"""The benchmark's own reading of what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def weights_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import segmenting

    return segmenting.weights_of


def test_each_file_is_for_the_sequences_named_with_it(weights_of: Any) -> None:
    assert weights_of(["one=dog,camel", "two"]) == {"dog": Path("one"), "camel": Path("one"), "": Path("two")}


def test_no_sequence_has_two_files(weights_of: Any) -> None:
    with pytest.raises(SystemExit, match="dog"):
        weights_of(["one=dog", "two=dog"])
