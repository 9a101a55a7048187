"""The folder of results: what is finished is kept, so that a run that was stopped goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import OptionError

SETTINGS = "settings.json"


class Ledger:
    """Finished parts of a run, each a JSON file that appears whole or not at all.

    folder:   made if it is not there
    settings: what the figures depend on; parts of other settings are never mixed with these

    Raises OptionError if the folder holds the results of other settings, naming what differs, or cannot be written.
    """

    def __init__(self, folder: str | Path, settings: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        try:
            (self.folder / "finished").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"the folder cannot be made ({error.strerror})", where=str(folder)) from error
        plain = json.loads(json.dumps(dict(settings), sort_keys=True))
        path = self.folder / SETTINGS
        known = _read(path)
        if known is not None and known != plain:
            differs = ", ".join(sorted(key for key in {*known, *plain} if known.get(key) != plain.get(key)))
            raise OptionError(
                f"there are results of another run here, with another {differs}",
                where=str(folder),
                next_step="name another folder with --results, or delete this one",
            )
        if known is None:
            _write(path, plain)

    def find(self, part: str) -> dict[str, Any] | None:
        """Return what was kept of a finished part; None if it is not finished."""
        return _read(self._path(part))

    def keep(self, part: str, record: Mapping[str, Any]) -> None:
        """Keep a finished part. Numbers that are not finite become null."""
        _write(self._path(part), record)

    def file(self, *parts: str) -> Path:
        """Return the path of a file to write, its folder made."""
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def picture(self, pixels: NDArray[np.uint8], *parts: str) -> Path:
        """Write (H, W, 3) uint8 RGB as a PNG."""
        path = self.file(*parts)
        path.write_bytes(cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes())
        return path

    def _path(self, part: str) -> Path:
        return self.folder / "finished" / f"{part}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise OptionError("the file is damaged", where=str(path), next_step="delete it") from error
    assert isinstance(value, dict)
    return value


def _write(path: Path, value: Mapping[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(_finite(value), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
