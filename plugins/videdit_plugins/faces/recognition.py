"""Tell whether two faces are of one person: SFace through OpenCV's FaceRecognizerSF.

Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.errors import MissingCheckpoint
from videdit_plugins.faces.found import yunet_row
from videdit_plugins.faces.reading import read_by_opencv

CHECKPOINT = "sface-2021dec"


class KnowsFaces(videdit.Detector):
    """A detector of faces that knows people again when the file of SFace is present."""

    # OpenCV's own figure for "the same identity" by the cosine: its tutorial of DNN-based face detection.
    looks_alike: ClassVar[float] = 0.363

    def __init__(self, runtime: videdit.Runtime | None) -> None:
        self._runtime = runtime if runtime is not None else videdit.Runtime()
        self._recognizer: Any = None
        self._missing = False
        self._recognizer_file = Path()

    def looks(self, frame: videdit.Frame, found: Sequence[videdit.Detection]) -> NDArray[np.float32] | None:
        """Return (len(found), 128) float32, rows of length 1; None without the file, or without marks on the faces."""
        recognizer = self._loaded()
        if recognizer is None or any(len(one.points) != 5 for one in found):
            return None
        bgr = cv2.cvtColor(frame.rgb8, cv2.COLOR_RGB2BGR)
        with read_by_opencv(CHECKPOINT, self._recognizer_file):
            rows = [recognizer.feature(recognizer.alignCrop(bgr, yunet_row(one))).reshape(-1) for one in found]
        features = np.array(rows, np.float32).reshape(len(found), -1)
        length = np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(features / np.maximum(length, 1e-9), np.float32)

    def looks_unavailable(self) -> str:
        """Say which file is missing."""
        if self._loaded() is not None:
            return ""
        return (
            f"people are not known again in other shots: no file for {CHECKPOINT!r}; "
            f"run `videdit checkpoints pull {CHECKPOINT}`"
        )

    def _loaded(self) -> Any:
        if self._recognizer is None and not self._missing:
            try:
                self._recognizer_file = self._runtime.find_checkpoint(CHECKPOINT)
            except MissingCheckpoint:
                self._missing = True
            else:
                with read_by_opencv(CHECKPOINT, self._recognizer_file):
                    self._recognizer = cv2.FaceRecognizerSF.create(str(self._recognizer_file), "")
        return self._recognizer
