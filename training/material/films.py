"""Films with true masks, read frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material.picture import read_image


@dataclass(frozen=True, slots=True)
class Film:
    """Paths of the frames of a film and of their masks, anything above 0 being the object."""

    frames: tuple[Path, ...]
    masks: tuple[Path, ...]

    @classmethod
    def of_davis(cls, folder: Path, sequence: str) -> Film:
        """Return a sequence of a folder that holds JPEGImages/480p and Annotations/480p."""
        frames = tuple(sorted((folder / "JPEGImages/480p" / sequence).glob("*.jpg")))
        if not frames:
            raise FileNotFoundError(folder / "JPEGImages/480p" / sequence)
        return cls(frames, tuple(folder / "Annotations/480p" / sequence / f"{path.stem}.png" for path in frames))

    def rgb(self, number: int) -> NDArray[np.uint8]:
        """Return a frame, (H, W, 3) uint8."""
        return read_image(str(self.frames[number]), cv2.IMREAD_COLOR)

    def mask(self, number: int) -> NDArray[np.bool_]:
        """Return a frame's mask, (H, W) bool."""
        return read_image(str(self.masks[number]), cv2.IMREAD_GRAYSCALE) > 0
