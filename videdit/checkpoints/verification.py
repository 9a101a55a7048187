"""Check a file against what is known of it, and remember the answer.

Hashing 2 GB takes seconds, so a file that was checked leaves a small record with its size, its time of change and
its digest; while those agree, it is not read again. The record lies beside the file, or, where that folder cannot be
written to, in the cache.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from videdit.checkpoints.files import write_whole
from videdit.checkpoints.registry import Checkpoint

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found when a file was last read whole.

    trusted_since: date on which the first copy was trusted, for files whose digest nobody published; else empty
    """

    size_bytes: int
    mtime_ns: int
    sha256: str
    trusted_since: str = ""


def hash_file(
    path: Path, kinds: Sequence[str] = ("sha256",), progress: Callable[[int], None] | None = None
) -> dict[str, str]:
    """Return the digests of a file by kind: "sha256", "md5", "git_blob_sha1", in lower-case hex, in one reading.

    progress: told the bytes read so far
    """
    hashes = {kind: hashlib.sha1() if kind == "git_blob_sha1" else hashlib.new(kind) for kind in kinds}
    if "git_blob_sha1" in hashes:
        # Git hashes a header with the length before the bytes.
        hashes["git_blob_sha1"].update(b"blob %d\0" % path.stat().st_size)
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            for one in hashes.values():
                one.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    return {kind: one.hexdigest() for kind, one in hashes.items()}


def compare(
    entry: Checkpoint, path: Path, trusted_sha256: str = "", progress: Callable[[int], None] | None = None
) -> tuple[str, str]:
    """Read the file and compare it with its entry; return what is wrong, empty if nothing is, and its SHA-256.

    trusted_sha256: the digest remembered for a file that the entry has none for
    """
    size = path.stat().st_size
    if entry.size_bytes is not None and size != entry.size_bytes:
        return f"it has {size:,} bytes, {entry.size_bytes:,} are expected", ""
    expected = {"sha256": entry.sha256 or trusted_sha256 or None}
    if entry.sha256 is None:
        expected |= {"md5": entry.md5, "git_blob_sha1": entry.git_blob_sha1}
    known = {kind: digest for kind, digest in expected.items() if digest}
    found = hash_file(path, sorted({"sha256", *known}), progress)
    for kind, digest in sorted(known.items()):
        if found[kind] != digest:
            return f"its {_SPELT[kind]} is {found[kind]}, {digest} is expected", found["sha256"]
    return "", found["sha256"]


_SPELT = {"sha256": "SHA-256", "md5": "MD5", "git_blob_sha1": "git blob id"}


def recall(path: Path, elsewhere: Path) -> Checked | None:
    """Return what is remembered of the file at `path`, in its own folder or in `elsewhere`; None if nothing is."""
    for record in _places(path, elsewhere):
        try:
            return Checked(**json.loads(record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue  # absent, or damaged: the file is simply read again
    return None


def remember(path: Path, elsewhere: Path, sha256: str, trusted_since: str = "") -> None:
    """Remember that the file as it is now has that digest."""
    status = path.stat()
    text = json.dumps(asdict(Checked(status.st_size, status.st_mtime_ns, sha256, trusted_since)), indent=2) + "\n"
    for record in _places(path, elsewhere):
        try:
            return write_whole(record, text)
        except OSError:
            continue  # nowhere to write: the file will be read again next time, which is slow and right
    return None


def unchanged(path: Path, checked: Checked) -> bool:
    """Say whether the file still has the size and time of change that it had when it was checked."""
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (checked.size_bytes, checked.mtime_ns)


def _places(path: Path, elsewhere: Path) -> tuple[Path, Path]:
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return path.with_name(f"{path.name}.checked.json"), elsewhere / "checked" / f"{path.name}.{name}.json"
