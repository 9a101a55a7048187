"""The doctor's findings: rows to print, and the same as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["good", "note", "warning", "problem"]
"""Fine; worth knowing; works but not as well as it could, or not lawfully; does not work."""

_MARKS: dict[Severity, str] = {"good": "ok", "note": "--", "warning": "!", "problem": "X"}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding.

    section: what it is about: "machine", "libraries", "engines"...
    value:   what was found, in one line
    command: the one command that mends it; for notes, the one that adds what is not there
    """

    section: str
    name: str
    value: str
    severity: Severity = "good"
    command: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in the order to read them."""

    rows: tuple[Row, ...]

    @property
    def problems(self) -> list[Row]:
        """What does not work."""
        return [row for row in self.rows if row.severity == "problem"]

    @property
    def warnings(self) -> list[Row]:
        """What works, but not as well as it could, or not lawfully for every use."""
        return [row for row in self.rows if row.severity == "warning"]

    @property
    def healthy(self) -> bool:
        """Whether nothing is broken; warnings are allowed."""
        return not self.problems

    def sections(self) -> dict[str, list[Row]]:
        """Return the rows by section, in order."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.section, []).append(row)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "healthy": self.healthy,
            "problems": len(self.problems),
            "warnings": len(self.warnings),
            "rows": [asdict(row) for row in self.rows],
        }

    def lines(self) -> list[str]:
        """Return the report as lines of text, faults marked, each with its command beneath."""
        width = max((len(row.name) for row in self.rows), default=0)
        found: list[str] = []
        for section, rows in self.sections().items():
            found += ["", section] if found else [section]
            for row in rows:
                found.append(f"  {_MARKS[row.severity]:>2} {row.name:<{width}}  {row.value}".rstrip())
                if row.command:
                    found.append(f"     {'':<{width}}  -> {row.command}")
        return found


def join(*parts: Iterable[Row]) -> Report:
    """Make one report of several parts."""
    return Report(tuple(row for part in parts for row in part))
