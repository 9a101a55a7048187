"""Finding and checking files that are on the disk, and reading the tables about them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from videdit import checkpoints
from videdit.checkpoints import CheckpointStore, read_registry, verification
from videdit.checkpoints.store import default_folders
from videdit.errors import BrokenPlugin, CheckpointError, CorruptCheckpoint, MissingCheckpoint
from videdit.progress import Progress


def put(store: CheckpointStore, content: bytes, name: str = "net.pth") -> Path:
    path = store.folders[0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# -- finding -----------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_told_with_the_one_command(make_store: Any) -> None:
    with pytest.raises(MissingCheckpoint, match=r"run `videdit checkpoints pull net`$"):
        make_store().find("net")


def test_the_command_carries_the_flags_it_needs(make_store: Any) -> None:
    store = make_store(commercial="no", sha256=None, digest_from="none")
    with pytest.raises(MissingCheckpoint, match=r"pull net --accept-license --trust-on-first-use`$"):
        store.find("net")


def test_an_unknown_id_names_the_nearest(make_store: Any) -> None:
    with pytest.raises(MissingCheckpoint, match="did you mean 'net'"):
        make_store().find("nett")


def test_a_file_put_there_by_hand_is_checked_once(
    make_store: Any, weights: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store()
    path = put(store, weights)
    readings: list[Path] = []
    really = verification.hash_file

    def counted(path: Path, *rest: Any) -> dict[str, str]:
        readings.append(path)
        return really(path, *rest)

    monkeypatch.setattr(verification, "hash_file", counted)
    assert store.find("net") == path
    assert store.find("net") == path
    assert make_store().find("net") == path
    assert len(readings) == 1
    os.utime(path, ns=(1, 1))
    store.find("net")
    assert len(readings) == 2
    store.verify("net")
    assert len(readings) == 3


def test_a_changed_file_is_found_out(make_store: Any, weights: bytes) -> None:
    store = make_store()
    path = put(store, weights)
    store.find("net")
    path.write_bytes(weights[:-1] + b"x")
    with pytest.raises(CorruptCheckpoint, match=r"SHA-256.*delete it and run `videdit checkpoints pull net`"):
        store.find("net")
    path.write_bytes(weights[:-1])
    with pytest.raises(CorruptCheckpoint, match="1,023,999 bytes, 1,024,000 are expected"):
        store.find("net")


def test_a_record_for_another_digest_does_not_vouch(make_store: Any, weights: bytes) -> None:
    store = make_store()
    path = put(store, weights)
    store.find("net")
    changed = make_store(sha256="0" * 64)
    with pytest.raises(CorruptCheckpoint):
        changed.find("net")
    assert path.exists()


def test_a_damaged_record_only_means_reading_again(make_store: Any, weights: bytes) -> None:
    store = make_store()
    path = put(store, weights)
    store.find("net")
    path.with_name("net.pth.checked.json").write_text("{half")
    assert store.find("net") == path


def test_a_read_only_folder_is_remembered_in_the_first(tmp_path: Path, make_table: Any, weights: bytes) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "net.pth").write_bytes(weights)
    (shared / "net.pth.checked.json").mkdir()  # stands for a folder that cannot be written to, even for root
    store = CheckpointStore([make_table()], [tmp_path / "own", shared], bundled=False)
    assert store.find("net") == shared / "net.pth"
    assert len(list((tmp_path / "own" / "checked").iterdir())) == 1
    assert store.list()[0].state == "present"


def test_a_file_without_digest_needs_trust(make_store: Any, weights: bytes) -> None:
    store = make_store(sha256=None, digest_from="none")
    path = put(store, weights)
    with pytest.raises(MissingCheckpoint, match="verify net --trust-on-first-use"):
        store.find("net")
    with pytest.raises(CheckpointError, match="verify net --trust-on-first-use"):
        store.verify("net")
    assert store.verify("net", trust_on_first_use=True) == path
    assert store.find("net") == path
    assert store.verify("net") == path


def test_verify_reports_its_progress(make_store: Any, weights: bytes) -> None:
    store = make_store()
    put(store, weights)
    seen: list[Progress] = []
    store.verify("net", progress=seen.append)
    assert seen[-1] == Progress("verify", len(weights), len(weights), "bytes", "net")


def test_rows_tell_the_state_and_the_command(tmp_path: Path, make_table: Any, weights: bytes) -> None:
    tables = [make_table(name) for name in ("absent", "checked", "short", "unread")]
    store = CheckpointStore(tables, [tmp_path], bundled=False)
    for name in ("checked", "unread"):
        put(store, weights, f"{name}.pth")
    put(store, b"cut", "short.pth")
    store.find("checked")
    assert [(row.entry.id, row.state, row.command) for row in store.list()] == [
        ("absent", "missing", "videdit checkpoints pull absent"),
        ("checked", "present", ""),
        ("short", "corrupt", "videdit checkpoints pull short"),
        ("unread", "unchecked", "videdit checkpoints verify unread"),
    ]


def test_folders_come_in_the_stated_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDEDIT_CHECKPOINTS", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    folders = default_folders()
    assert folders[:2] == (tmp_path / "a", tmp_path / "b")
    assert folders[-1].name == "checkpoints"
    root = Path(checkpoints.__file__).parents[2]
    assert (root / "checkpoints" in folders) == (root / "pyproject.toml").is_file()


def test_making_a_store_makes_no_folder(tmp_path: Path) -> None:
    store = CheckpointStore(folders=[tmp_path / "none"])
    store.list()
    assert not (tmp_path / "none").exists()


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_bundled_table_is_whole() -> None:
    entries = read_registry()
    assert len(entries) >= 35
    assert {"sam-vit-b", "xmem", "r50-deaotl", "e2fgvi-hq", "yunet-2023mar"} <= set(entries)
    assert entries["e2fgvi-hq"].commercial == "no"
    assert entries["r50-deaotl"].weights_only == "numpy-scalars"
    assert entries["e2fgvi"].archive.endswith(".zip")
    for entry in entries.values():
        assert entry.addresses or "convert" in entry.notes
        assert all(url.startswith("https://") for url in entry.addresses)


def test_a_table_is_a_path_or_a_text(tmp_path: Path, make_table: Any) -> None:
    (tmp_path / "own.toml").write_text(make_table("from-file"))
    entries = read_registry([str(tmp_path / "own.toml"), make_table("from-text")], bundled=False)
    assert set(entries) == {"from-file", "from-text"}
    assert entries["from-file"].table == str(tmp_path / "own.toml")


def test_two_entries_of_one_id_are_an_error_that_names_both(tmp_path: Path, make_table: Any) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(make_table("net", file=f"{name}.pth"))
    with pytest.raises(BrokenPlugin, match=r"'net' is described twice.*one\.toml.*two\.toml"):
        read_registry([tmp_path / "one.toml", tmp_path / "two.toml"])


def test_two_entries_of_one_place_are_an_error_that_names_both(make_table: Any) -> None:
    tables = [make_table("a", file="model.safetensors"), make_table("b", file="Model.safetensors")]
    with pytest.raises(BrokenPlugin, match=r"want the place.*'a'.*'b'"):
        read_registry(tables, bundled=False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"file": "../escape.pth"}, "file"),
        ({"file": "/etc/passwd"}, "file"),
        ({"urls": ["ftp://example.org/x"]}, "no http"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": None}, "digest_from"),
        ({"commercial": "perhaps"}, "commercial"),
        ({"sise_bytes": 4}, "sise_bytes"),
        ({"license_weights": None}, "license_weights"),
    ],
)
def test_a_wrong_entry_is_named_with_its_key(make_table: Any, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BrokenPlugin, match=rf"checkpoint 'net'.*{says}"):
        read_registry([make_table(**changes)], bundled=False)


@pytest.mark.parametrize("text", ["not = [toml\n", "other = 1\n", "schema = 2\n", "[checkpoint]\nnet = 3\n"])
def test_a_wrong_table_is_told(text: str) -> None:
    with pytest.raises(BrokenPlugin, match="table 0 of the plug-ins"):
        read_registry([text], bundled=False)


def test_an_absent_table_is_told() -> None:
    with pytest.raises(BrokenPlugin, match="cannot be read"):
        read_registry(["nowhere.toml"])
