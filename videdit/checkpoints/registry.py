"""What is known of each file of weights, read from TOML tables.

    [checkpoint."my-net"]
    role = "filler"
    file = "my_net.pth"
    urls = ["https://example.org/my_net.pth"]
    size_bytes = 164535938
    sha256 = "afff…"
    digest_from = "publisher"
    license_weights = "Apache-2.0"
    license_code = "Apache-2.0"
    commercial = "yes"
    layout = "plain"
    weights_only = "tensors"

Entries are keyed by id, never by file name: two projects publish different files under one name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from videdit.errors import BrokenPlugin

Layout: TypeAlias = Literal["plain", "model", "state_dict", "model or state_dict", "safetensors", "onnx", "other"]
"""What lies in the file: a mapping of names to tensors, plain or under a key; or something no loader here reads."""

WeightsOnly: TypeAlias = Literal["tensors", "numpy-scalars", "not-torch"]
"""What the pickle inside may name: tensors alone, numpy scalars as well; "not-torch" for files without one."""

DigestFrom: TypeAlias = Literal["publisher", "publisher-prefix", "several-records", "one-record", "none"]
"""How well the SHA-256 is known: from the publisher's own pages, a published prefix that a record completes,
two or more people who hashed the file independently, one such person, or not at all."""

_SCHEMA = 1
_BUNDLED = "registry.toml of videdit"


class Checkpoint(BaseModel):
    """One file of weights.

    file:     where it is kept, relative to the folder of checkpoints
    urls:     addresses of the publisher, tried in turn; then `mirrors`, which others keep
    archive:  name of the zip that the addresses serve, if they do; the file is the member of `file`'s name
    md5, git_blob_sha1: checked where no SHA-256 is known
    commercial: whether the licence of the weights allows commercial use
    table:    the TOML table that the entry comes from
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    role: str
    file: str
    urls: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    archive: str = ""
    size_bytes: int | None = Field(default=None, gt=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    md5: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    git_blob_sha1: str | None = Field(default=None, pattern=r"^[0-9a-f]{40}$")
    digest_from: DigestFrom
    license_weights: str
    license_code: str
    commercial: Literal["yes", "no", "unclear"]
    layout: Layout
    weights_only: WeightsOnly
    notes: str = ""
    table: str = ""

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if not value or path.is_absolute() or ".." in path.parts or "\\" in value or ":" in value:
            raise ValueError("must be a relative path with forward slashes that stays in the folder")
        return value

    @field_validator("urls", "mirrors")
    @classmethod
    def _is_web(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"{url!r} is no http(s) address")
        return value

    @model_validator(mode="after")
    def _digest_agrees(self) -> Self:
        if (self.sha256 is None) != (self.digest_from == "none"):
            raise ValueError('digest_from must be "none" exactly where sha256 is absent')
        return self

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the file can be had, in the order to try."""
        return self.urls + self.mirrors

    @property
    def needs_acceptance(self) -> bool:
        """Whether a person must accept the licence before the file is fetched."""
        return self.commercial != "yes"

    @property
    def license_summary(self) -> str:
        """The terms of the weights in one clause, as shown and as put on record."""
        use = {"yes": "commercial use allowed", "no": "no commercial use", "unclear": "commercial use unclear"}
        return f"{self.license_weights} ({use[self.commercial]})"


def read_registry(tables: Iterable[str | Path] = (), *, bundled: bool = True) -> dict[str, Checkpoint]:
    """Read the tables that plug-ins offer, after the one that videdit ships; return the entries by id.

    tables: each the path of a TOML file, or the text of one

    Raises BrokenPlugin that names the table if one cannot be read, and both tables if two entries share an id or a
    place on disk.
    """
    entries: dict[str, Checkpoint] = {}
    by_file: dict[str, Checkpoint] = {}
    for source, text in _texts(tables, bundled):
        for entry in _parse(source, text):
            _refuse_twins(entry, entries.get(entry.id), f"the checkpoint {entry.id!r} is described twice")
            _refuse_twins(entry, by_file.get(entry.file.lower()), f"two checkpoints want the place {entry.file!r}")
            entries[entry.id] = by_file[entry.file.lower()] = entry
    return entries


def _refuse_twins(entry: Checkpoint, other: Checkpoint | None, what: str) -> None:
    if other is not None:
        raise BrokenPlugin(
            f"{what}: {other.id!r} of {other.table} and {entry.id!r} of {entry.table}",
            next_step="rename one of them, or uninstall the plug-in that brings it",
        )


def _texts(tables: Iterable[str | Path], bundled: bool) -> Iterable[tuple[str, str]]:
    if bundled:
        yield _BUNDLED, resources.files(__package__).joinpath("registry.toml").read_text(encoding="utf-8")
    for number, table in enumerate(tables):
        if isinstance(table, str) and "\n" in table:
            yield f"table {number} of the plug-ins", table
            continue
        try:
            yield str(table), Path(table).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BrokenPlugin(f"the table of checkpoints cannot be read: {error}", where=str(table)) from error


def _parse(source: str, text: str) -> Iterable[Checkpoint]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenPlugin(f"the table of checkpoints is not valid TOML: {error}", where=source) from error
    unknown = set(content) - {"schema", "checkpoint"}
    if unknown or content.get("schema", _SCHEMA) != _SCHEMA or not isinstance(content.get("checkpoint", {}), dict):
        raise BrokenPlugin(
            f"the table of checkpoints must hold schema = {_SCHEMA} and [checkpoint.ID] tables, nothing else",
            where=source,
        )
    for name, fields in content.get("checkpoint", {}).items():
        try:
            yield Checkpoint.model_validate({**fields, "id": name, "table": source})
        except (ValidationError, TypeError) as error:
            raise BrokenPlugin(_faults(error), where=f"{source}, checkpoint {name!r}") from error


def _faults(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "an entry must be a table"
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'entry'}: {one['msg']}" for one in error.errors())
