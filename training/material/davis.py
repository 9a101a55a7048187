"""Frames of DAVIS sequences: the true mask is one segment, the rest of the frame is over-segmented."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb

from training.material.picture import SegmentedPicture, read_image

EVERY = 6
"""Frames nearer together than this show the same."""
LONGEST = 512


def read_davis(folder: Path, sequences: Sequence[str]) -> list[SegmentedPicture]:
    """Return every sixth frame of `sequences`, at most 512 pixels wide, with the object as segment 1."""
    pictures = []
    for sequence in sequences:
        paths = sorted((folder / "JPEGImages/480p" / sequence).glob("*.jpg"))
        if not paths:
            raise FileNotFoundError(folder / "JPEGImages/480p" / sequence)
        pictures += [_read(folder, path) for path in paths[::EVERY]]
    return pictures


def _read(folder: Path, path: Path) -> SegmentedPicture:
    sequence = path.parent.name
    truth = folder / "Annotations/480p" / sequence / f"{path.stem}.png"
    rgb = read_image(str(path), cv2.IMREAD_COLOR)
    mask = read_image(str(truth), cv2.IMREAD_GRAYSCALE) > 0
    whole = SegmentedPicture(f"{sequence}/{path.stem}", rgb, mask.astype(np.uint16)).shrunk(LONGEST)
    inside = whole.segments > 0
    segments = over_segment(whole.rgb)
    segments[inside] = 1
    return SegmentedPicture(whole.name, whole.rgb, segments, (1,) if inside.any() else ())


def over_segment(rgb: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return (H, W) uint16 segments of like colour, labels from 2.

    Felzenszwalb and Huttenlocher, "Efficient Graph-Based Image Segmentation" (2004).
    """
    least = max(20, rgb.shape[0] * rgb.shape[1] // 200)
    return np.asarray(felzenszwalb(rgb, scale=350, sigma=0.9, min_size=least) + 2, np.uint16)
