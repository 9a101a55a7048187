"""YuNet through OpenCV's FaceDetectorYN.

Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np

import videdit
from videdit_plugins.faces.found import detections
from videdit_plugins.faces.options import YuNetOptions
from videdit_plugins.faces.reading import read_by_opencv
from videdit_plugins.faces.recognition import KnowsFaces

CHECKPOINT = "yunet-2026may"
_MOST_FACES = 5000


class YuNet(KnowsFaces):
    """Finds faces of about 10 to 300 pixels, fast."""

    Options = YuNetOptions

    def __init__(self, options: YuNetOptions | None = None, runtime: videdit.Runtime | None = None) -> None:
        super().__init__(runtime)
        self.options = options if options is not None else YuNetOptions()
        self._file = (runtime or videdit.Runtime()).find_checkpoint(CHECKPOINT)
        with read_by_opencv(CHECKPOINT, self._file):
            self._net = cv2.FaceDetectorYN.create(
                str(self._file), "", (320, 320), self.options.least_score, self.options.overlap, _MOST_FACES
            )
        self._lock = threading.Lock()

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        """Return the faces, best first, inside the frame. `phrase` is not looked at."""
        height, width = frame.size
        bgr = cv2.cvtColor(frame.rgb8, cv2.COLOR_RGB2BGR)
        with self._lock, read_by_opencv(CHECKPOINT, self._file):
            self._net.setInputSize((width, height))
            _, rows = self._net.detect(bgr)
        if rows is None:
            return []
        faces = np.array(rows, np.float32)
        faces[:, 2:4] += faces[:, :2]
        return detections(faces, frame.size)
