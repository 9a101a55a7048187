"""Tables of figures: as text for people, as CSV for programs."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Value: TypeAlias = float | int | str | None
Row: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    key:    of the value in a row
    title:  over the column
    digits: after the point
    factor: what the value is multiplied with in the text, 100 for J and F; CSV has the value itself
    """

    key: str
    title: str
    digits: int = 1
    factor: float = 1.0

    def text(self, row: Row) -> str:
        """Return the value as it stands in the table; a dash where nothing was measured."""
        value = row.get(self.key)
        if isinstance(value, str):
            return value
        if value is None or math.isnan(value):
            return "-"
        return f"{value * self.factor:.{self.digits}f}"


def table_lines(columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table; the first column lies to the left, the others to the right."""
    cells = [[column.title for column in columns], *([column.text(row) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows with a header of all their keys, in the order they first come; empty where nothing was measured."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(keys)
        for row in rows:
            writer.writerow([_plain(row.get(key)) for key in keys])


def _plain(value: Value) -> Value:
    return "" if isinstance(value, float) and math.isnan(value) else value


def mean_of(values: Sequence[Value]) -> float | None:
    """Return the mean of the numbers among `values`; None if there are none."""
    numbers = [float(one) for one in values if isinstance(one, int | float) and not math.isnan(one)]
    return sum(numbers) / len(numbers) if numbers else None
