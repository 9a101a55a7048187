"""Detector: a frame in, boxes of things of one kind out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Frame


@dataclass(frozen=True, slots=True)
class Detection:
    """A thing found on one frame: left, top, right, bottom in pixels, a score in [0, 1], and what it is.

    points: marks on it, x and y each, as far as the detector finds any; of a face: the eyes, the tip of the nose and
            the corners of the mouth, what lies left in the picture before what lies right
    """

    x0: float
    y0: float
    x1: float
    y1: float
    score: float
    label: str
    points: tuple[tuple[float, float], ...] = ()


class Detector(ABC):
    """Finds things on single frames: faces, number plates, whatever a phrase names.

    looks_alike: from which product of two rows of `looks` on two things are taken for the same one
    """

    looks_alike: ClassVar[float] = 0.5

    @abstractmethod
    def detect(self, frame: Frame, phrase: str = "") -> list[Detection]:
        """Return what is found, best first; an empty list if nothing is.

        phrase: what to look for; detectors of one fixed kind ignore it
        """

    def looks(self, frame: Frame, found: Sequence[Detection]) -> NDArray[np.float32] | None:
        """Return what each thing looks like, to tell the same one on other frames; None if this detector cannot.

        found: things that `detect` found on this frame

        Returns (len(found), D) float32, rows of length 1: the nearer the product of two rows is to 1, the more alike.
        """
        return None

    def looks_unavailable(self) -> str:
        """Return why `looks` has no answer and what would give it one, as a sentence; empty if there is no more."""
        return ""
