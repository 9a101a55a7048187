"""Photographs with hand-drawn segments.

BSDS500: Arbelaez et al., "Contour Detection and Hierarchical Image Segmentation" (2011). Non-commercial research and
education.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.material.picture import SegmentedPicture, read_image


def read_stills(folder: Path) -> list[SegmentedPicture]:
    """Return every picture of `folder`: images/NAME.jpg with its label map segments/NAME.png, in order of names."""
    names = sorted(path.stem for path in (folder / "images").glob("*.jpg"))
    if not names:
        raise FileNotFoundError(folder / "images")
    return [_read(folder, name) for name in names]


def _read(folder: Path, name: str) -> SegmentedPicture:
    rgb = read_image(str(folder / "images" / f"{name}.jpg"), cv2.IMREAD_COLOR)
    labels = read_image(str(folder / "segments" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    return SegmentedPicture(name, rgb, labels.astype(np.uint16) + (1 if labels.min() == 0 else 0))
