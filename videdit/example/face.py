"""A second of film with a face in it: a moving camera over a portrait that scikit-image ships.

The photograph is of Eileen Collins, by NASA, in the public domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

FRAME_COUNT = 25
FRAMES_PER_SECOND = 25
SIZE = (360, 640)
_FACE = (179.0, 66.0, 272.0, 179.0)
"""Left, top, right, bottom of the face in the photograph, hairline to chin, ear to ear, read off by eye."""
_GRAIN = 1.2


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where the face is: left, top, right, bottom in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class FaceFilm:
    """The film, frame by frame.

    frame_count: how many frames there are; fewer make a shorter film of the same beginning
    """

    frame_count: int = FRAME_COUNT

    @cached_property
    def _photograph(self) -> NDArray[np.uint8]:
        from skimage import data

        return np.asarray(data.astronaut(), np.uint8)

    def draw(self, index: int) -> NDArray[np.uint8]:
        """Draw frame `index`: (H, W, 3) uint8."""
        height, width = SIZE
        # Twice as large, then halved, so that edges stay smooth while the camera moves.
        fine = np.diag([2.0, 2.0, 1.0]) @ _camera(index)
        large = cv2.warpAffine(
            self._photograph, fine[:2], (2 * width, 2 * height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        grain = np.random.default_rng([1990, index]).normal(0, _GRAIN, (height, width)).astype(np.float32)
        return np.asarray(np.clip(np.rint(small + grain[..., None]), 0, 255), np.uint8)

    def box(self, index: int) -> FaceBox:
        """Return where the face is on frame `index`: the upright box around its turned corners' middle lines."""
        x0, y0, x1, y1 = _FACE
        # An ellipse fills the box, so the middles of its sides bound it better than its corners once it is turned.
        middles = np.array(
            [[x0, (y0 + y1) / 2, 1], [x1, (y0 + y1) / 2, 1], [(x0 + x1) / 2, y0, 1], [(x0 + x1) / 2, y1, 1]]
        )
        seen = middles @ _camera(index).T
        left, top = seen[:, :2].min(axis=0)
        right, bottom = seen[:, :2].max(axis=0)
        return FaceBox(*(round(float(value), 2) for value in (left, top, right, bottom)))


def _camera(index: int) -> NDArray[np.float64]:
    """Return the mapping (3, 3) from the photograph to the frame: a drift to the right and a push in."""
    time = index / (FRAME_COUNT - 1)
    share = time * time * (3 - 2 * time)
    seen_width = 400 - 70 * share
    middle = np.array([305 - 118 * share, 139 - 26 * share])
    angle = np.deg2rad(1.5 - 3.0 * share + 0.25 * np.sin(9 * time))
    scale = SIZE[1] / seen_width
    sine, cosine = scale * np.sin(angle), scale * np.cos(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    mapping = np.eye(3)
    mapping[:2, :2] = turn
    mapping[:2, 2] = np.array([SIZE[1] / 2, SIZE[0] / 2]) - turn @ middle
    return mapping
