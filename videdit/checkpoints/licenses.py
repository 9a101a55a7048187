"""The record of licences a person accepted: once for each file and text, with the date, beside the files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from videdit.checkpoints.files import write_whole
from videdit.checkpoints.registry import Checkpoint
from videdit.errors import CheckpointError

RECORD_NAME = "accepted-licenses.json"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A licence that was accepted.

    date: when, in UTC, as ISO 8601
    text: the terms as they were shown
    """

    id: str
    date: str
    text: str

    def __str__(self) -> str:
        return f"{self.id}: accepted on {self.date}: {self.text}"


def find_acceptance(entry: Checkpoint, folders: Iterable[Path]) -> Acceptance | None:
    """Return the acceptance of the entry's present terms; None if there is none, or only one of other terms."""
    for folder in folders:
        fields = _read(folder / RECORD_NAME).get(entry.id)
        if fields is not None and fields.get("text") == entry.license_summary:
            return Acceptance(entry.id, str(fields.get("date", "")), entry.license_summary)
    return None


def record_acceptance(entry: Checkpoint, folder: Path) -> Acceptance:
    """Put the acceptance of the entry's terms on record in `folder`. Raises CheckpointError if it cannot be kept."""
    acceptance = Acceptance(entry.id, datetime.now(UTC).isoformat(timespec="seconds"), entry.license_summary)
    path = folder / RECORD_NAME
    records = _read(path) | {entry.id: {key: value for key, value in asdict(acceptance).items() if key != "id"}}
    try:
        write_whole(path, json.dumps(records, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise CheckpointError(
            f"the acceptance of the licence cannot be recorded: {error.strerror or error}",
            where=str(path),
            next_step="name a folder that can be written to in VIDEDIT_CHECKPOINTS",
        ) from error
    return acceptance


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        # A record that cannot be read must not be overwritten: it may hold what the person accepted.
        raise CheckpointError(
            f"the record of accepted licences cannot be read: {error}", where=str(path), next_step="mend or delete it"
        ) from error
    return {key: value for key, value in content.items() if isinstance(value, dict)}
