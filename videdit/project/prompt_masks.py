"""Masks that a person drew, as files of the project."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from videdit.errors import ProjectError
from videdit.frames import Mask


def save_prompt_mask(mask: Mask, folder: Path) -> Path:
    """Write (H, W) bool as a PNG named by what it shows, so that equal masks are one file; return its path."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(mask.tobytes()).hexdigest()[:16]}.png"
    if not cv2.imwrite(str(path), mask.astype(np.uint8) * 255):
        raise ProjectError("the mask cannot be written", where=str(path))
    return path
