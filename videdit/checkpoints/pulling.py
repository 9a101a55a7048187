"""Fetch the file of one entry: its addresses in turn, checked, moved into place when whole."""

from __future__ import annotations

import errno
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from videdit.checkpoints.registry import Checkpoint
from videdit.checkpoints.transfer import Refused, download, host
from videdit.checkpoints.verification import compare
from videdit.errors import CheckpointError, CorruptCheckpoint
from videdit.progress import Progress, Report, silent

_STAGE = "pull"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SPARE_BYTES = 16 << 20


@dataclass(slots=True)
class Pull:
    """One fetching of one file.

    entry: what is known of the file
    place: where it goes
    pause: waits that many seconds between tries
    """

    entry: Checkpoint
    place: Path
    progress: Report = silent
    pause: Callable[[float], None] = time.sleep
    _reasons: list[str] = field(default_factory=list)
    _corrupt: bool = False

    def run(self) -> str:
        """Fetch the file into its place and return its SHA-256.

        Raises CheckpointError with the reason of each address and the manual route; CorruptCheckpoint if bytes came
        and were not the expected ones. What arrived is kept for the next time unless it is of no use.
        """
        if not self.entry.addresses:
            raise CheckpointError(
                f"the file {self.entry.id!r} cannot be fetched: nobody publishes it",
                next_step=self.manual_route(self.entry.notes),
            )
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._check_room()
            for url in self.entry.addresses:
                sha256 = self._from(url)
                if sha256:
                    return sha256
        except OSError as error:
            raise self._disk_error(error) from error
        kind = CorruptCheckpoint if self._corrupt else CheckpointError
        raise kind(f"{self.entry.id!r} could not be fetched: {'; '.join(self._reasons)}", next_step=self.manual_route())

    def manual_route(self, note: str = "") -> str:
        """Tell how to do without us."""
        get = f"get it from {self.entry.addresses[0]} in a browser, " if self.entry.addresses else ""
        route = f"{get}put the file at {self.place}, then run `videdit checkpoints verify {self.entry.id}`"
        return f"{route} ({note})" if note else route

    @property
    def part(self) -> Path:
        """Where the bytes gather until they are whole."""
        return self.place.with_name(f"{self.entry.archive or self.place.name}.part")

    def _from(self, url: str) -> str:
        """Try one address; return the digest, or nothing after noting the reason."""
        if self.entry.sha256 is None:
            # With nothing to check the whole by, pieces of different origin must not be joined.
            self.part.unlink(missing_ok=True)
        while True:
            resumed = self.part.exists()
            try:
                return self._fetch_and_check(url)
            except Refused as error:
                # If the piece that lay there was the fault it is gone now: one more try, from the first byte.
                if not resumed or self.part.exists():
                    self._reasons.append(str(error))
                    return ""

    def _fetch_and_check(self, url: str) -> str:
        archived = bool(self.entry.archive)
        size = None if archived else self.entry.size_bytes
        download(url, self.part, size, self._told, self.pause)
        whole = self._unpacked(url) if archived else self.part
        fault, sha256 = compare(self.entry, whole)
        if fault:
            whole.unlink()
            self._corrupt = True
            raise Refused(f"{host(url)} sent a wrong file: {fault}")
        whole.replace(self.place)
        return sha256

    def _unpacked(self, url: str) -> Path:
        """Take the member of our file's name out of the zip; the zip is then deleted."""
        member, out = PurePosixPath(self.entry.file).name, self.place.with_name(f"{self.place.name}.unpacked")
        try:
            with zipfile.ZipFile(self.part) as archive:
                names = [name for name in archive.namelist() if PurePosixPath(name).name == member]
                if len(names) != 1:
                    raise Refused(f"{host(url)} sent an archive with {len(names)} files called {member}")
                with archive.open(names[0]) as source, out.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        except zipfile.BadZipFile as error:
            self._corrupt = True
            raise Refused(f"{host(url)} sent a broken archive: {error}") from error
        finally:
            self.part.unlink(missing_ok=True)
        return out

    def _told(self, done: int, total: int) -> None:
        self.progress(Progress(_STAGE, done, total, "bytes", self.entry.id))

    def _check_room(self) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        needed = max(0, (self.entry.size_bytes or 0) - have) + _SPARE_BYTES
        free = shutil.disk_usage(self.place.parent).free
        if free < needed:
            raise self._no_room(f"{needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free")

    def _disk_error(self, error: OSError) -> CheckpointError:
        if error.errno in _FULL:
            return self._no_room("what arrived is kept and will be gone on from")
        return CheckpointError(
            f"{self.entry.id!r} cannot be written: {error.strerror or error}",
            where=str(error.filename or self.place.parent),
            next_step="name a folder that can be written to in VIDEDIT_CHECKPOINTS",
        )

    def _no_room(self, figures: str) -> CheckpointError:
        return CheckpointError(
            f"the disk has no room for {self.entry.id!r}: {figures}",
            where=str(self.place.parent),
            next_step="free some, or name a folder on another disk in VIDEDIT_CHECKPOINTS",
        )
