"""Frames of the source clips, upright and reduced, in two halves that share no clip."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Half: TypeAlias = Literal["tune", "report"]
Rgb: TypeAlias = NDArray[np.uint8]

HALVES: dict[Half, tuple[str, ...]] = {
    "tune": ("davis/blackswan", "davis/breakdance", "davis/car-shadow", "davis/drift-straight", "davis/parkour",
             "clips/dog", "clips/dance"),
    "report": ("davis/bmx-trees", "davis/camel", "davis/dog", "davis/horsejump-high", "davis/soapbox",
               "clips/juggle", "clips/bedroom"),
}  # fmt: skip
WIDTH_PX, HEIGHT_PX = 512, 288
LONGEST_FRAMES = 140
"""Of a clip no more than this is used, so that a half fits in 400 MB."""


class Footage:
    """The folder with `davis/` and `clips/`; each source is decoded once, when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._decoded: dict[str, list[Rgb]] = {}

    def frames(self, source: str) -> list[Rgb]:
        """Return the frames of `source`, each (288, 512, 3) uint8 RGB."""
        if source not in self._decoded:
            kind, name = source.split("/")
            frames = self._sequence(name) if kind == "davis" else self._clip(name)
            if not frames:
                raise SystemExit(f"{self._folder} holds no frames of {source}")
            self._decoded[source] = frames
        return self._decoded[source]

    def _sequence(self, name: str) -> list[Rgb]:
        paths = sorted((self._folder / "davis/JPEGImages/480p" / name).glob("*.jpg"))
        decoded = (cv2.imread(str(path)) for path in paths)
        return [_reduced(np.asarray(bgr, np.uint8)) for bgr in decoded if bgr is not None]

    def _clip(self, name: str) -> list[Rgb]:
        capture = cv2.VideoCapture(str(self._folder / "clips" / f"{name}.mp4"))
        frames: list[Rgb] = []
        while len(frames) < LONGEST_FRAMES:
            there, bgr = capture.read()
            if not there:
                break
            frames.append(_reduced(bgr))
        capture.release()
        return frames


def _reduced(bgr: Rgb) -> Rgb:
    small = cv2.resize(bgr, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[:, :, ::-1])
