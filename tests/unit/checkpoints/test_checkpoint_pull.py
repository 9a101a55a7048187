"""Fetching a file, from servers that behave and servers that do not."""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest

from videdit.checkpoints import CheckpointStore
from videdit.errors import CheckpointError, CorruptCheckpoint, LicenseNotAccepted
from videdit.progress import Progress


def test_a_file_comes_whole_with_progress_and_no_leavings(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"])
    seen: list[Progress] = []
    path = store.pull("net", seen.append)
    assert path.read_bytes() == weights
    assert store.find("net") == path
    assert seen[-1] == Progress("pull", len(weights), len(weights), "bytes", "net")
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert sorted(one.name for one in path.parent.iterdir()) == ["net.pth", "net.pth.checked.json"]


def test_a_good_file_is_not_fetched_again(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"])
    store.pull("net")
    store.pull("net")
    assert len(web.asked) == 1


def test_a_broken_transfer_is_gone_on_from(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights, breaks=[300_000, 200_000])
    store = make_store(urls=[f"{web.url}/net"])
    assert store.pull("net").read_bytes() == weights
    assert web.asked == [("/net", ""), ("/net", "bytes=300000-"), ("/net", "bytes=500000-")]


def test_a_broken_transfer_is_gone_on_from_in_a_later_run(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights, breaks=[300_000, 0, 0, 0, 0])
    store = make_store(urls=[f"{web.url}/net"])
    with pytest.raises(CheckpointError, match="ended early"):
        store.pull("net")
    web.pages["/net"].breaks.clear()
    web.asked.clear()
    assert store.pull("net").read_bytes() == weights
    assert web.asked == [("/net", "bytes=300000-")]


def test_interrupting_keeps_what_arrived(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"])

    def stop(progress: Progress) -> None:
        if progress.done > 400_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull("net", stop)
    kept = store.folders[0] / "net.pth.part"
    assert weights.startswith(kept.read_bytes())
    assert store.list()[0].state == "missing"
    assert store.pull("net").read_bytes() == weights
    assert web.asked[-1][1].startswith("bytes=")


def test_a_server_without_ranges_sends_the_whole_again(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights, ranges=False, breaks=[300_000])
    store = make_store(urls=[f"{web.url}/net"])
    assert store.pull("net").read_bytes() == weights
    assert web.asked == [("/net", ""), ("/net", "bytes=300000-")]


def test_leftovers_of_another_file_are_replaced(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"])
    store.folders[0].mkdir()
    (store.folders[0] / "net.pth.part").write_bytes(b"something else" * 100)
    assert store.pull("net").read_bytes() == weights
    assert [asked for _, asked in web.asked] == ["bytes=1400-", ""]


def test_leftovers_longer_than_the_file_are_replaced(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"])
    store.folders[0].mkdir()
    (store.folders[0] / "net.pth.part").write_bytes(weights + b"more")
    assert store.pull("net").read_bytes() == weights


def test_a_range_the_server_does_not_have_means_beginning_anew(
    web: Any, page: Any, make_store: Any, weights: bytes
) -> None:
    web.pages["/short"] = page(weights[:500])
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/short"], mirrors=[f"{web.url}/net"])
    store.folders[0].mkdir()
    (store.folders[0] / "net.pth.part").write_bytes(weights[:1000])
    assert store.pull("net").read_bytes() == weights
    assert web.asked[:2] == [("/short", "bytes=1000-"), ("/short", "")]


@pytest.mark.parametrize("length", [True, False])
def test_a_wrong_size_is_refused(web: Any, page: Any, make_store: Any, weights: bytes, length: bool) -> None:
    web.pages["/net"] = page(weights[:-1], length=length)
    store = make_store(urls=[f"{web.url}/net"])
    with pytest.raises(CheckpointError, match=r"1,023,999 bytes where 1,024,000 are expected.*verify net"):
        store.pull("net")
    assert not (store.folders[0] / "net.pth").exists()


def test_a_wrong_digest_is_refused(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights[::-1])
    store = make_store(urls=[f"{web.url}/net"])
    with pytest.raises(CorruptCheckpoint, match="its SHA-256 is"):
        store.pull("net")
    assert list(store.folders[0].iterdir()) == []


def test_mirrors_are_tried_in_turn(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/bad"] = page(weights[::-1])
    web.pages["/good"] = page(weights)
    store = make_store(urls=[f"{web.url}/gone", f"{web.url}/bad"], mirrors=[f"{web.url}/good"])
    assert store.pull("net").read_bytes() == weights
    assert [path for path, _ in web.asked] == ["/gone", "/bad", "/good"]


def test_a_busy_server_is_asked_again(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights, failures=[503, 429])
    assert make_store(urls=[f"{web.url}/net"]).pull("net").read_bytes() == weights


def test_all_reasons_and_the_manual_route_are_told(web: Any, make_store: Any) -> None:
    store = make_store(urls=[f"{web.url}/gone"], mirrors=[f"{web.url}/lost"])
    with pytest.raises(CheckpointError) as caught:
        store.pull("net")
    text = str(caught.value)
    assert text.count("127.0.0.1 answers 404 Not Found") == 2
    assert f"put the file at {store.folders[0] / 'net.pth'}, then run `videdit checkpoints verify net`" in text
    assert "\n" not in text


def test_no_network_is_one_sentence_with_the_manual_route(make_store: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(CheckpointError, match=r"connection refused.*put the file at"):
        make_store(urls=[f"http://127.0.0.1:{port}/net"]).pull("net")


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream"])
def test_a_web_page_is_not_taken_for_the_file(web: Any, page: Any, make_store: Any, kind: str) -> None:
    web.pages["/net"] = page(b"<!DOCTYPE html><title>Quota exceeded</title>", kind=kind)
    store = make_store(urls=[f"{web.url}/net"])
    with pytest.raises(CheckpointError, match="answers with a web page"):
        store.pull("net")
    assert list(store.folders[0].iterdir()) == []


def test_a_web_page_does_not_spoil_what_arrived_before(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(b"<html>later</html>", kind="text/html")
    store = make_store(urls=[f"{web.url}/net"])
    store.folders[0].mkdir()
    part = store.folders[0] / "net.pth.part"
    part.write_bytes(weights[:5000])
    with pytest.raises(CheckpointError, match="web page"):
        store.pull("net")
    assert part.read_bytes() == weights[:5000]


def test_the_confirmation_page_of_google_drive_is_answered(
    web: Any, page: Any, make_store: Any, weights: bytes
) -> None:
    form = (
        '<form id="search"><input name="q"></form>'
        f'<form id="download-form" action="{web.url}/download" method="get">'
        '<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="a&amp;b">'
        '<input type="hidden" name="confirm" value="t"></form><input name="outside" value="1">'
    )
    web.pages["/uc?id=1"] = page(f"<html>{form}</html>".encode(), kind="text/html; charset=utf-8")
    web.pages["/download?id=a%26b&confirm=t"] = page(weights)
    assert make_store(urls=[f"{web.url}/uc?id=1"]).pull("net").read_bytes() == weights


def test_a_member_of_a_zip_is_taken_out(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("release/readme.txt", "hello")
        archive.writestr("release/net.pth", weights)
    web.pages["/zip"] = page(packed.getvalue(), breaks=[1000])
    path = make_store(urls=[f"{web.url}/zip"], archive="models.zip").pull("net")
    assert path.read_bytes() == weights
    assert sorted(one.name for one in path.parent.iterdir()) == ["net.pth", "net.pth.checked.json"]


def test_a_zip_without_the_member_or_no_zip_is_refused(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("other.pth", weights)
    web.pages["/zip"] = page(packed.getvalue())
    web.pages["/broken"] = page(b"PK but no zip")
    store = make_store(urls=[f"{web.url}/zip"], mirrors=[f"{web.url}/broken"], archive="models.zip")
    with pytest.raises(CorruptCheckpoint, match=r"0 files called net\.pth.*broken archive"):
        store.pull("net")
    assert list(store.folders[0].iterdir()) == []


# -- without a digest --------------------------------------------------------------------------------------------------

NO_DIGEST: dict[str, Any] = {"sha256": None, "size_bytes": None, "digest_from": "none"}


def test_a_file_without_digest_is_fetched_only_on_trust(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights)
    store = make_store(urls=[f"{web.url}/net"], **NO_DIGEST)
    with pytest.raises(CheckpointError, match="--trust-on-first-use"):
        store.pull("net")
    assert web.asked == []
    path = store.pull("net", trust_on_first_use=True)
    assert store.find("net") == path
    assert store.list()[0].state == "present"
    # The first copy is remembered: another one is refused from then on.
    path.write_bytes(weights[::-1])
    with pytest.raises(CorruptCheckpoint, match=hashlib.sha256(weights).hexdigest()):
        store.find("net")


def test_a_cut_off_file_is_never_trusted(web: Any, page: Any, make_store: Any, weights: bytes) -> None:
    web.pages["/net"] = page(weights, breaks=[5000, 0, 0, 0, 0])
    store = make_store(urls=[f"{web.url}/net"], **NO_DIGEST)
    with pytest.raises(CheckpointError, match="ended early"):
        store.pull("net", trust_on_first_use=True)
    assert not (store.folders[0] / "net.pth").exists()


def test_a_git_blob_id_is_checked_where_it_is_all_there_is(
    web: Any, page: Any, make_store: Any, weights: bytes
) -> None:
    web.pages["/net"] = page(weights)
    blob = hashlib.sha1(b"blob %d\0" % len(weights) + weights).hexdigest()
    right = make_store(urls=[f"{web.url}/net"], git_blob_sha1=blob, **NO_DIGEST)
    right.pull("net", trust_on_first_use=True).unlink()
    wrong = make_store(urls=[f"{web.url}/net"], git_blob_sha1="0" * 40, **NO_DIGEST)
    with pytest.raises(CorruptCheckpoint, match="git blob id"):
        wrong.pull("net", trust_on_first_use=True)


def test_a_file_nobody_publishes_is_told_with_the_manual_route(make_store: Any) -> None:
    with pytest.raises(CheckpointError, match=r"nobody publishes it; put the file at .*convert it"):
        make_store(notes="convert it yourself", **NO_DIGEST).pull("net")


# -- licences ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("commercial", ["no", "unclear"])
def test_a_licence_is_accepted_once_and_kept_with_date_and_text(
    web: Any, page: Any, make_store: Any, weights: bytes, commercial: str
) -> None:
    web.pages["/net"] = page(weights)
    terms = {"urls": [f"{web.url}/net"], "commercial": commercial, "license_weights": "CC-BY-NC-4.0"}
    store = make_store(**terms)
    with pytest.raises(LicenseNotAccepted, match=r"CC-BY-NC-4\.0.*pull net --accept-license"):
        store.pull("net")
    assert web.asked == []
    store.pull("net", accept_license=True).unlink()
    record = store.accept("net")
    assert record.text.startswith("CC-BY-NC-4.0")
    assert record.date.endswith("+00:00")
    assert str(record) == f"net: accepted on {record.date}: {record.text}"
    again = make_store(**terms)
    assert again.accept("net") == record
    again.pull("net").unlink()
    # Other terms are another matter.
    with pytest.raises(LicenseNotAccepted):
        make_store(**(terms | {"license_weights": "S-Lab-1.0"})).pull("net")


# -- the disk ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_before_the_first_byte(web: Any, make_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 5, 5))  # type: ignore[attr-defined]
    with pytest.raises(CheckpointError, match=r"no room for 'net': 18 MB are needed, 0 MB are free"):
        make_store(urls=[f"{web.url}/net"]).pull("net")
    assert web.asked == []


def test_a_disk_that_fills_up_is_told(
    web: Any, page: Any, make_store: Any, weights: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.pages["/net"] = page(weights)

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CheckpointError, match=r"no room for 'net'.*VIDEDIT_CHECKPOINTS"):
        make_store(urls=[f"{web.url}/net"]).pull("net")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, make_table: Any, web: Any) -> None:
    (tmp_path / "file").write_text("in the way")
    store = CheckpointStore([make_table(urls=[f"{web.url}/net"])], [tmp_path / "file" / "sub"], bundled=False)
    with pytest.raises(CheckpointError, match="cannot be written"):
        store.pull("net")
