"""A finished job on disk: its record is written last, so a job that has one is whole."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from videdit.batch.jobs import JOBS_NAME, Job, Outcome
from videdit.media.faults import cannot_encode

SEGMENT_NAME = "film.segment"
MASKS_NAME = "tracks.sqlite"
_RECORD_NAME = "result.json"
FINISHED_NAME = "finished.json"


def folder_of(film: Path, job: Job | str) -> Path:
    """Return the folder of a job, which is named by its key."""
    return film / JOBS_NAME / (job if isinstance(job, str) else job.id)


def read_result(folder: Path, key: str) -> Outcome | None:
    """Return what came of a job that was finished; None if it was not, or by another key."""
    try:
        record = json.loads((folder / _RECORD_NAME).read_text(encoding="utf-8"))
        if record["key"] != key or record["bytes"] != _size(folder):
            return None
        told = record["outcome"]
        return Outcome(
            seconds=told["seconds"],
            reports=tuple(told["reports"]),
            notes=tuple(told["notes"]),
            peak_bytes=told["peak_bytes"],
            process=told["process"],
            sha256=told["sha256"],
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write_result(folder: Path, key: str, outcome: Outcome) -> None:
    """Put on record that a job is done; on the disk, and whole, or not at all."""
    told = {name: value for name, value in asdict(outcome).items() if name not in ("error", "trace")}
    write_synced(folder / _RECORD_NAME, {"key": key, "bytes": _size(folder), "outcome": told})


def read_finished(film: Path) -> dict[str, Any]:
    """Return what is on record of the finished film; empty if there is none."""
    try:
        read: dict[str, Any] = json.loads((film / FINISHED_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read


def finished_file(film: Path) -> Path | None:
    """Return where the finished film lies; None if there is none."""
    told = read_finished(film)
    whole = "verified" in told and Path(told["output"]).is_file()
    return Path(told["output"]) if whole else None


def _size(folder: Path) -> int:
    segment = folder / SEGMENT_NAME
    return segment.stat().st_size if segment.is_file() else 0


def write_synced(path: Path, value: Any) -> None:
    """Write JSON to a temporary name, have it written to the disk, and move it into place."""
    write_text_synced(path, json.dumps(value, indent=1, default=str))


def write_text_synced(path: Path, text: str) -> None:
    """Write a text to a temporary name, have it written to the disk, and move it into place.

    Raises CannotEncode, or DiskFull; what was there before is there still.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise cannot_encode(error, path) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there, and the system writes their entries itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
