"""The files of weights on this machine."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import platformdirs

from videdit.checkpoints.licenses import Acceptance, find_acceptance, record_acceptance
from videdit.checkpoints.pulling import Pull
from videdit.checkpoints.registry import Checkpoint, read_registry
from videdit.checkpoints.verification import Checked, compare, recall, remember, unchanged
from videdit.errors import CheckpointError, CorruptCheckpoint, LicenseNotAccepted, MissingCheckpoint
from videdit.progress import Progress, Report, silent

State: TypeAlias = Literal["present", "missing", "unchecked", "corrupt"]
"""Whether a file is there and was checked, is not there, was never checked or changed since, or is of wrong size."""


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One file as `videdit checkpoints list` shows it.

    path:    where it lies, or where it would be put
    command: the one command that makes it usable; empty if it is
    """

    entry: Checkpoint
    state: State
    path: Path
    accepted: bool
    command: str


class CheckpointStore:
    """Finds, checks and fetches files of weights. Making one reads tables, and no file of weights, and no network.

    tables:  paths or texts of TOML tables beside the one videdit ships, as `Plugins.checkpoint_tables` holds them
    folders: where files are looked for, in order; the first is written to. None: see `default_folders`
    bundled: whether the table that videdit ships is read
    pause:   waits that many seconds between tries of a transfer
    """

    def __init__(
        self,
        tables: Iterable[str | Path] = (),
        folders: Sequence[str | Path] | None = None,
        *,
        bundled: bool = True,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.entries = read_registry(tables, bundled=bundled)
        self.folders = default_folders() if folders is None else tuple(map(Path, folders))
        if not self.folders:
            raise CheckpointError("a store of checkpoints needs a folder")
        self._pause = pause

    def entry(self, id: str) -> Checkpoint:
        """Return what is known of a file. Raises MissingCheckpoint with the nearest id if nothing is."""
        if id in self.entries:
            return self.entries[id]
        near = difflib.get_close_matches(id, self.entries, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise MissingCheckpoint(
            f"no checkpoint is called {id!r}", next_step=f"{hint}`videdit checkpoints list` names them all"
        )

    def path(self, id: str) -> Path:
        """Return where the file lies, or where it would be put."""
        entry = self.entry(id)
        return self._existing(entry) or self.folders[0] / entry.file

    def find(self, id: str) -> Path:
        """Return the path of a file whose contents were checked, now or earlier.

        Raises MissingCheckpoint with the one command that fetches it, CorruptCheckpoint if it is not what it should be.
        """
        entry = self.entry(id)
        path = self._existing(entry)
        if path is None:
            raise MissingCheckpoint(
                f"the file of {id!r} ({entry.file}) is not there", next_step=f"run `{_pull_command(entry)}`"
            )
        checked = recall(path, self.folders[0])
        if checked is not None and self._vouched(entry, path, checked):
            return path
        if entry.sha256 is None and (checked is None or not checked.trusted_since):
            raise MissingCheckpoint(
                f"the file of {id!r} is there, but no digest is known to check it by",
                where=str(path),
                next_step=f"if you trust it, run `videdit checkpoints verify {id} --trust-on-first-use`",
            )
        return self._check(entry, path, checked, silent)

    def verify(
        self,
        id: str,
        *,
        trust_on_first_use: bool = False,
        progress: Report = silent,
    ) -> Path:
        """Read the whole file and compare it with what is known; return its path.

        trust_on_first_use: take the file as it is for the right one, if no digest is known, and remember its digest

        Raises MissingCheckpoint, CorruptCheckpoint, or CheckpointError if there is nothing to compare with.
        """
        entry = self.entry(id)
        path = self._existing(entry)
        if path is None:
            raise MissingCheckpoint(
                f"the file of {id!r} is not there",
                next_step=f"put it at {self.path(id)}, or run `{_pull_command(entry)}`",
            )
        checked = recall(path, self.folders[0])
        if entry.sha256 is None and not trust_on_first_use and not (checked and checked.trusted_since):
            raise CheckpointError(
                f"no digest is known for {id!r}",
                where=str(path),
                next_step=f"if you trust the file, run `videdit checkpoints verify {id} --trust-on-first-use`",
            )
        return self._check(entry, path, checked, progress)

    def list(self) -> list[CheckpointRow]:
        """Return one row for each file that is known, by id. No file is read whole."""
        return [self.row(id) for id in sorted(self.entries)]

    def row(self, id: str) -> CheckpointRow:
        """Return the row of one file. Raises MissingCheckpoint if the id is not known."""
        return self._row(self.entry(id))

    def accept(self, id: str) -> Acceptance:
        """Put on record that the person accepts the licence of these weights; return the record, old or new."""
        entry = self.entry(id)
        return find_acceptance(entry, self.folders) or record_acceptance(entry, self.folders[0])

    def pull(
        self,
        id: str,
        progress: Report = silent,
        *,
        accept_license: bool = False,
        trust_on_first_use: bool = False,
    ) -> Path:
        """Fetch the file unless a good one is there; return its path.

        accept_license:     the person accepts terms that restrict use; put on record
        trust_on_first_use: fetch a file whose digest nobody published, and remember that of the first copy

        Raises LicenseNotAccepted, CorruptCheckpoint if other bytes came than expected, CheckpointError otherwise.
        """
        entry = self.entry(id)
        if accept_license:
            self.accept(id)
        with_good_file = self._found(id)
        if with_good_file is not None:
            return with_good_file
        self._check_may_pull(entry, trust_on_first_use)
        place = self.folders[0] / entry.file
        sha256 = Pull(entry, place, progress, self._pause).run()
        remember(place, self.folders[0], sha256, "" if entry.sha256 else _today())
        return place

    def _check_may_pull(self, entry: Checkpoint, trust_on_first_use: bool) -> None:
        if entry.needs_acceptance and find_acceptance(entry, self.folders) is None:
            raise LicenseNotAccepted(
                f"the licence of {entry.id!r} must be accepted first: {entry.license_summary}",
                next_step=f"if you accept it, run `{_pull_command(entry)}`",
            )
        if entry.sha256 is None and entry.addresses and not trust_on_first_use:
            raise CheckpointError(
                f"no digest is known to check {entry.id!r} by",
                next_step=f"if you trust what {entry.addresses[0]} sends, run `{_pull_command(entry)}`",
            )

    def _found(self, id: str) -> Path | None:
        try:
            return self.find(id)
        except (MissingCheckpoint, CorruptCheckpoint):
            return None

    def _existing(self, entry: Checkpoint) -> Path | None:
        return next((folder / entry.file for folder in self.folders if (folder / entry.file).is_file()), None)

    def _vouched(self, entry: Checkpoint, path: Path, checked: Checked) -> bool:
        """Say whether what is remembered of the file settles that it is the right one."""
        right = checked.sha256 == entry.sha256 if entry.sha256 else bool(checked.trusted_since)
        return right and unchanged(path, checked)

    def _check(self, entry: Checkpoint, path: Path, checked: Checked | None, progress: Report) -> Path:
        total = path.stat().st_size
        trusted = checked.sha256 if checked is not None and checked.trusted_since else ""
        fault, sha256 = compare(
            entry, path, trusted, lambda done: progress(Progress("verify", done, total, "bytes", entry.id))
        )
        if fault:
            raise CorruptCheckpoint(
                f"the file of {entry.id!r} is not the expected one: {fault}",
                where=str(path),
                next_step=f"delete it and run `{_pull_command(entry)}`",
            )
        since = "" if entry.sha256 else (checked.trusted_since if checked and checked.trusted_since else _today())
        remember(path, self.folders[0], sha256, since)
        return path

    def _row(self, entry: Checkpoint) -> CheckpointRow:
        path = self._existing(entry)
        accepted = not entry.needs_acceptance or find_acceptance(entry, self.folders) is not None
        if path is None:
            return CheckpointRow(entry, "missing", self.folders[0] / entry.file, accepted, _pull_command(entry))
        checked = recall(path, self.folders[0])
        if entry.size_bytes is not None and path.stat().st_size != entry.size_bytes:
            return CheckpointRow(entry, "corrupt", path, accepted, _pull_command(entry))
        if checked is not None and self._vouched(entry, path, checked):
            return CheckpointRow(entry, "present", path, accepted, "")
        trust = " --trust-on-first-use" if entry.sha256 is None else ""
        return CheckpointRow(entry, "unchecked", path, accepted, f"videdit checkpoints verify {entry.id}{trust}")


def default_folders() -> tuple[Path, ...]:
    """Return where files are looked for: VIDEDIT_CHECKPOINTS (several as in PATH), `checkpoints/` of a source
    checkout if videdit runs from one, the user's cache."""
    named = [Path(part).expanduser() for part in os.environ.get("VIDEDIT_CHECKPOINTS", "").split(os.pathsep) if part]
    root = Path(__file__).resolve().parents[2]
    checkout = [root / "checkpoints"] if (root / "pyproject.toml").is_file() else []
    cache = Path(platformdirs.user_cache_dir("videdit", appauthor=False)) / "checkpoints"
    return (*named, *checkout, cache)


def _pull_command(entry: Checkpoint) -> str:
    trust = " --trust-on-first-use" if entry.sha256 is None else ""
    accept = " --accept-license" if entry.needs_acceptance else ""
    return f"videdit checkpoints pull {entry.id}{accept}{trust}"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
