"""Say in one sentence which file of weights OpenCV cannot work with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from videdit.errors import CorruptCheckpoint


@contextmanager
def read_by_opencv(id: str, file: Path) -> Iterator[None]:
    """Turn OpenCV's error about a network inside the block into CorruptCheckpoint."""
    try:
        yield
    except cv2.error as error:
        raise CorruptCheckpoint(
            f"OpenCV cannot work with the file of {id!r}",
            where=str(file),
            next_step=f"remove it, and run `videdit checkpoints pull {id}`",
        ) from error
