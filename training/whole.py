"""Files that are there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Have `write` make the file under another name beside `path`, then rename it."""
    beside = path.with_name(".part-" + path.name)
    write(beside)
    beside.replace(path)
