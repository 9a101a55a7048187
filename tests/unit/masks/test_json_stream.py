"""Reading a large JSON object piece by piece."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.errors import ProjectError
from videdit.masks import json_stream
from videdit.masks.json_stream import read_members

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=4), values, max_size=5), st.sampled_from([None, 1]), st.integers(1, 7))
def test_it_reads_what_json_reads_wherever_the_pieces_end(
    told: dict[str, object], indent: int | None, chunk: int
) -> None:
    expected = [
        (name, element) for name, value in told.items() for element in (value if isinstance(value, list) else [value])
    ]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK_CHARACTERS", chunk)
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(told, indent=indent, ensure_ascii=False), encoding="utf-8")
        assert list(read_members(path)) == expected


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": [1, 2]}', encoding="utf-8-sig")
    assert list(read_members(path)) == [("a", 1), ("a", 2)]


def test_elements_come_before_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    # Broken at its end: what comes first can only be had if the rest was not looked at.
    path.write_text('{"a": [' + "1234567, " * 100_000 + "broken", encoding="utf-8")
    members = read_members(path)
    assert [next(members) for _ in range(1000)] == [("a", 1234567)] * 1000
    with pytest.raises(ProjectError, match="cut short"):
        list(members)
